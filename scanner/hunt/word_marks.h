// WordMarks: a first look at a stretch of memory, for all that look for runs in it. Most words are pointers,
// small numbers or text, and this tells 64 at once which are not. The one rule: a mark leaves nothing out;
// who finds one looks at the words themselves.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scanner/hunt/stretch_reader.h"

namespace dumpgate {

// Of 64 neighbouring words: bit i for word i.
struct WordMarks {
  std::uint64_t number = 0;      // the top 16 bits are neither all zero nor all one (detect/random_words.h)
  std::uint64_t digits = 0;      // the top bit, which all digit layouts leave unused, is not set; no pointer
  std::uint64_t coordinate = 0;  // longer than a pointer, and no longer than a digit of 51 bits
};

// Immutable; safe for concurrent use.
class MarkedStretch {
 public:
  static constexpr std::size_t block_words = 64;
  static constexpr std::size_t block_bytes = 8 * block_words;

  // Looks at the stretch's own bytes, and at a block on either side of them.
  explicit MarkedStretch(const StretchReader& reader);

  // Of the words 64*index and up of the stretch: nothing where it was not looked at, and outside it.
  WordMarks block(std::size_t index) const {
    return index >= first_ && index - first_ < blocks_.size() ? blocks_[index - first_] : WordMarks{};
  }
  std::size_t end() const { return first_ + blocks_.size(); }  // one more than the last index

 private:
  std::size_t first_ = 0;
  std::vector<WordMarks> blocks_{};
};

// Those of `these` words at which four marked ones in a row begin; `behind` are the marks of the next block.
std::uint64_t begins_of_four(std::uint64_t these, std::uint64_t behind);

// Those of `these` words that are marked together with three more in a row that holds them; `before` and
// `behind` are the marks of the blocks on either side.
std::uint64_t four_in_a_row(std::uint64_t before, std::uint64_t these, std::uint64_t behind);

}  // namespace dumpgate
