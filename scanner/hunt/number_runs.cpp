#include "scanner/hunt/number_runs.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

// Part of a window in which words are aligned alike: first word at `begin`, words up to `end`.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;  // bytes of the window; end - begin is a multiple of 8
  std::size_t own_begin = 0;
  std::size_t own_end = 0;  // runs that begin here are the window's
};

std::uint64_t word_at(const Window& window, std::size_t at, ByteOrder order) {
  if (order == ByteOrder::big) return load<std::uint64_t>(window.bytes.data() + at, ByteOrder::big);
  std::uint64_t word = 0;
  std::memcpy(&word, window.bytes.data() + at, sizeof word);
  return word;
}

// Whether any window of the run can be a number.
bool worth_keeping(std::span<const std::uint64_t> words, RandomTest& test) {
  test.read(words);
  for (std::size_t at = 0; at + shortest_run <= words.size(); ++at)
    if (test.looks_random(at, shortest_run)) return true;
  return false;
}

void gather_stretch(const Window& window, const Stretch& stretch, ByteOrder order, RunStore& runs) {
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> words;
  words.reserve(longest_run);
  RandomTest test;
  const auto plain_at = [&](std::size_t at) { return plain_word(word_at(window, at, order)); };
  // A run that began before the own bytes belongs to another window: step over its rest.
  std::size_t at = stretch.begin +
                   (stretch.own_begin > stretch.begin ? (stretch.own_begin - stretch.begin + 7) / 8 * 8 : 0);
  if (at > stretch.begin)
    while (at < stretch.own_end && at + 8 <= stretch.end && !plain_at(at - 8) && !plain_at(at)) at += 8;
  while (at < stretch.own_end && at + 8 <= stretch.end) {
    const std::uint64_t first = word_at(window, at, order);
    if (plain_word(first)) {
      at += 8;
      continue;
    }
    const std::size_t begin = at;
    words.clear();
    std::uint64_t after = 0;
    for (; at + 8 <= stretch.end; at += 8) {
      const std::uint64_t word = word_at(window, at, order);
      if (plain_word(word)) {
        after = word;
        break;
      }
      if (words.size() <= longest_run) words.push_back(word);
      if (words.size() > longest_run && at >= stretch.own_end) break;
    }
    if (words.size() >= shortest_run && words.size() <= longest_run && worth_keeping(words, test))
      runs.add(window.offset + begin, words, after);
  }
}

}  // namespace

void RunStore::add(std::uint64_t offset, std::span<const std::uint64_t> words, std::uint64_t after) {
  packed_.push_back(offset);
  packed_.push_back(words.size());
  packed_.push_back(after);
  packed_.insert(packed_.end(), words.begin(), words.end());
}

void RunStore::append(const RunStore& other) {
  packed_.insert(packed_.end(), other.packed_.begin(), other.packed_.end());
}

void RunStore::clear() {
  wipe(packed_.data(), packed_.size() * sizeof(std::uint64_t));
  packed_.clear();
}

namespace {

// The window's part of one stretch of the layer, from its first place of the residue on.
void gather_residue(const Window& window, Extent stretch, unsigned residue, ByteOrder order, RunStore& runs) {
  const std::uint64_t window_end = window.offset + window.bytes.size();
  if (stretch.end() <= window.offset + window.own_begin || stretch.begin() >= window.offset + window.own_end)
    return;
  const std::uint64_t from = std::max(stretch.begin(), window.offset);
  // Words begin where offset + residue is a multiple of 8.
  const std::uint64_t begin = from + (8 - (from + residue) % 8) % 8;
  const std::uint64_t end = std::min(stretch.end(), window_end);
  if (begin >= end) return;
  gather_stretch(window,
                 {.begin = static_cast<std::size_t>(begin - window.offset),
                  .end = static_cast<std::size_t>(end - window.offset),
                  .own_begin = window.own_begin,
                  .own_end = std::min(window.own_end, static_cast<std::size_t>(end - window.offset))},
                 order, runs);
}

void gather_stretches(const Window& window, std::span<const Extent> stretches, unsigned residue,
                      ByteOrder order, RunStore& runs) {
  const std::uint64_t own_begin = window.offset + window.own_begin;
  auto stretch = std::ranges::upper_bound(stretches, own_begin, {}, &Extent::end);
  for (; stretch != stretches.end() && stretch->begin() < window.offset + window.own_end; ++stretch)
    gather_residue(window, *stretch, residue, order, runs);
}

}  // namespace

void gather_runs(const Window& window, RunStore& runs) {
  const Extent everywhere = *Extent::make(0, std::numeric_limits<std::uint64_t>::max());
  if (window.regions == nullptr) {
    gather_residue(window, everywhere, 0, ByteOrder::little, runs);
    return;
  }
  const DumpMap& map = window.regions->map();
  const bool narrow = map.word_bits == 32;  // heaps of 32-bit machines align numbers to 4 bytes
  for (unsigned residue = 0; residue < 8; ++residue) {
    if (!(narrow && residue == 4))
      gather_stretches(window, window.regions->aligned(residue), residue, map.order, runs);
    if (narrow && residue != 0)
      gather_stretches(window, window.regions->aligned(residue + 4), residue, map.order, runs);
  }
}

}  // namespace dumpgate
