// Numbers of a fixed count of 64-bit limbs, and additions that hand a carry from limb to limb. The one rule:
// loops over limbs are unrolled and these functions inlined, or the carry leaves the processor's flag.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scanner/hunt/limbs.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Not under a sanitizer: with its checks in every operation that takes the compiler many minutes.
#if defined(__has_feature)
#define CARRY_UNDER_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CARRY_UNDER_SANITIZER 1
#else
#define CARRY_UNDER_SANITIZER 0
#endif
#if CARRY_UNDER_SANITIZER
#define CARRY_INLINE inline
#define CARRY_UNROLL
#else
#define CARRY_INLINE [[gnu::always_inline]] inline
#define CARRY_UNROLL _Pragma("GCC unroll 9")
#endif

namespace dumpgate {

// Little-endian.
template <std::size_t N>
using Number = std::array<std::uint64_t, N>;

// add_carry sets a += b + carry and returns the carry out; subtract_borrow sets a -= b + borrow likewise. On
// x86-64 only the intrinsics make g++ keep the carry in its flag.
CARRY_INLINE unsigned char add_carry(unsigned char carry, std::uint64_t& a, std::uint64_t b) {
#if defined(__x86_64__)
  unsigned long long sum = 0;
  carry = _addcarry_u64(carry, a, b, &sum);
  a = sum;
  return carry;
#else
  const DoubleLimb sum = DoubleLimb{a} + b + carry;
  a = low_limb(sum);
  return static_cast<unsigned char>(high_limb(sum));
#endif
}

CARRY_INLINE unsigned char subtract_borrow(unsigned char borrow, std::uint64_t& a, std::uint64_t b) {
#if defined(__x86_64__)
  unsigned long long difference = 0;
  borrow = _subborrow_u64(borrow, a, b, &difference);
  a = difference;
  return borrow;
#else
  const DoubleLimb difference = DoubleLimb{a} - b - borrow;
  a = low_limb(difference);
  return static_cast<unsigned char>(high_limb(difference) & 1U);
#endif
}

// a*b, row by row: with a reduction apart from the product the fastest of the ways tried with g++ 12.
template <std::size_t N>
CARRY_INLINE Number<2 * N> whole_product(const Number<N>& a, const Number<N>& b) {
  Number<2 * N> t{};
  CARRY_UNROLL
  for (std::size_t i = 0; i < N; ++i) {
    std::uint64_t carry = 0;
    CARRY_UNROLL
    for (std::size_t j = 0; j < N; ++j) {
      const DoubleLimb sum = DoubleLimb{a[i]} * b[j] + t[i + j] + carry;
      t[i + j] = low_limb(sum);
      carry = high_limb(sum);
    }
    t[i + N] = carry;
  }
  return t;
}

}  // namespace dumpgate
