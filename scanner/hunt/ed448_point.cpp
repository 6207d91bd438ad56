#include "scanner/hunt/ed448_point.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>

#include "scanner/hunt/curve_parameters.h"
#include "scanner/hunt/field.h"

namespace dumpgate {
namespace {

using Element448 = Number<7>;

// x^2 + y^2 = 1 - 39081*x^2*y^2 with the base point of RFC 8032 section 5.2, in projective coordinates.
class Edwards448 {
 public:
  explicit Edwards448(const Element448& prime)
      : field_(prime),
        d_(field_.sub({}, field_.to_montgomery({39081}))),
        base_{field_.to_montgomery({0x2626a82bc70cc05eULL, 0x433b80e18b00938eULL, 0x12ae1af72ab66511ULL,
                                    0xea6de324a3d3a464ULL, 0x9e146570470f1767ULL, 0x221d15a622bf36daULL,
                                    0x4f1970c66bed0dedULL}),
              field_.to_montgomery({0x9808795bf230fa14ULL, 0xfdbd132c4ed7c8adULL, 0x3ad3ff1ce67c39c4ULL,
                                    0x87789c1e05a0c2d7ULL, 0x4bea73736ca39840ULL, 0x8876203756c9c762ULL,
                                    0x693f46716eb6bc24ULL}),
              field_.one()} {
    Point power = base_;  // 16^i*B
    for (auto& row : table_) {
      row[0] = neutral();
      for (std::size_t digit = 1; digit < row.size(); ++digit) row.at(digit) = add(row.at(digit - 1), power);
      power = add(row.back(), power);
    }
  }

  Bytes57 multiple_of_base(const Bytes56& scalar) const {
    Point sum = neutral();
    for (std::size_t i = 0; i < digits; ++i) {
      const auto byte = std::to_integer<std::size_t>(scalar.at(i / 2));
      sum = add(sum, table_.at(i).at(i % 2 == 0 ? byte & 0xfU : byte >> 4U));
    }
    return encode(sum);
  }

 private:
  struct Point {
    Element448 x{}, y{}, z{};
  };

  Point neutral() const { return {{}, field_.one(), field_.one()}; }

  // Complete: d is no square (RFC 8032 section 5.2.4).
  Point add(const Point& p, const Point& q) const {
    const Field<7>& f = field_;
    const Element448 a = f.mul(p.z, q.z), b = f.mul(a, a), c = f.mul(p.x, q.x), d = f.mul(p.y, q.y);
    const Element448 e = f.mul(d_, f.mul(c, d)), less = f.sub(b, e), more = f.add(b, e);
    const Element448 cross = f.sub(f.sub(f.mul(f.add(p.x, p.y), f.add(q.x, q.y)), c), d);
    return {f.mul(f.mul(a, less), cross), f.mul(f.mul(a, more), f.sub(d, c)), f.mul(less, more)};
  }

  // y, and the lowest bit of x as the highest of all (RFC 8032 section 5.2.2).
  Bytes57 encode(const Point& point) const {
    const Element448 inverse = field_.invert(point.z);
    const Element448 x = field_.from_montgomery(field_.mul(point.x, inverse));
    const Element448 y = field_.from_montgomery(field_.mul(point.y, inverse));
    Bytes57 bytes{};
    static_assert(sizeof y < sizeof bytes);
    std::memcpy(bytes.data(), y.data(), sizeof y);
    if ((x[0] & 1U) != 0) bytes.back() = std::byte{0x80};
    return bytes;
  }

  Field<7> field_;
  Element448 d_;
  Point base_;
  static constexpr std::size_t digits = 112;           // of four bits
  std::array<std::array<Point, 16>, digits> table_{};  // row i: the multiples of 16^i*B
};

Element448 prime_of_curve448() {
  const auto parameters = curve_parameters(std::string(curve448_name));
  if (parameters == nullptr || parameters->p.size() != Element448{}.size()) throw std::bad_alloc();
  Element448 prime{};
  std::ranges::copy(parameters->p, prime.begin());
  return prime;
}

}  // namespace

Bytes57 ed448_point(const Bytes56& scalar) {
  static const Edwards448 curve(prime_of_curve448());
  return curve.multiple_of_base(scalar);
}

}  // namespace dumpgate
