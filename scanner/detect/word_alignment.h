// WordAlignment: where the words of memory begin in one window's bytes. A map says it where there is one; of
// memory that no map knows (a dump behind a header of odd length, in a container that no reader opens, of a
// 32-bit machine) the words themselves tell. The one rule: they add places to look at and never take one
// away, and what they tell depends on nothing but the layer's bytes and its map.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/base/extent.h"
#include "scanner/detect/window.h"

namespace dumpgate {

// What one block of memory tells. Of each residue of the offset modulo 8, how many words seem to begin there:
// bytes that are not zero behind six that are, since most words of memory are small numbers and zeros. Of
// random bytes one block in 10^11 has one.
using WordBegins = std::array<unsigned, 8>;
inline constexpr std::size_t alignment_block = 4096;  // bytes, at multiples of it

// count_word_begins counts in bytes[begin, begin + alignment_block) as far as there are whole words; `begin`
// stands for an offset that is a multiple of 8, and the bytes before it are looked at too.
WordBegins count_word_begins(std::span<const std::byte> bytes, std::size_t begin);

// alignment_told: the residues at which most words begin by such counts, bit r for words at offset + r = 0
// modulo 8; none where no residue has a third of them. Never residue 0, which is looked at in any case.
unsigned alignment_told(const WordBegins& begins);

// What the words of one window tell, besides its map. One thread reads; then safe for concurrent use.
class WordAlignment {
 public:
  // read looks at those of the window's bytes that no region covers.
  void read(const Window& window);

  // What RegionIndex::aligned says of the window, and what its words tell besides; empty where they tell
  // nothing more.
  std::span<const Extent> told(unsigned residue) const { return told_.at(residue % 8); }

 private:
  std::array<std::vector<Extent>, 8> told_{};
};

// aligned_stretches: the stretches of the window's layer, at least those that touch the window, in which
// words begin at offset + residue = 0 modulo 8, by all that the window knows: merged, ascending. Residue 0 is
// everywhere.
std::span<const Extent> aligned_stretches(const Window& window, unsigned residue);

}  // namespace dumpgate
