// NumberRuns: the stretches of memory in which a key stored as bare 64-bit limbs can lie: runs of words that
// are not plain (detect/random_words.h), bounded by plain words, at the alignment of the dumped machine's
// memory. The one rule: a run belongs to the window whose own bytes it begins in, and depends on nothing but
// the layer's bytes and its map.
//
// Numbers are stored by software as little-endian arrays of limbs; on little-endian machines 32- and 64-bit
// limbs are the same bytes. Heaps separate them by sizes and pointers, so runs are short; runs longer than
// longest_run words are ciphertext, compressed or random data and are left out here (docs/limits.md).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/window.h"

namespace dumpgate {

inline constexpr std::size_t shortest_run = 4;   // words: a 256-bit scalar
inline constexpr std::size_t longest_run = 512;  // words: 4 KiB, an RSA-4096 key packed without headers

// A view of one run; valid while its store does not change.
struct NumberRun {
  std::uint64_t offset = 0;                // in the layer, of the first word
  std::span<const std::uint64_t> words{};  // as numbers: already in the byte order of the dumped machine
  std::uint64_t after = 0;                 // the plain word that ended the run; 0 at the end of the data
};

// Runs, packed one after another in memory that is wiped when released. One thread at a time.
class RunStore {
 public:
  void add(std::uint64_t offset, std::span<const std::uint64_t> words, std::uint64_t after);
  void append(const RunStore& other);
  void clear();

  std::size_t memory() const { return packed_.size() * sizeof(std::uint64_t); }  // bytes
  bool empty() const { return packed_.empty(); }

  // for_each calls f(NumberRun) in the order of adding.
  template <typename F>
  void for_each(F&& f) const {
    for (std::size_t at = 0; at < packed_.size();) {
      const std::size_t count = packed_[at + 1];
      f(NumberRun{packed_[at], std::span(packed_).subspan(at + 3, count), packed_[at + 2]});
      at += 3 + count;
    }
  }

 private:
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> packed_{};  // offset, count, after, words...
};

// gather_runs adds the window's runs that hold at least one number that looks random.
void gather_runs(const Window& window, RunStore& runs);

}  // namespace dumpgate
