#include "scanner/hunt/edwards_base.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

// A number modulo p = 2^255 - 19, as any number below 2^256 that is congruent: 2^256 = 38 modulo p.
struct Element {
  std::array<std::uint64_t, 4> limbs{};
};

constexpr std::uint64_t fold = 38;

void add_word(Element& a, std::uint64_t word) {
  DoubleLimb sum = word;
  for (std::uint64_t& limb : a.limbs) {
    sum += limb;
    limb = low_limb(sum);
    sum = high_limb(sum);
  }
  a.limbs[0] += fold * low_limb(sum);  // after a carry out the rest is small
}

Element operator+(const Element& a, const Element& b) {
  Element sum;
  DoubleLimb carry = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    carry += DoubleLimb{a.limbs[i]} + b.limbs[i];
    sum.limbs[i] = low_limb(carry);
    carry = high_limb(carry);
  }
  add_word(sum, fold * low_limb(carry));
  return sum;
}

Element operator-(const Element& a, const Element& b) {
  Element difference;
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const DoubleLimb d = DoubleLimb{a.limbs[i]} - b.limbs[i] - borrow;
    difference.limbs[i] = low_limb(d);
    borrow = high_limb(d) & 1U;
  }
  // A borrow added 2^256 = 38; taking it away can borrow once more, from a number next to zero.
  for (int round = 0; round < 2 && borrow != 0; ++round) {
    borrow = 0;
    std::uint64_t take = fold;
    for (std::uint64_t& limb : difference.limbs) {
      borrow = limb < take ? 1 : 0;
      limb -= take;
      take = borrow;
    }
  }
  return difference;
}

Element operator*(const Element& a, const Element& b) {
  std::array<std::uint64_t, 8> product{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const DoubleLimb s = DoubleLimb{a.limbs[i]} * b.limbs[j] + product[i + j] + carry;
      product[i + j] = low_limb(s);
      carry = high_limb(s);
    }
    product[i + 4] = carry;
  }
  Element result;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const DoubleLimb s = DoubleLimb{product[i + 4]} * fold + product[i] + carry;
    result.limbs[i] = low_limb(s);
    carry = high_limb(s);
  }
  add_word(result, carry * fold);
  return result;
}

// The number below p.
Element reduced(Element a) {
  // Twice: below 2^256 there are two multiples of p, and one of 2^255 - 19 may be left by the first.
  for (int round = 0; round < 2; ++round) {
    Element more = a;
    DoubleLimb sum = 19;
    for (std::uint64_t& limb : more.limbs) {
      sum += limb;
      limb = low_limb(sum);
      sum = high_limb(sum);
    }
    if (sum == 0 && more.limbs[3] >> 63U == 0) return a;
    more.limbs[3] &= ~(std::uint64_t{1} << 63U);
    if (sum != 0) more.limbs[3] |= std::uint64_t{1} << 63U;
    a = more;
  }
  return a;
}

bool is_zero(const Element& a) { return reduced(a).limbs == std::array<std::uint64_t, 4>{}; }

// 1/a = a^(p-2), p - 2 = 2^255 - 21.
Element inverse(const Element& a) {
  constexpr std::array<std::uint64_t, 4> exponent{0xffffffffffffffebU, ~0ULL, ~0ULL, 0x7fffffffffffffffU};
  Element result{{1}};
  for (std::size_t bit = 255; bit-- > 0;) {
    result = result * result;
    if ((exponent[bit / 64] >> (bit % 64) & 1U) != 0) result = result * a;
  }
  return result;
}

// RFC 8032 section 5.1.
constexpr Element curve_d{
    {0x75eb4dca135978a3U, 0x00700a4d4141d8abU, 0x8cc740797779e898U, 0x52036cee2b6ffe73U}};
constexpr Element base_x{
    {0xc9562d608f25d51aU, 0x692cc7609525a7b2U, 0xc0a4e231fdd6dc5cU, 0x216936d3cd6e53feU}};
constexpr Element base_y{
    {0x6666666666666658U, 0x6666666666666666U, 0x6666666666666666U, 0x6666666666666666U}};

// Extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z.
struct Point {
  Element x{}, y{{1}}, z{{1}}, t{};
};

// An affine point prepared for additions.
struct Prepared {
  Element sum{}, difference{}, product{};  // y + x, y - x, 2*d*x*y
};

Point operator+(const Point& a, const Prepared& b) {
  const Element low = (a.y - a.x) * b.difference;
  const Element high = (a.y + a.x) * b.sum;
  const Element c = a.t * b.product;
  const Element z2 = a.z + a.z;
  const Element e = high - low, f = z2 - c, g = z2 + c, h = high + low;
  return {e * f, g * h, f * g, e * h};
}

Prepared prepared(const Element& x, const Element& y) {
  const Element xy = x * y;
  return {y + x, y - x, (xy + xy) * curve_d};
}

// Replaces each element by its inverse; 0 stays.
void invert_all(std::span<Element> elements) {
  std::vector<Element> before;
  before.reserve(elements.size());
  Element product{{1}};
  for (const Element& element : elements) {
    before.push_back(product);
    if (!is_zero(element)) product = product * element;
  }
  Element rest = inverse(product);
  for (std::size_t i = elements.size(); i-- > 0;) {
    if (is_zero(elements[i])) continue;
    const Element here = elements[i];
    elements[i] = rest * before[i];
    rest = rest * here;
  }
}

constexpr std::size_t windows = 32;
constexpr std::size_t row = 255;

std::vector<Prepared> make_table() {
  std::vector<Prepared> table;
  table.reserve(windows * row);
  Element x = base_x, y = base_y;
  for (std::size_t window = 0; window < windows; ++window) {
    const Prepared step = prepared(x, y);
    std::vector<Point> multiples;
    for (Point sum = Point{} + step; multiples.size() <= row; sum = sum + step) multiples.push_back(sum);
    std::vector<Element> inverses;
    inverses.reserve(multiples.size());
    for (const Point& multiple : multiples) inverses.push_back(multiple.z);
    invert_all(inverses);
    for (std::size_t i = 0; i <= row; ++i) {
      x = multiples[i].x * inverses[i];
      y = multiples[i].y * inverses[i];
      if (i < row) table.push_back(prepared(x, y));
    }
  }
  return table;
}

const std::vector<Prepared>& base_table() {
  static const std::vector<Prepared> table = make_table();
  return table;
}

Bytes32 bytes_of(const Element& a) {
  const Element number = reduced(a);
  Bytes32 bytes{};
  for (std::size_t i = 0; i < 32; ++i)
    bytes.at(i) = static_cast<std::byte>(number.limbs[i / 8] >> (8 * (i % 8)) & 0xffU);
  return bytes;
}

}  // namespace

void edwards_multiples(std::span<const Bytes32> scalars, std::span<EdwardsMultiple> results) {
  const std::vector<Prepared>& table = base_table();
  std::vector<Point> sums(scalars.size());
  std::vector<Element> inverses;
  inverses.reserve(2 * scalars.size());
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    for (std::size_t window = 0; window < windows; ++window)
      if (const auto digit = std::to_integer<std::size_t>(scalars[i][window]); digit != 0)
        sums[i] = sums[i] + table[window * row + digit - 1];
    inverses.push_back(sums[i].z);
    inverses.push_back(sums[i].z - sums[i].y);
  }
  invert_all(inverses);
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    const Element x = sums[i].x * inverses[2 * i];
    results[i].point = bytes_of(sums[i].y * inverses[2 * i]);
    results[i].point[31] |= static_cast<std::byte>((reduced(x).limbs[0] & 1U) << 7U);
    results[i].u = bytes_of((sums[i].z + sums[i].y) * inverses[2 * i + 1]);
  }
}

}  // namespace dumpgate
