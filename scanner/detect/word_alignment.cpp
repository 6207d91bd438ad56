#include "scanner/detect/word_alignment.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

namespace dumpgate {
namespace {

// How far from the own bytes a run of the window may reach, and more.
constexpr std::size_t reach = std::size_t{16} * 1024;
constexpr unsigned zeros_before = 6;  // bytes: of a number below 2^16

// The top bit of each zero byte, and of no other.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7fU;
  return ~(((word & low) + low) | word | low);
}

bool is_memory(const RegionIndex& regions, std::uint64_t offset) {
  const auto place = regions.locate(offset);
  return place && place->space != AddressSpace::none;
}

// Whether a map says how the layer's bytes [begin, end) are aligned.
bool is_mapped(const RegionIndex* regions, std::uint64_t begin, std::uint64_t end) {
  return regions != nullptr && is_memory(*regions, begin) && is_memory(*regions, end - 1);
}

// Adds [begin, end) to ascending stretches; it begins no earlier than the last.
void add_stretch(std::vector<Extent>& stretches, std::uint64_t begin, std::uint64_t end) {
  if (stretches.empty() || begin > stretches.back().end()) {
    stretches.push_back(*Extent::make(begin, end - begin));
  } else if (end > stretches.back().end()) {
    begin = stretches.back().begin();
    stretches.back() = *Extent::make(begin, end - begin);
  }
}

// What the map says of the window and what words tell of it, both ascending.
std::vector<Extent> merged(const Window& window, std::span<const Extent> mapped, std::vector<Extent> told) {
  const std::uint64_t end = window.offset + window.bytes.size();
  auto each = std::ranges::upper_bound(mapped, window.offset, {}, &Extent::end);
  for (; each != mapped.end() && each->begin() < end; ++each) told.push_back(*each);
  std::ranges::sort(told, {}, &Extent::begin);
  std::vector<Extent> result;
  for (const Extent& stretch : told) add_stretch(result, stretch.begin(), stretch.end());
  return result;
}

}  // namespace

WordBegins count_word_begins(std::span<const std::byte> bytes, std::size_t begin) {
  const std::size_t end = std::min(bytes.size(), begin + alignment_block);
  const auto zeros_at = [&](std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    return zero_bytes(word);
  };
  WordBegins counts{};
  std::uint64_t before = begin >= 8 ? zeros_at(begin - 8) : 0;
  for (std::size_t at = begin; at + 8 <= end; at += 8) {
    const std::uint64_t zeros = zeros_at(at);
    std::uint64_t begins = ~zeros & (zeros << 8U | before >> 56U);
    for (unsigned count = 2; begins != 0 && count <= zeros_before; ++count)
      begins &= zeros << 8 * count | before >> (64 - 8 * count);
    for (; begins != 0; begins &= begins - 1)
      ++counts.at(static_cast<std::size_t>(std::countr_zero(begins)) / 8);
    before = zeros;
  }
  return counts;
}

unsigned alignment_told(const WordBegins& begins) {
  const unsigned most = std::ranges::max(begins), all = std::accumulate(begins.begin(), begins.end(), 0U);
  if (most == 0 || 3 * most < all) return 0;  // code has such bytes anywhere
  unsigned told = 0;
  for (unsigned at = 0; at < begins.size(); ++at) {
    // Words of 32 bits begin at both halves of a word of 64, though more of them may end in zeros at one.
    const bool half = begins.at((at + 4) % 8) == most && 2 * begins.at(at) >= most;
    if (begins.at(at) == most || half) told |= 1U << (8 - at) % 8;
  }
  return told & ~1U;
}

void WordAlignment::read(const Window& window) {
  for (auto& stretches : told_) stretches.clear();
  const std::uint64_t own_begin = window.offset + window.own_begin, own_end = window.offset + window.own_end;
  const std::uint64_t end = std::min(window.offset + window.bytes.size(), own_end + reach);
  std::uint64_t block =
      (own_begin - std::min<std::uint64_t>(own_begin, reach)) / alignment_block * alignment_block;
  for (; block < end; block += alignment_block) {
    if (block < window.offset || is_mapped(window.regions, block, std::min(end, block + alignment_block)))
      continue;
    const unsigned residues =
        alignment_told(count_word_begins(window.bytes, static_cast<std::size_t>(block - window.offset)));
    // Numbers lie across the borders of blocks, and some blocks hold nothing else.
    const std::uint64_t from = block - std::min<std::uint64_t>(block, alignment_block);
    for (unsigned residue = 1; residue < told_.size(); ++residue)
      if ((residues >> residue & 1U) != 0) add_stretch(told_.at(residue), from, block + 2 * alignment_block);
  }
  if (window.regions == nullptr) return;
  for (unsigned residue = 1; residue < told_.size(); ++residue) {
    auto& stretches = told_.at(residue);
    if (!stretches.empty())
      stretches = merged(window, window.regions->aligned(residue), std::move(stretches));
  }
}

std::span<const Extent> aligned_stretches(const Window& window, unsigned residue) {
  static const std::array everywhere{*Extent::make(0, std::numeric_limits<std::uint64_t>::max())};
  if (residue % 8 == 0) return everywhere;
  if (window.alignment != nullptr && !window.alignment->told(residue).empty())
    return window.alignment->told(residue);
  return window.regions == nullptr ? std::span<const Extent>() : window.regions->aligned(residue);
}

}  // namespace dumpgate
