// On a curve so small that doublings and infinity are everyday cases, every sum is right.

#include "scanner/hunt/affine_curve.h"

#include <gtest/gtest.h>

#include <utility>

namespace dumpgate {
namespace {

constexpr std::uint64_t p = 103, a = 2, b = 7;  // y^2 = x^3 + 2x + 7 modulo 103

using Plain = std::pair<std::uint64_t, std::uint64_t>;  // (0, 0) is infinite

std::uint64_t inverse(std::uint64_t n) {
  std::uint64_t i = 1;
  while (n * i % p != 1) ++i;
  return i;
}

Plain plain_sum(const Plain& s, const Plain& t) {
  if (s == Plain{}) return t;
  if (t == Plain{}) return s;
  if (s.first == t.first && (s.second + t.second) % p == 0) return {};
  const std::uint64_t slope = s == t
                                  ? (3 * s.first * s.first + a) % p * inverse(2 * s.second % p) % p
                                  : (t.second + p - s.second) % p * inverse((t.first + p - s.first) % p) % p;
  const std::uint64_t x = (slope * slope + 2 * p - s.first - t.first) % p;
  return {x, (slope * (s.first + p - x) + p - s.second) % p};
}

std::vector<Plain> all_points() {
  std::vector<Plain> points{{}};
  for (std::uint64_t x = 0; x < p; ++x)
    for (std::uint64_t y = 0; y < p; ++y)
      if (y * y % p == (x * x * x + a * x + b) % p) points.emplace_back(x, y);
  return points;
}

template <typename T>
class AffineCurveOf : public testing::Test {};
using Lengths = testing::Types<std::integral_constant<std::size_t, 4>, std::integral_constant<std::size_t, 6>,
                               std::integral_constant<std::size_t, 9>>;
TYPED_TEST_SUITE(AffineCurveOf, Lengths);

TYPED_TEST(AffineCurveOf, EveryPairOfPointsAddsUp) {
  constexpr std::size_t n = TypeParam::value;
  const Field<n> field(Number<n>{p});
  const AffineCurve<n> curve(field, field.to_montgomery({a}));
  const auto point = [&](const Plain& s) {
    return AffinePoint<n>{field.to_montgomery({s.first}), field.to_montgomery({s.second})};
  };
  const std::vector<Plain> points = all_points();
  std::vector<AffinePoint<n>> sums, others;
  for (const Plain& s : points)
    for (const Plain& t : points) {
      sums.push_back(point(s));
      others.push_back(point(t));
    }
  typename AffineCurve<n>::Scratch scratch;
  curve.add_to(sums, others, scratch);
  std::size_t at = 0;
  for (const Plain& s : points)
    for (const Plain& t : points) {
      const Plain expected = plain_sum(s, t);
      EXPECT_EQ(field.from_montgomery(sums[at].x), Number<n>{expected.first});
      EXPECT_EQ(field.from_montgomery(sums[at].y), Number<n>{expected.second});
      ++at;
    }
}

}  // namespace
}  // namespace dumpgate
