// Where in a window's own bytes words of 32 bits can begin: at the file's own alignment everywhere, and
// besides wherever the map or the words themselves say so. The one rule is that of aligned_stretches: nothing
// in a dump can take a place away.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "scanner/detect/window.h"
#include "scanner/detect/word_alignment.h"

namespace dumpgate {

// for_each_aligned calls f(begin, end) for stretches of the own bytes, as positions in Window::bytes: words
// begin at `begin` and at every fourth byte from there, below `end`. Stretches come in an order that depends
// on the layer alone.
template <typename F>
void for_each_aligned(const Window& window, F&& f) {
  const std::size_t own_end = std::min(window.own_end, window.bytes.size());
  if (window.own_begin >= own_end) return;
  const std::uint64_t first = window.offset + window.own_begin;
  const std::uint64_t last = window.offset + own_end;
  const auto show = [&](std::uint64_t from, std::uint64_t to, unsigned residue) {
    const std::uint64_t begin = from + (4 - (from + residue) % 4) % 4;
    if (begin < to)
      f(static_cast<std::size_t>(begin - window.offset), static_cast<std::size_t>(to - window.offset));
  };
  show(first, last, 0);
  for (unsigned residue = 1; residue < 8; ++residue) {
    if (residue == 4) continue;  // at multiples of four already
    const auto stretches = aligned_stretches(window, residue);
    auto stretch = std::ranges::upper_bound(stretches, first, {}, &Extent::end);
    for (; stretch != stretches.end() && stretch->begin() < last; ++stretch)
      show(std::max(stretch->begin(), first), std::min(stretch->end(), last), residue);
  }
}

}  // namespace dumpgate
