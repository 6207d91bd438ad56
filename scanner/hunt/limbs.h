// Arithmetic on little-endian 64-bit limbs, for filters that run millions of times. Not constant time: it
// works on other people's leaked numbers, not on ours. What passes a filter is always confirmed by OpenSSL.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dumpgate {

__extension__ using DoubleLimb = unsigned __int128;

inline std::uint64_t low_limb(DoubleLimb value) { return static_cast<std::uint64_t>(value); }
inline std::uint64_t high_limb(DoubleLimb value) { return static_cast<std::uint64_t>(value >> 64U); }

// The inverse of an odd limb modulo 2^64 (Newton: each step doubles the correct low bits, from 5).
constexpr std::uint64_t inverse_limb(std::uint64_t odd) {
  std::uint64_t inverse = (odd * 3) ^ 2U;
  for (int step = 0; step < 4; ++step) inverse *= 2 - odd * inverse;
  return inverse;
}

// may_be_product says whether the top limbs of p, q and n (n of twice the length) agree with n = p*q:
// p*q <= n_high < (p+1)*(q+1) on the top limbs. A random triple passes with probability about 2^-63.
inline bool may_be_product(std::uint64_t p_top, std::uint64_t q_top, std::uint64_t n_top,
                           std::uint64_t n_second) {
  const DoubleLimb n_high = (DoubleLimb{n_top} << 64U) | n_second;
  const DoubleLimb low = DoubleLimb{p_top} * q_top;
  return n_high >= low && n_high - low <= DoubleLimb{p_top} + q_top;
}

// may_divide says whether p (m limbs, odd) may divide n (2m limbs): the exact quotient modulo 2^(64m) is
// computed from the low end (Jebelean, "An algorithm for exact division", 1993) and its top limb compared
// with the top of n/p. m^2/2 multiplications, a sixteenth of a division by OpenSSL. `inverse` is
// inverse_limb(p[0]); `scratch` has 2m limbs.
inline bool may_divide(std::span<const std::uint64_t> p, std::span<const std::uint64_t> n,
                       std::uint64_t inverse, std::span<std::uint64_t> scratch) {
  const std::size_t m = p.size();
  for (std::size_t i = 0; i < m; ++i) scratch[i] = n[i];
  std::uint64_t quotient = 0;
  for (std::size_t i = 0; i < m; ++i) {
    quotient = scratch[i] * inverse;
    std::uint64_t borrow = 0;
    for (std::size_t j = i; j < m; ++j) {
      const DoubleLimb product = DoubleLimb{quotient} * p[j - i] + borrow;
      const std::uint64_t low = low_limb(product);
      borrow = high_limb(product) + (scratch[j] < low ? 1 : 0);
      scratch[j] -= low;
    }
  }
  return may_be_product(p[m - 1], quotient, n[2 * m - 1], n[2 * m - 2]);
}

// Big-endian bytes of a number given as limbs, for OpenSSL and for names. May be secret: the caller wipes.
template <typename Bytes>
Bytes big_endian_bytes(std::span<const std::uint64_t> limbs) {
  Bytes bytes(limbs.size() * 8);
  for (std::size_t i = 0; i < limbs.size(); ++i)
    for (unsigned b = 0; b < 8; ++b)
      bytes[bytes.size() - 1 - i * 8 - b] = static_cast<std::byte>((limbs[i] >> (8 * b)) & 0xffU);
  return bytes;
}

// The limbs of a big-endian number, at least `count` of them (zeros on top).
inline std::vector<std::uint64_t> limbs_of(std::span<const std::byte> big_endian, std::size_t count = 0) {
  std::vector<std::uint64_t> limbs(std::max(count, (big_endian.size() + 7) / 8));
  for (std::size_t i = 0; i < big_endian.size(); ++i)
    limbs[i / 8] |= std::to_integer<std::uint64_t>(big_endian[big_endian.size() - 1 - i]) << (8 * (i % 8));
  return limbs;
}

}  // namespace dumpgate
