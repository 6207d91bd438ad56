#include "scanner/detect/word_alignment.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {
namespace {

// How far from the own bytes a run of the window may reach, and more.
constexpr std::size_t reach = std::size_t{16} * 1024;
constexpr unsigned few_begins = 8;  // in a block

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
    return zero_bytes(load<std::uint64_t>(bytes.data() + at, ByteOrder::little));
  };
  std::uint64_t before = begin >= 8 ? zeros_at(begin - 8) : 0;
  WordBegins counts{};
  for (std::size_t at = begin; at + 8 <= end;) {
    std::uint64_t lanes = 0;  // one byte for each residue
    for (unsigned i = 0; i < 255 && at + 8 <= end; ++i, at += 8) {
      const std::uint64_t zeros = zeros_at(at);
      const auto behind = [&](unsigned count) { return zeros << 8 * count | before >> (64 - 8 * count); };
      lanes += (~zeros & behind(1) & behind(2) & behind(3) & 0x8080808080808080U) >> 7U;
      before = zeros;
    }
    for (unsigned lane = 0; lane < 8; ++lane) counts.at(lane) += lanes >> (8 * lane) & 0xffU;
  }
  return counts;
}

unsigned alignment_told(const WordBegins& begins) {
  const auto most = static_cast<unsigned>(std::ranges::max_element(begins) - begins.begin());
  if (begins.at(most) < few_begins) {
    unsigned told = 0;
    for (unsigned at = 0; at < begins.size(); ++at)
      if (begins.at(at) != 0) told |= 1U << (8 - at) % 8;
    return told & ~1U;
  }
  unsigned told = 1U << (8 - most) % 8;
  // Words of 32 bits begin at both halves of a word of 64, though more of them may end in zeros at one.
  const unsigned half = (most + 4) % 8;
  if (2 * begins.at(half) >= begins.at(most)) told |= 1U << (8 - half) % 8;
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
