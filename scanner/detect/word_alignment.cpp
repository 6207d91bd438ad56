#include "scanner/detect/word_alignment.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

// How far from the own bytes a run of the window may reach, and more.
constexpr std::size_t reach = std::size_t{16} * 1024;
constexpr unsigned zeros_before = 6;  // bytes: of a number below 2^16
constexpr unsigned few_begins = 8;    // in a block

using Stretches = std::array<std::vector<Extent>, 8>;

// The top bit of each zero byte, and of no other.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7fU;
  return ~(((word & low) + low) | word | low);
}

// Calls f(at) for each place of bytes[begin, end) at which a word seems to begin; `begin` and `end` are
// multiples of 8, but for the end of the layer.
template <typename F>
void for_each_begin(std::span<const std::byte> bytes, std::size_t begin, std::size_t end, F&& f) {
  const auto zeros_at = [&](std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    return zero_bytes(word);
  };
  std::uint64_t before = begin >= 8 ? zeros_at(begin - 8) : 0;
  for (std::size_t at = begin; at + 8 <= end; at += 8) {
    const std::uint64_t zeros = zeros_at(at);
    std::uint64_t begins = ~zeros & (zeros << 8U | before >> 56U);
    for (unsigned count = 2; begins != 0 && count <= zeros_before; ++count)
      begins &= zeros << 8 * count | before >> (64 - 8 * count);
    for (; begins != 0; begins &= begins - 1) f(at + static_cast<std::size_t>(std::countr_zero(begins)) / 8);
    before = zeros;
  }
}

constexpr unsigned residue_of(std::uint64_t offset) { return static_cast<unsigned>((8 - offset % 8) % 8); }

// Adds [begin, end) to stretches in the order of their begins, as one with the last if they touch.
void add_stretch(std::vector<Extent>& stretches, std::uint64_t begin, std::uint64_t end) {
  if (stretches.empty() || begin > stretches.back().end()) {
    stretches.push_back(*Extent::make(begin, end - begin));
  } else if (end > stretches.back().end()) {
    begin = stretches.back().begin();
    stretches.back() = *Extent::make(begin, end - begin);
  }
}

// Whether a number may begin there, of four words at the least.
bool is_number(std::span<const std::byte> bytes, std::size_t at) {
  constexpr std::size_t shortest = 32;
  if (at + shortest > bytes.size()) return false;
  for (const std::size_t end = at + shortest; at < end; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (plain_word(word)) return false;
  }
  return true;
}

// A number lies behind the size or count that tells it, whatever else lies in its block.
void add_number(Stretches& stretches, std::uint64_t begin) {
  if (begin % 8 == 0) return;
  add_stretch(stretches.at(residue_of(begin)), begin - std::min<std::uint64_t>(begin, 16),
              begin + number_reach);
}

// Numbers lie across the borders of blocks, and some blocks hold nothing else.
void add_around(Stretches& stretches, unsigned residues, std::uint64_t block) {
  const std::uint64_t from = block - std::min<std::uint64_t>(block, alignment_block);
  for (; residues != 0; residues &= residues - 1)
    add_stretch(stretches.at(static_cast<std::size_t>(std::countr_zero(residues))), from,
                block + 2 * alignment_block);
}

std::vector<Extent> together(std::vector<Extent> one, const std::vector<Extent>& other) {
  one.insert(one.end(), other.begin(), other.end());
  std::ranges::sort(one, {}, &Extent::begin);
  std::vector<Extent> result;
  for (const Extent& each : one) add_stretch(result, each.begin(), each.end());
  return result;
}

// What the map says of the window, and of what words tell the rest. A mapped stretch stays alone: where it
// ends a number may end, whatever lies behind it in the file.
std::vector<Extent> beside(const Window& window, std::span<const Extent> mapped,
                           const std::vector<Extent>& told) {
  const std::uint64_t end = window.offset + window.bytes.size();
  const auto first = std::ranges::upper_bound(mapped, window.offset, {}, &Extent::end);
  std::vector<Extent> result;
  for (auto each = first; each != mapped.end() && each->begin() < end; ++each) result.push_back(*each);
  const std::size_t count = result.size();
  std::size_t next = 0;  // the first mapped stretch that does not end before what is told
  for (const Extent& stretch : told) {
    std::uint64_t from = stretch.begin();
    while (from < stretch.end()) {
      while (next < count && result[next].end() <= from) ++next;
      const std::uint64_t to = next < count ? std::min(result[next].begin(), stretch.end()) : stretch.end();
      if (from < to) result.push_back(*Extent::make(from, to - from));
      from = next < count ? std::max(result[next].end(), to) : to;
    }
  }
  std::ranges::sort(result, {}, &Extent::begin);
  return result;
}

}  // namespace

unsigned alignment_told(const WordBegins& begins) {
  const unsigned most = std::ranges::max(begins), all = std::accumulate(begins.begin(), begins.end(), 0U);
  if (most < few_begins || 3 * most < all) return 0;  // code has such bytes anywhere
  unsigned told = 0;
  for (unsigned at = 0; at < begins.size(); ++at)
    if (2 * begins.at(at) >= most) told |= 1U << residue_of(at);
  return told & ~1U;
}

void WordAlignment::read(const Window& window) {
  const std::uint64_t own_begin = window.offset + window.own_begin, own_end = window.offset + window.own_end;
  const std::uint64_t end = std::min(window.offset + window.bytes.size(), own_end + reach);
  std::uint64_t block =
      (own_begin - std::min<std::uint64_t>(own_begin, reach)) / alignment_block * alignment_block;
  Stretches numbers, around;
  for (; block < end; block += alignment_block) {
    if (block < window.offset) continue;
    const auto begin = static_cast<std::size_t>(block - window.offset);
    const std::size_t size = std::min(window.bytes.size() - begin, alignment_block);
    WordBegins begins{};
    for_each_begin(window.bytes, begin, begin + size, [&](std::size_t at) {
      ++begins.at((window.offset + at) % 8);
      if (is_number(window.bytes, at)) add_number(numbers, window.offset + at);
    });
    const bool mapped = window.regions != nullptr && window.regions->covers(*Extent::make(block, size));
    if (!mapped) add_around(around, alignment_told(begins), block);
  }
  for (unsigned residue = 1; residue < told_.size(); ++residue) {
    auto& stretches = told_.at(residue);
    stretches = together(std::move(numbers.at(residue)), around.at(residue));
    if (window.regions != nullptr && !stretches.empty())
      stretches = beside(window, window.regions->aligned(residue), stretches);
  }
}

std::span<const Extent> aligned_stretches(const Window& window, unsigned residue) {
  static const std::array everywhere{*Extent::make(0, std::numeric_limits<std::uint64_t>::max())};
  if (residue % 8 == 0) return everywhere;
  if (window.alignment != nullptr && !window.alignment->told(residue).empty())
    return window.alignment->told(residue);
  return window.regions == nullptr ? std::span<const Extent>() : window.regions->aligned(residue);
}

bool is_aligned(const Window& window, unsigned residue, std::uint64_t offset) {
  const auto stretches = aligned_stretches(window, residue);
  const auto each = std::ranges::upper_bound(stretches, offset, {}, &Extent::end);
  return each != stretches.end() && each->contains(offset);
}

}  // namespace dumpgate
