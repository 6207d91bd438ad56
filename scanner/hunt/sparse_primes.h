// Montgomery reduction modulo the primes of the usual curves, which are sums of a few powers of two: it takes
// shifts and additions, or a multiplication where a prime without form takes one for each limb, and halves
// the time of a product. The one rule: each reduction does what the one for any prime does, to the bit; only
// faster. The primes are those of FIPS 186-4, D.1.2, and SEC 2, 2.4.1.
//
// To reduce t is to add the multiple m*p that makes its low half zero, and to keep the high half: m is
// -t/p modulo R = 2^(64N). Each struct has the prime's limbs and
//   divide(t, carry): t/R modulo the prime, as a number below twice the prime: N limbs, and `carry` times R.

#pragma once

#include <cstddef>
#include <cstdint>

#include "scanner/hunt/carry.h"

namespace dumpgate {

// 2^256 - 2^224 + 2^192 + 2^96 - 1. As the lowest limb is -1, m is the lowest limb of t.
struct PrimeP256 {
  static constexpr Number<4> prime{0xffffffffffffffff, 0x00000000ffffffff, 0, 0xffffffff00000001};

  CARRY_INLINE static Number<4> divide(Number<8>& t, std::uint64_t& carry) {
    carry = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint64_t m = t[i];
      const DoubleLimb top = DoubleLimb{m} * prime[3];
      unsigned char c = add_carry(0, t[i + 1], m << 32U);
      c = add_carry(c, t[i + 2], m >> 32U);
      c = add_carry(c, t[i + 3], low_limb(top));
      c = add_carry(c, t[i + 4], high_limb(top));
      carry = std::uint64_t{c} + add_carry(0, t[i + 4], carry);
    }
    return {t[4], t[5], t[6], t[7]};
  }
};

// 2^256 - c with c = 2^32 + 977: m*p = m*R - m*c, and the low limb of m*c is what it is taken from.
struct PrimeK256 {
  static constexpr std::uint64_t c = (std::uint64_t{1} << 32U) + 977;
  static constexpr Number<4> prime{0 - c, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff};

  CARRY_INLINE static Number<4> divide(Number<8>& t, std::uint64_t& carry) {
    constexpr std::uint64_t inverse = inverse_limb(c);
    Number<4> quotient{};
    unsigned char borrow = 0;
    std::uint64_t above = 0;  // of m*c, to be taken from the next limb
    CARRY_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
      borrow = subtract_borrow(borrow, t[i], above);
      quotient[i] = t[i] * inverse;
      above = high_limb(DoubleLimb{quotient[i]} * c);
    }
    borrow = subtract_borrow(borrow, t[4], above);
    unsigned char plus = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) borrow = subtract_borrow(borrow, t[4 + i], 0);
      plus = add_carry(plus, quotient[i], t[4 + i]);
    }
    carry = std::uint64_t{plus} - borrow;
    return quotient;
  }
};

// 2^384 - c with c = 2^128 + 2^96 - 2^32 + 1.
struct PrimeP384 {
  static constexpr Number<6> prime{0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe,
                                   0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff};

  CARRY_INLINE static Number<6> divide(Number<12>& t, std::uint64_t& carry) {
    Number<6> quotient{};
    std::uint64_t owed = 0;  // by the third limb from here
    CARRY_UNROLL
    for (std::size_t i = 0; i < 6; ++i) {
      const std::uint64_t m = t[i] + (t[i] << 32U);
      quotient[i] = m;
      // m*c = m - m*2^32 + m*2^96 + m*2^128 without its lowest limb, which is t[i].
      std::uint64_t lowest = m;
      std::uint64_t second = m << 32U;
      std::uint64_t third = m;
      unsigned char borrow = subtract_borrow(0, lowest, m << 32U);
      borrow = subtract_borrow(borrow, second, m >> 32U);
      std::uint64_t fourth = add_carry(0, third, m >> 32U);
      fourth -= subtract_borrow(borrow, third, 0);
      borrow = subtract_borrow(0, t[i + 1], second);
      borrow = subtract_borrow(borrow, t[i + 2], third);
      owed = fourth + borrow + subtract_borrow(0, t[i + 2], owed);
    }
    unsigned char borrow = subtract_borrow(0, t[8], owed);
    CARRY_UNROLL
    for (std::size_t i = 9; i < 12; ++i) borrow = subtract_borrow(borrow, t[i], 0);
    unsigned char plus = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < 6; ++i) plus = add_carry(plus, quotient[i], t[6 + i]);
    carry = std::uint64_t{plus} - borrow;
    return quotient;
  }
};

// 2^521 - 1: m is t*(1 + 2^521) modulo 2^576, so its lowest eight limbs are those of t, and of m*2^521 what
// lies below R is what was added to the ninth.
struct PrimeP521 {
  static constexpr Number<9> prime{0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
                                   0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff,
                                   0xffffffffffffffff, 0xffffffffffffffff, 0x1ff};

  CARRY_INLINE static Number<9> divide(Number<18>& t, std::uint64_t& carry) {
    unsigned char plus = add_carry(0, t[8], t[0] << 9U);
    Number<9> result{};
    CARRY_UNROLL
    for (std::size_t i = 0; i < 9; ++i) {
      result[i] = (t[i] >> 55U) | (i < 8 ? t[i + 1] << 9U : 0);
    }
    CARRY_UNROLL
    for (std::size_t i = 0; i < 9; ++i) plus = add_carry(plus, result[i], t[9 + i]);
    carry = 0;
    return result;
  }
};

}  // namespace dumpgate
