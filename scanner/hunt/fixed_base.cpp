#include "scanner/hunt/fixed_base.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>

#include "scanner/hunt/affine_curve.h"
#include "scanner/hunt/curve_parameters.h"
#include "scanner/hunt/field.h"
#include "scanner/hunt/sparse_primes.h"

namespace dumpgate {
namespace {

// Bits of a window: the widest whose table stays below 4 MiB, and one that a few scalars pay for.
template <std::size_t N>
constexpr std::size_t large_window = N == 4  ? 12
                                     : N < 7 ? 11
                                             : 10;
constexpr std::size_t small_window = 6;

// Scalars for which the additions that a large table saves are worth its making.
constexpr std::size_t enough_scalars = 1024;

template <std::size_t N, typename Prime>
class CurveBase final : public FixedBase {
 public:
  CurveBase(const Number<N>& p, const Number<N>& a, const AffinePoint<N>& generator, const Number<N>& order,
            std::size_t width)
      : width_(width),
        half_(std::size_t{1} << (width - 1)),
        field_(p),
        scalars_(order),
        curve_(field_, field_.to_montgomery(a)) {
    order_.assign(order.begin(), order.end());
    const std::size_t bits = 64 * N - static_cast<std::size_t>(std::countl_zero(order.back()));
    windows_ = bits / width_ + 1;  // one bit more than the order has, for the carry of the topmost digit
    build_table({field_.to_montgomery(generator.x), field_.to_montgomery(generator.y)});
  }

  void multiples_x(std::span<const std::uint64_t> scalars, std::span<std::uint64_t> x) const override {
    Workspace workspace;
    for (std::size_t at = 0; at < scalars.size(); at += batch * N) {
      const std::size_t size = std::min(batch * N, scalars.size() - at);
      some_multiples(scalars.subspan(at, size), x.subspan(at, size), workspace);
    }
  }

  void coordinates_to_montgomery(std::span<std::uint64_t> numbers) const override {
    replace_each(numbers, [this](const Number<N>& x) { return field_.to_montgomery(x); });
  }
  void scalars_from_montgomery(std::span<std::uint64_t> numbers) const override {
    replace_each(numbers, [this](const Number<N>& w) { return scalars_.from_montgomery(w); });
  }

 private:
  using Point = AffinePoint<N>;
  static constexpr std::size_t batch = 256;  // shares five or six inversions; its points stay in the cache

  struct Workspace {
    std::vector<Point> points{};
    typename AffineCurve<N, Prime>::Scratch scratch{};
  };

  // Row d of the table holds d*2^(width_*i)*G for each window i. Rows m+1 to 2m are rows 1 to m plus row m.
  void build_table(const Point& generator) {
    table_.resize((half_ + 1) * windows_);
    const auto rows = [this](std::size_t first, std::size_t count) {
      return std::span(table_).subspan(first * windows_, count * windows_);
    };
    std::ranges::copy(curve_.power_multiples(generator, width_, windows_), rows(1, 1).begin());
    typename AffineCurve<N, Prime>::Scratch scratch;
    for (std::size_t m = 1; m < half_; m *= 2) {
      for (std::size_t j = 1; j <= m; ++j) std::ranges::copy(rows(m, 1), rows(m + j, 1).begin());
      curve_.add_to(rows(m + 1, m), rows(1, m), scratch);
    }
  }

  // Bits width_*i and up of the number.
  std::size_t window(std::span<const std::uint64_t> scalar, std::size_t i) const {
    const std::size_t limb = width_ * i / 64;
    const std::size_t shift = width_ * i % 64;
    std::uint64_t bits = limb < N ? scalar[limb] >> shift : 0;
    if (shift != 0 && shift + width_ > 64 && limb + 1 < N) bits |= scalar[limb + 1] << (64 - shift);
    return static_cast<std::size_t>(bits & (2 * half_ - 1));
  }

  // One point for each window, written `stride` apart: their sum is the multiple. Digits are from 1-half_ to
  // half_.
  void points_of(std::span<const std::uint64_t> scalar, Point* points, std::size_t stride) const {
    std::size_t carry = 0;
    for (std::size_t i = 0; i < windows_; ++i) {
      const std::size_t digit = window(scalar, i) + carry;
      carry = digit > half_ ? 1 : 0;
      const std::size_t row = carry == 0 ? digit : 2 * half_ - digit;
      points[i * stride] = curve_.negative_if(carry != 0, table_[row * windows_ + i]);
    }
  }

  // The points of all scalars are summed level by level, the upper half of the windows to the lower.
  void some_multiples(std::span<const std::uint64_t> scalars, std::span<std::uint64_t> x,
                      Workspace& workspace) const {
    const std::size_t count = scalars.size() / N;
    workspace.points.resize(count * windows_);
    const std::span<Point> points = workspace.points;
    for (std::size_t k = 0; k < count; ++k) points_of(scalars.subspan(k * N, N), &points[k], count);
    for (std::size_t left = windows_; left > 1;) {
      const std::size_t upper = left / 2;
      left -= upper;
      curve_.add_to(points.first(upper * count), points.subspan(left * count, upper * count),
                    workspace.scratch);
    }
    for (std::size_t k = 0; k < count; ++k)
      std::ranges::copy(field_.from_montgomery(points[k].x), x.begin() + static_cast<std::ptrdiff_t>(k * N));
  }

  template <typename F>
  static void replace_each(std::span<std::uint64_t> numbers, F&& f) {
    for (std::size_t at = 0; at + N <= numbers.size(); at += N) {
      Number<N> number{};
      std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(at), N, number.begin());
      std::ranges::copy(f(number), numbers.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  std::size_t width_;
  std::size_t half_;
  Field<N, Prime> field_;
  Field<N> scalars_;
  AffineCurve<N, Prime> curve_;  // refers to field_
  std::size_t windows_ = 0;
  std::vector<Point> table_{};
};

template <std::size_t N>
Number<N> number(const std::vector<std::uint64_t>& limbs) {
  Number<N> result{};
  std::copy_n(limbs.begin(), N, result.begin());
  return result;
}

// With the arithmetic of the first of the primes `Usual` that is the curve's, or of any prime.
template <std::size_t N, typename... Usual>
std::unique_ptr<FixedBase> make_base(const CurveParameters& c, FixedBase::Table table) {
  std::unique_ptr<FixedBase> made;
  const auto make = [&]<typename Prime>() {
    made = std::make_unique<CurveBase<N, Prime>>(
        number<N>(c.p), number<N>(c.a), AffinePoint<N>{number<N>(c.x), number<N>(c.y)}, number<N>(c.order),
        table == FixedBase::Table::large ? large_window<N> : small_window);
    return true;
  };
  if (!((number<N>(c.p) == Usual::prime && make.template operator()<Usual>()) || ...))
    make.template operator()<AnyPrime>();
  return made;
}

// The tables of one curve. Threads that want different curves do not wait for each other.
struct Tables {
  std::mutex mutex{};
  std::size_t wanted = 0;
  std::unique_ptr<FixedBase> small{}, large{};
};

}  // namespace

std::unique_ptr<FixedBase> FixedBase::make(const std::string& curve, Table table) {
  const auto parameters = curve_parameters(curve);
  if (!parameters) return nullptr;
  switch (parameters->p.size()) {
    case 4:
      return make_base<4, PrimeP256, PrimeK256>(*parameters, table);
    case 5:
      return make_base<5>(*parameters, table);
    case 6:
      return make_base<6, PrimeP384>(*parameters, table);
    case 7:
      return make_base<7>(*parameters, table);
    case 8:
      return make_base<8>(*parameters, table);
    case 9:
      return make_base<9, PrimeP521>(*parameters, table);
    default:
      return nullptr;
  }
}

const FixedBase* FixedBase::of(const std::string& curve, std::size_t scalars) {
  static std::mutex mutex;
  static std::map<std::string, Tables> all;
  Tables& tables = [&]() -> Tables& {
    const std::lock_guard lock(mutex);
    return all[curve];
  }();
  const std::lock_guard lock(tables.mutex);
  tables.wanted = std::min(tables.wanted + scalars, enough_scalars);
  const bool many = tables.wanted == enough_scalars;
  std::unique_ptr<FixedBase>& wanted = many ? tables.large : tables.small;
  if (!wanted) wanted = make(curve, many ? Table::large : Table::small);
  return wanted.get();
}

}  // namespace dumpgate
