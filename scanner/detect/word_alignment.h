// WordAlignment: where the words of memory begin in one window's bytes. A map says it of the memory it knows;
// of the rest (a dump behind a header of odd length, in a container that no reader opens, memory of a 32-bit
// machine) the words themselves tell. Most are small numbers and zeros, so a byte that is not zero behind six
// that are begins a word: where most do, words lie, and where four words that are not plain follow, a number.
// The one rule: what is told adds places to look at and takes none away, and depends on nothing but the
// layer's bytes and its map.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/base/extent.h"
#include "scanner/detect/window.h"

namespace dumpgate {

// Of each place modulo 8, how many words seem to begin there in one block. Of random bytes one block in 10^11
// has one.
using WordBegins = std::array<unsigned, 8>;
inline constexpr std::size_t alignment_block = 4096;  // bytes, at multiples of it
inline constexpr std::size_t number_reach = 2048;     // bytes behind a word's begin: an RSA-16384 modulus

// alignment_told: the residues at which words of the block begin, by such counts: bit r for words at
// offset + r = 0 modulo 8. Those at which half as many begin as at the place of most; none where few
// begin, or no place has a third of all. Never residue 0, which is looked at in any case.
unsigned alignment_told(const WordBegins& begins);

// What the words of one window tell. One thread reads; then safe for concurrent use.
class WordAlignment {
 public:
  // read looks at the window's own bytes and 16 KiB around them.
  void read(const Window& window);

  // Stretches of the layer in which words begin at offset + residue = 0 modulo 8, ascending: those of
  // RegionIndex::aligned that touch the window and, apart from them, those that words tell. Nothing where
  // words tell nothing.
  std::span<const Extent> told(unsigned residue) const { return told_.at(residue % 8); }

 private:
  std::array<std::vector<Extent>, 8> told_{};
};

// aligned_stretches: the stretches of the layer, at least those that touch the window, in which words begin
// at offset + residue = 0 modulo 8, by all that the window knows. Ascending; none overlaps another. Residue 0
// is everywhere.
std::span<const Extent> aligned_stretches(const Window& window, unsigned residue);

// Whether the offset lies in one of them.
bool is_aligned(const Window& window, unsigned residue, std::uint64_t offset);

}  // namespace dumpgate
