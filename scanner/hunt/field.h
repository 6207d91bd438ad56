// Field: numbers modulo an odd prime of at most 64*N bits, for filters that multiply points millions of
// times. The one rule: every number given and returned is below the prime. Not constant time: it works on
// other people's leaked numbers, not on ours.
//
// Montgomery form with R = 2^(64N). For any prime product scanning (Koc, Acar, Kaliski, "Analyzing and
// comparing Montgomery multiplication algorithms", 1996, there FIPS): of the methods tried with g++ 12 the
// fastest at 4, 6 and 9 limbs, because its three accumulators stay in registers. For the primes of
// sparse_primes.h a product and their own reduction. All loops are unrolled; the last subtraction does not
// branch, its outcome being a coin toss. Products are calls: inlined they took the compiler a minute more,
// and were no faster.

#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/hunt/carry.h"
#include "scanner/hunt/limbs.h"

namespace dumpgate {

// A sum of products of limbs: 192 bits.
struct ProductSum {
  std::uint64_t low = 0, middle = 0, high = 0;

  CARRY_INLINE void add(std::uint64_t a, std::uint64_t b) {
    const DoubleLimb product = DoubleLimb{a} * b;
    const unsigned char carry = add_carry(0, low, low_limb(product));
    high += add_carry(carry, middle, high_limb(product));
  }

  // Returns the lowest limb and divides by 2^64.
  CARRY_INLINE std::uint64_t shift_out() {
    const std::uint64_t out = low;
    low = middle;
    middle = high;
    high = 0;
    return out;
  }
};

// That nothing is known of the prime.
struct AnyPrime {};

template <std::size_t N, typename Prime = AnyPrime>
class Field {
 public:
  explicit Field(const Number<N>& prime) : p_(prime), negative_inverse_(~inverse_limb(prime[0]) + 1) {
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

  static bool is_zero(const Number<N>& a) {
    std::uint64_t bits = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < N; ++i) bits |= a[i];
    return bits == 0;
  }

  Number<N> add(const Number<N>& a, const Number<N>& b) const {
    Number<N> sum = a;
    unsigned char carry = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < N; ++i) carry = add_carry(carry, sum[i], b[i]);
    return reduce(sum, carry);
  }

  Number<N> sub(const Number<N>& a, const Number<N>& b) const {
    Number<N> difference = a;
    unsigned char borrow = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < N; ++i) borrow = subtract_borrow(borrow, difference[i], b[i]);
    const std::uint64_t mask = 0 - std::uint64_t{borrow};
    unsigned char carry = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < N; ++i) carry = add_carry(carry, difference[i], p_[i] & mask);
    return difference;
  }

  // The negative of a, or a itself.
  Number<N> negative_if(bool negate, const Number<N>& a) const { return select(negate, sub({}, a), a); }

  // a*b/R
  [[gnu::noinline]] Number<N> mul(const Number<N>& a, const Number<N>& b) const {
    if constexpr (std::same_as<Prime, AnyPrime>) {
      return mul_by_columns(a, b);
    } else {
      Number<2 * N> product = whole_product(a, b);
      std::uint64_t carry = 0;
      const Number<N> quotient = Prime::divide(product, carry);
      return reduce(quotient, carry);
    }
  }

  // a^(p-2) = 1/a (Fermat), four bits at a time; 0 for 0.
  Number<N> invert(const Number<N>& a) const {
    Number<N> exponent = p_;
    unsigned char borrow = subtract_borrow(0, exponent[0], 2);
    for (std::size_t i = 1; i < N; ++i) borrow = subtract_borrow(borrow, exponent[i], 0);
    std::array<Number<N>, 16> powers{one_, a};
    for (std::size_t i = 2; i < powers.size(); ++i) powers[i] = mul(powers[i - 1], a);
    Number<N> result = one_;
    for (std::size_t at = 64 * N; at > 0; at -= 4) {
      for (int i = 0; i < 4; ++i) result = mul(result, result);
      const std::size_t digit = (exponent[(at - 4) / 64] >> ((at - 4) % 64)) & 15U;
      if (digit != 0) result = mul(result, powers[digit]);
    }
    return result;
  }

  // Replaces each number by its inverse, with one inversion for all (Montgomery's trick). None is 0.
  void invert_all(std::span<Number<N>> numbers) const {
    std::vector<Number<N>> before(numbers.size());
    Number<N> product = one_;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      before[i] = product;
      product = mul(product, numbers[i]);
    }
    Number<N> inverse = invert(product);
    for (std::size_t i = numbers.size(); i-- > 0;) {
      const Number<N> number = numbers[i];
      numbers[i] = mul(inverse, before[i]);
      inverse = mul(inverse, number);
    }
  }

 private:
  // Column k of a*b + m*p, where each m[k] makes the lowest N columns zero.
  Number<N> mul_by_columns(const Number<N>& a, const Number<N>& b) const {
    Number<N> m;       // NOLINT(cppcoreguidelines-pro-type-member-init): each limb is set before it is read
    Number<N> result;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    ProductSum sum;
    CARRY_UNROLL
    for (std::size_t k = 0; k < N; ++k) {
      CARRY_UNROLL
      for (std::size_t i = 0; i <= k; ++i) sum.add(a[i], b[k - i]);
      CARRY_UNROLL
      for (std::size_t i = 0; i < k; ++i) sum.add(m[i], p_[k - i]);
      m[k] = sum.low * negative_inverse_;
      sum.add(m[k], p_[0]);
      sum.shift_out();
    }
    CARRY_UNROLL
    for (std::size_t k = N; k < 2 * N - 1; ++k) {
      CARRY_UNROLL
      for (std::size_t i = k - N + 1; i < N; ++i) sum.add(a[i], b[k - i]);
      CARRY_UNROLL
      for (std::size_t i = k - N + 1; i < N; ++i) sum.add(m[i], p_[k - i]);
      result[k - N] = sum.shift_out();
    }
    result[N - 1] = sum.shift_out();
    return reduce(result, sum.low);
  }

  // a + carry*R below 2p, modulo p.
  Number<N> reduce(const Number<N>& a, std::uint64_t carry) const {
    Number<N> less = a;
    unsigned char borrow = 0;
    CARRY_UNROLL
    for (std::size_t i = 0; i < N; ++i) borrow = subtract_borrow(borrow, less[i], p_[i]);
    return select(subtract_borrow(borrow, carry, 0) != 0, a, less);
  }

  // condition ? a : b, without a branch.
  static Number<N> select(bool condition, const Number<N>& a, const Number<N>& b) {
    const std::uint64_t mask = 0 - std::uint64_t{condition};
    Number<N> selected = b;
    CARRY_UNROLL
    for (std::size_t i = 0; i < N; ++i) selected[i] ^= (a[i] ^ b[i]) & mask;
    return selected;
  }

  Number<N> p_{};
  std::uint64_t negative_inverse_ = 0;
  Number<N> one_{};
  Number<N> r_squared_{};
};

}  // namespace dumpgate
