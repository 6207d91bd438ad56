#include "scanner/engine/stitches.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace dumpgate {
namespace {

// Seams at one address. One part ends there and one begins, or a few where a dump holds a stack or a page
// twice.
constexpr std::size_t most_at_an_address = 16;

// What a seam takes of the budget at least: about what its record does. Hostile regions ask for many seams of
// a few bytes, n * m of them where n regions end at an address and m begin there.
constexpr std::size_t least_cost = 256;

bool has_address(const Region& region) { return region.space != AddressSpace::none && !region.bytes.empty(); }

auto address_of(const Region* region) { return std::pair(region->space, region->address); }

// Regions in the order of addresses, then of the file. Of those that begin at one place of both, the longest
// holds all that the others do.
std::vector<const Region*> by_beginning(const std::vector<Region>& regions) {
  std::vector<const Region*> sorted;
  for (const Region& region : regions)
    if (has_address(region)) sorted.push_back(&region);
  const auto beginning = [](const Region* region) {
    return std::pair(address_of(region), region->bytes.begin());
  };
  std::ranges::sort(sorted, [&](const Region* a, const Region* b) {
    return std::pair(beginning(a), b->bytes.size()) < std::pair(beginning(b), a->bytes.size());
  });
  const auto shorter = std::ranges::unique(sorted, {}, beginning);
  sorted.erase(shorter.begin(), shorter.end());
  return sorted;
}

}  // namespace

Stitches::Stitches(const DumpMap& map, std::size_t budget)
    : order_(map.order), word_bits_(map.word_bits), left_(budget) {
  join_all(map.regions);
  for (Seam& seam : seams_)
    for (Side* side : {&seam.before, &seam.after}) by_begin_.emplace_back(side->begin, side);
  std::ranges::sort(by_begin_, {}, &std::pair<std::uint64_t, Side*>::first);
}

void Stitches::join_all(const std::vector<Region>& regions) {
  const std::vector<const Region*> begins = by_beginning(regions);
  std::map<std::pair<AddressSpace, std::uint64_t>, std::size_t> seams_at;
  for (const Region& first : regions) {
    if (!has_address(first)) continue;
    const auto next = std::pair(first.space, first.address + first.bytes.size());
    for (const Region* second : std::ranges::equal_range(begins, next, {}, address_of)) {
      // Where it follows in the file as well, the windows of the layer show the seam.
      if (second->bytes.begin() == first.bytes.end()) continue;
      if (++seams_at[next] > most_at_an_address) {
        overflowed_ = true;
        break;
      }
      if (!join(first, *second)) return;
    }
  }
}

bool Stitches::join(const Region& first, const Region& second) {
  const std::size_t tail = static_cast<std::size_t>(std::min<std::uint64_t>(reach, first.bytes.size()));
  const std::size_t head = static_cast<std::size_t>(std::min<std::uint64_t>(reach, second.bytes.size()));
  const std::size_t cost = std::max(tail + head, least_cost);
  if (cost > left_) {
    overflowed_ = true;
    return false;
  }
  left_ -= cost;
  seams_.push_back({.before = {.begin = first.bytes.end() - tail, .size = tail},
                    .after = {.begin = second.bytes.begin(), .size = head},
                    .address = first.address + (first.bytes.size() - tail),
                    .space = first.space});
  return true;
}

void Stitches::copy(Side& side, const Window& window) {
  const std::uint64_t own_begin = window.offset + window.own_begin;
  const std::uint64_t own_end = window.offset + window.own_end;
  const std::uint64_t begin = std::max(side.begin, own_begin);
  const std::uint64_t end = std::min(side.begin + side.size, own_end);
  if (begin >= end) return;
  side.bytes.resize(side.size);
  std::memcpy(side.bytes.data() + (begin - side.begin), window.bytes.data() + (begin - window.offset),
              static_cast<std::size_t>(end - begin));
  side.filled += static_cast<std::size_t>(end - begin);
}

void Stitches::show(const Window& window) {
  const std::uint64_t own_begin = window.offset + window.own_begin;
  const std::uint64_t own_end = window.offset + window.own_end;
  const std::uint64_t earliest = own_begin > reach ? own_begin - reach : 0;
  for (auto side = std::ranges::lower_bound(by_begin_, earliest, {}, &std::pair<std::uint64_t, Side*>::first);
       side != by_begin_.end() && side->first < own_end; ++side)
    copy(*side->second, window);
}

bool Stitches::next(SecretBytes& buffer, Window& window) {
  for (; turn_ < seams_.size(); ++turn_) {
    const Seam& seam = seams_[turn_];
    // A part that the file does not hold is a gap already: the dump is truncated.
    if (seam.before.filled != seam.before.size || seam.after.filled != seam.after.size) continue;
    buffer = seam.before.bytes;
    buffer.insert(buffer.end(), seam.after.bytes.begin(), seam.after.bytes.end());
    window = Window{};
    window.bytes = buffer;
    window.own_end = buffer.size();
    window.offset = seam.before.begin;
    seam_ = seam.before.begin + seam.before.size;
    const auto whole = Extent::make(window.offset, buffer.size());
    if (!whole) continue;
    joined_ = DumpMap{.format = "seam", .order = order_, .word_bits = word_bits_};
    joined_.regions.push_back({.bytes = *whole, .space = seam.space, .address = seam.address});
    joined_index_ = std::make_unique<RegionIndex>(joined_);
    window.regions = joined_index_.get();
    ++turn_;
    return true;
  }
  return false;
}

bool Stitches::spans_seam(std::uint64_t offset, std::uint64_t length) const {
  return offset < seam_ && offset + length > seam_;
}

}  // namespace dumpgate
