#include "scanner/hunt/fixed_base.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

template <std::size_t N>
using Number = std::array<std::uint64_t, N>;

// Numbers modulo an odd prime of at most N limbs, in Montgomery form (R = 2^(64N)).
template <std::size_t N>
class Field {
 public:
  Field() = default;
  explicit Field(const Number<N>& modulus) : p_(modulus), negative_inverse_(~inverse_limb(modulus[0]) + 1) {
    Number<N> power{1};
    for (std::size_t i = 0; i < 128 * N; ++i) {
      power = add(power, power);
      if (i + 1 == 64 * N) one_ = power;
    }
    r_squared_ = power;
  }

  const Number<N>& one() const { return one_; }
  Number<N> to_montgomery(const Number<N>& a) const { return mul(a, r_squared_); }
  Number<N> from_montgomery(const Number<N>& a) const { return mul(a, Number<N>{1}); }

  Number<N> add(const Number<N>& a, const Number<N>& b) const {
    Number<N> sum{};
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const DoubleLimb s = DoubleLimb{a[i]} + b[i] + carry;
      sum[i] = low_limb(s);
      carry = high_limb(s);
    }
    return reduce(sum, carry);
  }

  Number<N> sub(const Number<N>& a, const Number<N>& b) const {
    Number<N> difference{};
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const DoubleLimb d = DoubleLimb{a[i]} - b[i] - borrow;
      difference[i] = low_limb(d);
      borrow = high_limb(d) & 1U;
    }
    if (borrow == 0) return difference;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const DoubleLimb s = DoubleLimb{difference[i]} + p_[i] + carry;
      difference[i] = low_limb(s);
      carry = high_limb(s);
    }
    return difference;
  }

  // Montgomery multiplication, coarsely integrated operand scanning (Koc, Acar, Kaliski 1996).
  Number<N> mul(const Number<N>& a, const Number<N>& b) const {
    std::array<std::uint64_t, N + 2> t{};
    for (std::size_t i = 0; i < N; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < N; ++j) {
        const DoubleLimb s = DoubleLimb{a[j]} * b[i] + t[j] + carry;
        t[j] = low_limb(s);
        carry = high_limb(s);
      }
      DoubleLimb top = DoubleLimb{t[N]} + carry;
      t[N] = low_limb(top);
      t[N + 1] = high_limb(top);
      const std::uint64_t factor = t[0] * negative_inverse_;
      carry = high_limb(DoubleLimb{factor} * p_[0] + t[0]);
      for (std::size_t j = 1; j < N; ++j) {
        const DoubleLimb s = DoubleLimb{factor} * p_[j] + t[j] + carry;
        t[j - 1] = low_limb(s);
        carry = high_limb(s);
      }
      top = DoubleLimb{t[N]} + carry;
      t[N - 1] = low_limb(top);
      t[N] = t[N + 1] + high_limb(top);
    }
    Number<N> result{};
    std::copy_n(t.begin(), N, result.begin());
    return reduce(result, t[N]);
  }

  // a^(p-2) = 1/a (Fermat); a is not 0.
  Number<N> invert(const Number<N>& a) const {
    Number<N> exponent = p_;
    exponent[0] -= 2;  // p is odd and greater than 2, and no prime here ends in ...0001
    Number<N> result = one_;
    for (std::size_t bit = 64 * N; bit-- > 0;) {
      result = mul(result, result);
      if (((exponent[bit / 64] >> (bit % 64)) & 1U) != 0) result = mul(result, a);
    }
    return result;
  }

 private:
  Number<N> reduce(const Number<N>& a, std::uint64_t carry) const {
    Number<N> less{};
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const DoubleLimb d = DoubleLimb{a[i]} - p_[i] - borrow;
      less[i] = low_limb(d);
      borrow = high_limb(d) & 1U;
    }
    return carry < borrow ? a : less;
  }

  Number<N> p_{};
  std::uint64_t negative_inverse_ = 0;
  Number<N> one_{};
  Number<N> r_squared_{};
};

template <std::size_t N>
struct Affine {
  Number<N> x{}, y{};
};

// Jacobian coordinates: x = X/Z^2, y = Y/Z^3; Z = 0 is the point at infinity.
template <std::size_t N>
struct Jacobian {
  Number<N> x{}, y{}, z{};
  bool infinite() const { return z == Number<N>{}; }
};

template <std::size_t N>
class CurveBase final : public FixedBase {
 public:
  CurveBase(const Number<N>& p, const Number<N>& a, const Affine<N>& generator, const Number<N>& order)
      : field_(p), scalars_(order) {
    a_ = field_.to_montgomery(a);
    order_.assign(order.begin(), order.end());
    build({field_.to_montgomery(generator.x), field_.to_montgomery(generator.y)});
  }

  void multiples_x(std::span<const std::uint64_t> scalars, std::span<std::uint64_t> x) const override {
    for (std::size_t at = 0; at < scalars.size(); at += batch * N) {
      const std::size_t size = std::min(batch * N, scalars.size() - at);
      some_multiples(scalars.subspan(at, size), x.subspan(at, size));
    }
  }

  void coordinates_to_montgomery(std::span<std::uint64_t> numbers) const override {
    replace_each(numbers, [this](const Number<N>& x) { return field_.to_montgomery(x); });
  }
  void scalars_from_montgomery(std::span<std::uint64_t> numbers) const override {
    replace_each(numbers, [this](const Number<N>& w) { return scalars_.from_montgomery(w); });
  }

 private:
  static constexpr std::size_t batch = 64;
  static constexpr std::size_t row = 255;

  Jacobian<N> twice(const Jacobian<N>& a) const {
    if (a.infinite()) return a;
    const Field<N>& f = field_;
    const auto yy = f.mul(a.y, a.y);
    const auto s2 = f.add(f.mul(a.x, yy), f.mul(a.x, yy));
    const auto s = f.add(s2, s2);
    const auto xx = f.mul(a.x, a.x);
    const auto zz = f.mul(a.z, a.z);
    const auto m = f.add(f.add(f.add(xx, xx), xx), f.mul(a_, f.mul(zz, zz)));
    Jacobian<N> r;
    r.x = f.sub(f.sub(f.mul(m, m), s), s);
    const auto yyyy = f.mul(yy, yy);
    const auto y2 = f.add(yyyy, yyyy);
    const auto y4 = f.add(y2, y2);
    r.y = f.sub(f.mul(m, f.sub(s, r.x)), f.add(y4, y4));
    const auto yz = f.mul(a.y, a.z);
    r.z = f.add(yz, yz);
    return r;
  }

  Jacobian<N> plus(const Jacobian<N>& a, const Affine<N>& b) const {
    const Field<N>& f = field_;
    if (a.infinite()) return {b.x, b.y, f.one()};
    const auto zz = f.mul(a.z, a.z);
    const auto h = f.sub(f.mul(b.x, zz), a.x);
    const auto r = f.sub(f.mul(b.y, f.mul(a.z, zz)), a.y);
    if (h == Number<N>{}) return r == Number<N>{} ? twice(a) : Jacobian<N>{};
    const auto hh = f.mul(h, h);
    const auto hhh = f.mul(h, hh);
    const auto v = f.mul(a.x, hh);
    Jacobian<N> sum;
    sum.x = f.sub(f.sub(f.sub(f.mul(r, r), hhh), v), v);
    sum.y = f.sub(f.mul(r, f.sub(v, sum.x)), f.mul(a.y, hhh));
    sum.z = f.mul(a.z, h);
    return sum;
  }

  // Replaces each Z by 1/Z (infinite points keep 0), with one inversion.
  void invert_all(std::span<Jacobian<N>> points) const {
    std::vector<Number<N>> before;
    before.reserve(points.size());
    Number<N> product = field_.one();
    for (const Jacobian<N>& point : points) {
      before.push_back(product);
      if (!point.infinite()) product = field_.mul(product, point.z);
    }
    Number<N> inverse = field_.invert(product);
    for (std::size_t i = points.size(); i-- > 0;) {
      if (points[i].infinite()) continue;
      const Number<N> z = points[i].z;
      points[i].z = field_.mul(inverse, before[i]);
      inverse = field_.mul(inverse, z);
    }
  }

  void build(Affine<N> base) {
    table_.resize(8 * N * row);
    std::vector<Jacobian<N>> multiples(row + 1);
    for (std::size_t i = 0; i < 8 * N; ++i) {
      multiples[0] = {base.x, base.y, field_.one()};
      for (std::size_t j = 1; j <= row; ++j) multiples[j] = plus(multiples[j - 1], base);
      invert_all(multiples);
      for (std::size_t j = 0; j <= row; ++j) {
        const auto zz = field_.mul(multiples[j].z, multiples[j].z);
        const Affine<N> point{field_.mul(multiples[j].x, zz),
                              field_.mul(multiples[j].y, field_.mul(zz, multiples[j].z))};
        if (j < row)
          table_[i * row + j] = point;
        else
          base = point;
      }
    }
  }

  void some_multiples(std::span<const std::uint64_t> scalars, std::span<std::uint64_t> x) const {
    std::array<Jacobian<N>, batch> sums{};
    const std::size_t count = scalars.size() / N;
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < 8 * N; ++i) {
        const auto digit = static_cast<std::size_t>((scalars[k * N + i / 8] >> (8 * (i % 8))) & 0xffU);
        if (digit != 0) sums[k] = plus(sums[k], table_[i * row + digit - 1]);
      }
    invert_all(std::span(sums).first(count));
    for (std::size_t k = 0; k < count; ++k) {
      const auto affine = field_.from_montgomery(field_.mul(sums[k].x, field_.mul(sums[k].z, sums[k].z)));
      std::ranges::copy(affine, x.begin() + static_cast<std::ptrdiff_t>(k * N));
    }
  }

  template <typename F>
  static void replace_each(std::span<std::uint64_t> numbers, F&& f) {
    for (std::size_t at = 0; at + N <= numbers.size(); at += N) {
      Number<N> number{};
      std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(at), N, number.begin());
      std::ranges::copy(f(number), numbers.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  Field<N> field_;
  Field<N> scalars_;
  Number<N> a_{};
  std::vector<Affine<N>> table_{};
};

struct Parameters {
  std::vector<std::uint64_t> p{}, a{}, x{}, y{}, order{};
};

std::vector<std::uint64_t> limbs_from(const BIGNUM* number, std::size_t count) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return limbs_of(bytes, count);
}

std::unique_ptr<Parameters> parameters_of(const std::string& curve) {
  const int nid = OBJ_sn2nid(curve.c_str());
  if (nid == NID_undef) return nullptr;
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(EC_GROUP_new_by_curve_name(nid),
                                                                  &EC_GROUP_free);
  if (!group || EC_GROUP_get_field_type(group.get()) != NID_X9_62_prime_field) return nullptr;
  using Bn = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
  const Bn p(BN_new(), &BN_free), a(BN_new(), &BN_free), x(BN_new(), &BN_free), y(BN_new(), &BN_free);
  if (EC_GROUP_get_curve(group.get(), p.get(), a.get(), nullptr, nullptr) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), EC_GROUP_get0_generator(group.get()), x.get(), y.get(),
                                      nullptr) != 1)
    return nullptr;
  const auto count = static_cast<std::size_t>((BN_num_bits(p.get()) + 63) / 64);
  auto result = std::make_unique<Parameters>();
  *result = {limbs_from(p.get(), count), limbs_from(a.get(), count), limbs_from(x.get(), count),
             limbs_from(y.get(), count), limbs_from(EC_GROUP_get0_order(group.get()), count)};
  return result->order.size() == count ? std::move(result) : nullptr;
}

template <std::size_t N>
Number<N> number(const std::vector<std::uint64_t>& limbs) {
  Number<N> result{};
  std::copy_n(limbs.begin(), N, result.begin());
  return result;
}

template <std::size_t N>
std::unique_ptr<FixedBase> make_base(const Parameters& c) {
  return std::make_unique<CurveBase<N>>(number<N>(c.p), number<N>(c.a),
                                        Affine<N>{number<N>(c.x), number<N>(c.y)}, number<N>(c.order));
}

}  // namespace

std::unique_ptr<FixedBase> FixedBase::make(const std::string& curve) {
  const auto parameters = parameters_of(curve);
  if (!parameters) return nullptr;
  switch (parameters->p.size()) {
    case 4:
      return make_base<4>(*parameters);
    case 5:
      return make_base<5>(*parameters);
    case 6:
      return make_base<6>(*parameters);
    case 8:
      return make_base<8>(*parameters);
    case 9:
      return make_base<9>(*parameters);
    default:
      return nullptr;
  }
}

const FixedBase* FixedBase::of(const std::string& curve) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<FixedBase>> bases;
  const std::lock_guard lock(mutex);
  const auto known = bases.find(curve);
  if (known != bases.end()) return known->second.get();
  return bases.emplace(curve, make(curve)).first->second.get();
}

}  // namespace dumpgate
