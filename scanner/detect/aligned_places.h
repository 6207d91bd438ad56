// Where in a window's own bytes words of 32 bits can begin: at the file's own alignment everywhere, and
// besides wherever the map or the words themselves say so. The one rule is that of aligned_stretches: what
// says so adds places and takes none away.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scanner/detect/window.h"
#include "scanner/detect/word_alignment.h"

namespace dumpgate {

// for_each_aligned calls f(begin, end) for stretches of the own bytes, as positions in Window::bytes: words
// begin at `begin` and at every fourth byte from there, below `end`. Stretches come in an order that depends
// on the layer alone, and no place comes twice.
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
  for (unsigned residue = 1; residue < 4; ++residue) {
    std::vector<Extent> stretches;
    for (const unsigned half : {residue, residue + 4}) {
      const auto all = aligned_stretches(window, half);
      auto stretch = std::ranges::upper_bound(all, first, {}, &Extent::end);
      for (; stretch != all.end() && stretch->begin() < last; ++stretch) stretches.push_back(*stretch);
    }
    std::ranges::sort(stretches, {}, &Extent::begin);
    std::uint64_t done = first;
    for (const Extent& stretch : stretches) {
      show(std::max(stretch.begin(), done), std::min(stretch.end(), last), residue);
      done = std::max(done, stretch.end());
    }
  }
}

}  // namespace dumpgate
