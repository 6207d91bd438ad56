// Which words of memory can belong to a key. Keys are uniformly random; most memory is not. These tests throw
// away pointers, small numbers, text and code before any arithmetic. The one rule: each test states how often
// a truly random number fails it (its loss), and docs/hunt.md repeats the sum.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dumpgate {

// The classic test for zero bytes: a mark in each; a borrow can only mark a byte above a true zero byte.
constexpr std::uint64_t marked_zero_bytes(std::uint64_t word) {
  return (word - 0x0101010101010101U) & ~word & 0x8080808080808080U;
}

constexpr std::uint64_t without_lowest_bits(std::uint64_t bits, unsigned count) {
  for (; count > 0; --count) bits &= bits - 1;
  return bits;
}

// plain_word: a 64-bit word that a random number is not: its top 16 bits are all zero or all one (pointers,
// small and negative numbers), or three of its bytes are zero. Loss: 2 * 2^-16 + 56 * 2^-24 = 3.4e-5 a word.
constexpr bool plain_word(std::uint64_t word) {
  const std::uint64_t top = word >> 48U;
  return top == 0 || top == 0xffffU || without_lowest_bits(marked_zero_bytes(word), 2) != 0;
}

// plain_by_chance: whether a plain word is more likely a random number's than what stands between numbers in
// memory: sizes, pointers of Linux on x86-64, negative numbers, text of UTF-16. Of the plain words in random
// numbers 98 % are so.
constexpr bool plain_by_chance(std::uint64_t word) {
  const std::uint64_t top = word >> 48U, next = word >> 40U & 0xffU;
  if (top == 0) return next != 0 && next != 0x55 && next != 0x56 && next != 0x7f;
  if (top == 0xffffU) return next != 0xff;
  const std::uint64_t zeros = marked_zero_bytes(word);
  return without_lowest_bits(zeros, 2) != 0 && without_lowest_bits(zeros, 3) == 0;
}

// RandomTest: byte statistics of the windows of one run of words: the counts of bytes above 0x7f, of one bits
// and of different byte values, and how much the bytes are those of x86-64 code. All but one come from
// running sums. Refers to the words; one thread at a time; reuse it to save allocations.
class RandomTest {
 public:
  void read(std::span<const std::uint64_t> words);

  // looks_random: whether words [at, at + count) may be part of a random number; 4 to 128 words are judged,
  // of longer windows the first 128. Loss for a random number: below 3e-5 for 4 words and below 1e-5 for 8
  // and more.
  bool looks_random(std::size_t at, std::size_t count) const;

 private:
  struct Sums {
    std::uint32_t ones = 0;
    std::uint32_t high = 0;
    std::int64_t code = 0;
  };
  std::span<const std::uint64_t> words_{};
  std::vector<Sums> sums_{};  // of all words before each
};

bool looks_random(std::span<const std::uint64_t> words);

// without_small_factor: whether no odd prime up to 53 divides the number. Of random odd numbers 28 % pass; of
// primes and of RSA moduli all do.
bool without_small_factor(std::span<const std::uint64_t> limbs);

}  // namespace dumpgate
