// StretchReader: the 64-bit words of a part of a window in which memory is aligned alike, as numbers. The one
// rule: what lies outside the stretch is never read; it may be other memory.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/detect/window.h"

namespace dumpgate {

// Part of a window in which words are aligned alike: first word at `begin`, words up to `end`.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;  // bytes of the window; end - begin is a multiple of 8
  std::size_t own_begin = 0;
  std::size_t own_end = 0;  // runs that begin here are the window's
};

using StretchWords = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;

// Reads the words of one stretch of one window, and refers to both. Any number of threads.
class StretchReader {
 public:
  StretchReader(const Window& window, const Stretch& stretch, ByteOrder order)
      : window_(window), stretch_(stretch), order_(order) {}

  const Stretch& stretch() const { return stretch_; }
  ByteOrder order() const { return order_; }
  // The word at `at`, an index into the window's bytes; inside(at) holds.
  std::uint64_t word(std::size_t at) const {
    if (order_ == ByteOrder::big) return load<std::uint64_t>(window_.bytes.data() + at, ByteOrder::big);
    std::uint64_t word = 0;
    std::memcpy(&word, window_.bytes.data() + at, sizeof word);
    return word;
  }
  // What lies from `at` to the stretch's end.
  std::span<const std::byte> bytes(std::size_t at) const {
    return window_.bytes.subspan(at, stretch_.end - at);
  }
  bool inside(std::size_t at) const { return at + 8 <= stretch_.end; }
  std::uint64_t offset(std::size_t at) const { return window_.offset + at; }
  // The word at `at`, 0 outside the stretch.
  std::uint64_t word_or_zero(std::size_t at) const {
    return at >= stretch_.begin && inside(at) ? word(at) : 0;
  }
  std::uint64_t word_before(std::size_t at) const { return at >= stretch_.begin + 8 ? word(at - 8) : 0; }
  // The first word boundary at or behind the own bytes' begin.
  std::size_t first_own() const {
    if (stretch_.own_begin <= stretch_.begin) return stretch_.begin;
    return stretch_.begin + (stretch_.own_begin - stretch_.begin + 7) / 8 * 8;
  }

  void read(std::size_t begin, std::size_t end, StretchWords& words) const {
    words.clear();
    for (std::size_t at = begin; at < end; at += 8) words.push_back(word(at));
  }

 private:
  const Window& window_;
  const Stretch& stretch_;
  ByteOrder order_;
};

}  // namespace dumpgate
