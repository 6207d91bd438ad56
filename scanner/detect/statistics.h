// Statistics of blocks of bytes: how random they look, for people (dumpgate entropy) and for hints. The one
// rule: every figure is compared with what truly random bytes of the same length show, computed and not
// guessed, so that a block of 32 bytes and one of 2 MiB are judged alike. None of this proves anything.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace dumpgate {

struct BlockStatistics {
  std::uint64_t bytes = 0;
  double entropy = 0;             // Shannon entropy of the byte values, in bits a byte: 0 to 8
  double randomness = 0;          // entropy divided by expected_entropy(bytes): about 1 for random bytes
  double chi_square = 0;          // see chi_square_deviation; within +-5 for random bytes
  double serial_correlation = 0;  // of each byte with the next: -1 to 1, about 0 for random bytes
  double zero_share = 0;          // of all bytes: 0 to 1
  double printable_share = 0;     // ASCII 0x20 to 0x7e, tab, line feed, carriage return
};

// What a block mostly is, as far as statistics can tell.
enum class BlockClass : std::uint8_t {
  zero,        // nothing but zero bytes
  sparse,      // nine zero bytes of ten
  text,        // printable but for zeros: also UTF-16 of Latin scripts
  structured,  // code, pointers, tables: everything else
  dense,       // compressed or packed: close to random, and not random
  random,      // cannot be told from random: ciphertext, keys, also well compressed data
};
inline constexpr std::size_t block_classes = 6;
std::string_view to_string(BlockClass of);  // "zero", ...

BlockClass classify(const BlockStatistics& block);

// The mean of the Shannon entropy of `bytes` random bytes, in bits a byte; 0 for none. Shannon's estimate
// from counts is biased: 32 random bytes show 4.9 bits and not 8. Exactly, for counts that are binomial with
// p = 1/256: E[H] = -256 * sum over k of P(k) * k/n * log2(k/n). Above 64 KiB the first two terms of its
// expansion are used, 8 - 255 / (2 n ln 2) (Miller, "Note on the bias of information estimates", 1955).
double expected_entropy(std::uint64_t bytes);

// Pearson's X^2 of the byte values against the uniform distribution, as a number of standard deviations from
// its mean. For random bytes mean and variance are exact for any n: 255 and 510 * (1 - 1/n) (Haldane, "The
// exact value of the moments of the distribution of X^2", 1937). Infinite for fewer than two bytes.
double chi_square_deviation(std::span<const std::uint64_t, 256> counts, std::uint64_t bytes);

// ByteTally counts the bytes of one block while they pass. One thread at a time.
class ByteTally {
 public:
  void add(std::span<const std::byte> bytes);
  void append(const ByteTally& next);  // `next` counted the bytes that follow

  std::uint64_t bytes() const { return bytes_; }
  BlockStatistics statistics() const;

 private:
  double serial_correlation() const;

  std::array<std::uint64_t, 256> counts_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t products_ = 0;  // sum of each byte times the next: fits for blocks below 2^48 bytes
  unsigned first_ = 0;
  unsigned last_ = 0;
};

// BlockSeries cuts a stream into blocks of equal size (the last may be shorter), aligned to the stream's
// begin. With a bound on their number, blocks are doubled whenever there would be more, so that a stream of
// unknown length ends up as at most `most` blocks; memory is 2 KiB for each of them.
class BlockSeries {
 public:
  using Sink = std::function<void(std::uint64_t offset, const BlockStatistics& block)>;

  // `block` is at least 1. `most` 0: no bound, and each block is shown as soon as it is complete; else all
  // are shown by finish().
  BlockSeries(std::uint64_t block, std::size_t most, Sink sink);

  void add(std::span<const std::byte> bytes);
  void finish();

  std::uint64_t block() const { return block_; }  // bytes of a block, after all doublings so far

 private:
  void close_block();
  void double_blocks();

  std::uint64_t block_;
  std::size_t most_;
  Sink sink_;
  ByteTally open_{};
  std::vector<ByteTally> closed_{};
  std::uint64_t offset_ = 0;  // of the block that is shown next
};

}  // namespace dumpgate
