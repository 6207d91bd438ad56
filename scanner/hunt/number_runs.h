// NumberRuns: the stretches of memory in which a key stored as a bare number can lie. The one rule: a run
// belongs to the window whose own bytes it begins in (its tail, where it is long, to the one it ends in), and
// depends on nothing but the layer's bytes and its map.
//
// Four kinds are gathered. A memory run is a stretch of 64-bit words that are not plain
// (detect/random_words.h) between plain ones, at the alignment of the dumped machine's memory. Heaps separate
// numbers by sizes and pointers, so runs are short; of runs longer than longest_run words (ciphertext,
// compressed data) the two ends are kept, where a number may touch them. Where a plain word is more likely a
// number's than one between numbers, the two runs are kept as one too. A digit run is a stretch of cells
// that all leave the same bits unused: numbers of libraries that keep 60, 30 or 28 bits in a word
// (hunt/layouts.h). A coordinate run is a stretch of the digits of points (hunt/coordinate_runs.h). A text
// run is what a short base64 text encodes (hunt/text_runs.h).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/detect/window.h"

namespace dumpgate {

inline constexpr std::size_t shortest_run = 4;   // words: a 256-bit scalar
inline constexpr std::size_t longest_run = 512;  // words: 4 KiB, an RSA-4096 key packed without headers
inline constexpr std::size_t small_run =
    12;  // words: hunters try every fitting place in it, of longer ones the ends

// NumberRun::digits of a coordinate run: its numbers are only looked up, no private number is tried in them.
inline constexpr std::uint8_t coordinate_digits = 0xff;

enum class Cut : std::uint8_t { none, begin, end };

// A view of one run; valid while its store does not change.
struct NumberRun {
  std::uint64_t offset = 0;                // in the layer, of the first word
  std::span<const std::uint64_t> words{};  // as numbers: already in the byte order of the dumped machine
  std::uint64_t before = 0;                // the word before the run and the one that ended it;
  std::uint64_t after = 0;                 // 0 at the ends of the data and where a long run was cut
  std::uint8_t digits = 0;                 // 0: memory; coordinate_digits; else digit layout `digits` - 1
  Cut cut = Cut::none;                     // which end is none of the stretch's, of a long one
  ByteOrder order = ByteOrder::little;     // of the dumped machine
  bool text = false;                       // what base64 at `offset` encodes

  // Where a byte of the run's words lies in the layer, and how much room some of them take there.
  std::uint64_t place(std::uint64_t byte) const { return offset + (text ? byte * 4 / 3 : byte); }
  std::uint64_t length(std::uint64_t bytes) const { return text ? (bytes * 4 + 2) / 3 : bytes; }
};

// Runs, packed one after another in memory that is wiped when released. One thread at a time.
class RunStore {
 public:
  void add(const NumberRun& run);
  void append(const RunStore& other);
  void clear();

  std::size_t memory() const { return packed_.size() * sizeof(std::uint64_t); }  // bytes
  bool empty() const { return packed_.empty(); }

  // for_each calls f(NumberRun) in the order of adding.
  template <typename F>
  void for_each(F&& f) const {
    for (std::size_t at = 0; at < packed_.size();) {
      const NumberRun run = unpacked(at);
      f(run);
      at += head + run.words.size();
    }
  }

 private:
  static constexpr std::size_t head = 4;  // words: offset, kind and count, before, after
  NumberRun unpacked(std::size_t at) const;

  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> packed_{};
};

// gather_runs adds the window's runs that hold at least one number that looks random, by their offsets: so
// the runs of a layer come in an order that does not depend on windows.
void gather_runs(const Window& window, RunStore& runs);

}  // namespace dumpgate
