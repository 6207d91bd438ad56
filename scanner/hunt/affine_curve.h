// AffineCurve: points of y^2 = x^3 + ax + b in affine coordinates, thousands of additions at a time. The one
// rule: the more additions a call gets, the cheaper each is, because they share one inversion.
//
// An affine addition costs a division and three multiplications; with the division shared by Montgomery's
// trick it is six multiplications, half of a mixed addition in Jacobian coordinates. Complete: equal points,
// opposite points and infinity give the right sum.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "scanner/hunt/field.h"

namespace dumpgate {

// Coordinates in Montgomery form. (0, 0), which lies on no curve with b other than 0, is the point at
// infinity.
template <std::size_t N>
struct AffinePoint {
  Number<N> x{}, y{};
  bool infinite() const { return Field<N>::is_zero(x) && Field<N>::is_zero(y); }
};

template <std::size_t N, typename Prime = AnyPrime>
class AffineCurve {
 public:
  using Point = AffinePoint<N>;
  using Scratch = std::vector<Number<N>>;  // kept by the caller from call to call, its content is of no use

  AffineCurve(const Field<N, Prime>& field, const Number<N>& a) : field_(field), a_(a) {}

  const Field<N, Prime>& field() const { return field_; }
  Point negative_if(bool negate, const Point& point) const {
    return {point.x, field_.negative_if(negate, point.y)};
  }

  // add_to adds others[i] to sums[i]; the two are of one length and do not overlap.
  void add_to(std::span<Point> sums, std::span<const Point> others, Scratch& scratch) const {
    if (scratch.size() < sums.size()) scratch.resize(sums.size());
    Number<N> product = field_.one();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      scratch[i] = product;
      product = field_.mul(product, denominator(sums[i], others[i]));
    }
    Number<N> inverse = field_.invert(product);
    for (std::size_t i = sums.size(); i-- > 0;) {
      const Number<N> reciprocal = field_.mul(inverse, scratch[i]);
      inverse = field_.mul(inverse, denominator(sums[i], others[i]));
      sums[i] = sum(sums[i], others[i], reciprocal);
    }
  }

  // power_multiples returns point, 2^step*point, 2^(2*step)*point and so on. No power of two times the point
  // may be infinite.
  std::vector<Point> power_multiples(const Point& point, std::size_t step, std::size_t count) const {
    std::vector<Jacobian> multiples{{point.x, point.y, field_.one()}};
    while (multiples.size() < count) {
      Jacobian next = multiples.back();
      for (std::size_t i = 0; i < step; ++i) next = twice(next);
      multiples.push_back(next);
    }
    std::vector<Number<N>> z;
    z.reserve(count);
    for (const Jacobian& multiple : multiples) z.push_back(multiple.z);
    field_.invert_all(z);
    std::vector<Point> points;
    points.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto zz = field_.mul(z[i], z[i]);
      points.push_back({field_.mul(multiples[i].x, zz), field_.mul(multiples[i].y, field_.mul(zz, z[i]))});
    }
    return points;
  }

 private:
  // x = X/Z^2, y = Y/Z^3: many doublings in a row want no division.
  struct Jacobian {
    Number<N> x{}, y{}, z{};
  };

  Jacobian twice(const Jacobian& point) const {
    const Field<N, Prime>& f = field_;
    const auto yy = f.mul(point.y, point.y);
    const auto xyy = f.mul(point.x, yy);
    const auto s2 = f.add(xyy, xyy);
    const auto s = f.add(s2, s2);
    const auto xx = f.mul(point.x, point.x);
    const auto zz = f.mul(point.z, point.z);
    const auto m = f.add(f.add(f.add(xx, xx), xx), f.mul(a_, f.mul(zz, zz)));
    const auto x = f.sub(f.sub(f.mul(m, m), s), s);
    const auto yyyy2 = f.mul(f.add(yy, yy), yy);
    const auto yyyy4 = f.add(yyyy2, yyyy2);
    const auto yz = f.mul(point.y, point.z);
    return {x, f.sub(f.mul(m, f.sub(s, x)), f.add(yyyy4, yyyy4)), f.add(yz, yz)};
  }

  // Of the slope of the line through both points; never 0.
  Number<N> denominator(const Point& a, const Point& b) const {
    const Number<N> difference = field_.sub(b.x, a.x);
    if (Field<N, Prime>::is_zero(difference)) return is_doubling(a, b) ? field_.add(a.y, a.y) : field_.one();
    return difference;
  }

  Point sum(const Point& a, const Point& b, const Number<N>& reciprocal) const {
    if (a.infinite()) return b;
    if (b.infinite()) return a;
    Number<N> rise = field_.sub(b.y, a.y);
    if (a.x == b.x) [[unlikely]] {
      if (!is_doubling(a, b)) return {};
      const auto xx = field_.mul(a.x, a.x);
      rise = field_.add(field_.add(field_.add(xx, xx), xx), a_);
    }
    const auto slope = field_.mul(rise, reciprocal);
    const auto x = field_.sub(field_.sub(field_.mul(slope, slope), a.x), b.x);
    return {x, field_.sub(field_.mul(slope, field_.sub(a.x, x)), a.y)};
  }

  // Of points with equal x: whether they are equal and their double is not infinite.
  static bool is_doubling(const Point& a, const Point& b) {
    return a.y == b.y && !Field<N, Prime>::is_zero(a.y);
  }

  const Field<N, Prime>& field_;
  Number<N> a_{};
};

}  // namespace dumpgate
