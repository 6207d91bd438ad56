#include "scanner/proof/curve_equation.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "scanner/base/byte_cursor.h"
#include "scanner/proof/bignum.h"
#include "scanner/proof/ec_curve.h"

namespace dumpgate {
namespace {

__extension__ using DoubleLimb = unsigned __int128;

template <std::size_t N>
using Limbs = std::array<std::uint64_t, N>;

constexpr std::uint64_t low(DoubleLimb number) { return static_cast<std::uint64_t>(number); }
constexpr std::uint64_t high(DoubleLimb number) { return static_cast<std::uint64_t>(number >> 64U); }

// y^2 = x^3 + a*x + b modulo p, in Montgomery form with R = 2^(64N). Public numbers: nothing here runs in
// constant time.
template <std::size_t N>
class Equation {
 public:
  explicit Equation(std::string_view name) : name_(name) {
    const auto curve = EcCurve::by_name(name);
    BigNumber p;
    BigNumber a;
    BigNumber b;
    const BigContext context;
    if (!curve || EC_GROUP_get_curve(curve->group(), p.get(), a.get(), b.get(), context.get()) != 1) return;
    size_ = curve->field_size();
    p_ = limbs(p);
    BigNumber power(1);
    if (BN_lshift(power.get(), power.get(), 64 * static_cast<int>(N)) != 1) throw std::bad_alloc();
    const auto r = BigNumber::remainder(power, p, context);
    const auto times_r = [&](const BigNumber& number) {
      return limbs(BigNumber::remainder(BigNumber::product(number, r, context), p, context));
    };
    r_squared_ = times_r(r);
    a_ = times_r(a);
    b_ = times_r(b);
    std::uint64_t inverse = p_[0];  // right in 3 bits, and in twice as many after each step (Newton)
    for (int i = 0; i < 5; ++i) inverse *= 2 - p_[0] * inverse;
    negative_inverse_ = ~inverse + 1;
  }

  std::string_view name() const { return name_; }
  std::size_t field_size() const { return size_; }  // 0: OpenSSL does not know the curve

  bool holds(std::span<const std::byte> x_bytes, std::span<const std::byte> y_bytes) const {
    const auto x_number = limbs(x_bytes);
    const auto y_number = limbs(y_bytes);
    if (!is_less(x_number, p_) || !is_less(y_number, p_)) return false;
    const auto x = multiply(x_number, r_squared_);
    const auto y = multiply(y_number, r_squared_);
    const auto left = multiply(y, y);
    const auto right = add(multiply(add(multiply(x, x), a_), x), b_);
    return left == right;
  }

 private:
  static Limbs<N> limbs(std::span<const std::byte> big_endian) {
    Limbs<N> number{};
    std::size_t end = big_endian.size();
    for (std::size_t i = 0; i < N && end > 0; ++i) {
      const std::size_t size = std::min<std::size_t>(8, end);
      for (std::size_t byte = 0; byte < size; ++byte)
        number[i] |= std::to_integer<std::uint64_t>(big_endian[end - 1 - byte]) << (8 * byte);
      end -= size;
    }
    return number;
  }
  static Limbs<N> limbs(const BigNumber& number) { return limbs(number.big_endian()); }

  static bool is_less(const Limbs<N>& a, const Limbs<N>& b) {
    for (std::size_t i = N; i-- > 0;)
      if (a[i] != b[i]) return a[i] < b[i];
    return false;
  }

  // `number` + carry * R, which is below 2p, modulo p.
  Limbs<N> reduce(const Limbs<N>& number, std::uint64_t carry) const {
    if (carry == 0 && is_less(number, p_)) return number;
    Limbs<N> less{};
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const DoubleLimb d = DoubleLimb{number[i]} - p_[i] - borrow;
      less[i] = low(d);
      borrow = high(d) & 1U;
    }
    return less;
  }

  Limbs<N> add(const Limbs<N>& a, const Limbs<N>& b) const {
    Limbs<N> sum{};
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < N; ++i) {
      const DoubleLimb s = DoubleLimb{a[i]} + b[i] + carry;
      sum[i] = low(s);
      carry = high(s);
    }
    return reduce(sum, carry);
  }

  // a * b / R, coarsely integrated operand scanning (Koc, Acar, Kaliski 1996).
  Limbs<N> multiply(const Limbs<N>& a, const Limbs<N>& b) const {
    std::array<std::uint64_t, N + 1> t{};
    for (std::size_t i = 0; i < N; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < N; ++j) {
        const DoubleLimb s = DoubleLimb{a[j]} * b[i] + t[j] + carry;
        t[j] = low(s);
        carry = high(s);
      }
      const DoubleLimb top = DoubleLimb{t[N]} + carry;
      const std::uint64_t factor = t[0] * negative_inverse_;
      carry = high(DoubleLimb{factor} * p_[0] + t[0]);
      for (std::size_t j = 1; j < N; ++j) {
        const DoubleLimb s = DoubleLimb{factor} * p_[j] + t[j] + carry;
        t[j - 1] = low(s);
        carry = high(s);
      }
      const DoubleLimb last = DoubleLimb{low(top)} + carry;
      t[N - 1] = low(last);
      t[N] = high(top) + high(last);
    }
    Limbs<N> product{};
    std::copy_n(t.begin(), N, product.begin());
    return reduce(product, t[N]);
  }

  std::string_view name_{};
  std::size_t size_ = 0;
  Limbs<N> p_{};
  Limbs<N> a_{};
  Limbs<N> b_{};
  Limbs<N> r_squared_{};
  std::uint64_t negative_inverse_ = 0;
};

struct Equations {
  std::array<Equation<4>, 4> of_256{Equation<4>("prime256v1"), Equation<4>("secp256k1"),
                                    Equation<4>("brainpoolP256r1"), Equation<4>("SM2")};
  std::array<Equation<5>, 1> of_320{Equation<5>("brainpoolP320r1")};
  std::array<Equation<6>, 2> of_384{Equation<6>("secp384r1"), Equation<6>("brainpoolP384r1")};
  std::array<Equation<8>, 1> of_512{Equation<8>("brainpoolP512r1")};
  std::array<Equation<9>, 1> of_521{Equation<9>("secp521r1")};
};

template <typename Set>
std::string_view satisfied(const Set& equations, std::span<const std::byte> coordinates) {
  const std::size_t size = coordinates.size() / 2;
  for (const auto& equation : equations) {
    if (equation.field_size() == size && equation.holds(coordinates.first(size), coordinates.subspan(size)))
      return equation.name();
  }
  return {};
}

}  // namespace

std::string_view curve_of_point(std::span<const std::byte> encoded) {
  static const Equations equations;
  if (encoded.empty() || encoded[0] != std::byte{4}) return {};
  const auto coordinates = encoded.subspan(1);
  switch (encoded.size()) {
    case 65:
      return satisfied(equations.of_256, coordinates);
    case 81:
      return satisfied(equations.of_320, coordinates);
    case 97:
      return satisfied(equations.of_384, coordinates);
    case 129:
      return satisfied(equations.of_512, coordinates);
    case 133:
      return satisfied(equations.of_521, coordinates);
    default:
      return {};
  }
}

}  // namespace dumpgate
