#include "scanner/dump/region.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace dumpgate {

RegionIndex::RegionIndex(const DumpMap& map) : map_(map) {
  form_spans();
  shifts_.emplace_back(0, 0);
  // The shift can only change where another region lies uppermost.
  for (const Span& span : spans_) {
    unsigned shift = 0;
    if (span.region != no_region) {
      const Region& region = map.regions[span.region];
      shift = static_cast<unsigned>((region.address - region.bytes.begin()) & 15U);
    }
    if (span.begin == 0)
      shifts_.back().second = shift;
    else if (shifts_.back().second != shift)
      shifts_.emplace_back(span.begin, shift);
  }
  aligned_[0].push_back(*Extent::make(0, std::numeric_limits<std::uint64_t>::max()));
  for (const Region& region : map.regions) {
    const auto residue = static_cast<std::size_t>((region.address - region.bytes.begin()) % 8);
    if (region.space == AddressSpace::none || region.bytes.empty() || residue == 0) continue;
    auto& stretches = aligned_.at(residue);
    if (stretches.empty() || region.bytes.begin() > stretches.back().end()) {
      stretches.push_back(region.bytes);
    } else if (region.bytes.end() > stretches.back().end()) {
      const std::uint64_t begin = stretches.back().begin();
      stretches.back() = *Extent::make(begin, region.bytes.end() - begin);
    }
  }
  form_pieces();
}

// One walk over the places where regions begin and end. Those that cover the place lie on a stack, the last
// to begin uppermost; one that ended below another is taken away when it comes to light.
void RegionIndex::form_spans() {
  const std::vector<Region>& regions = map_.regions;
  std::vector<std::uint64_t> edges;
  edges.reserve(regions.size() * 2);
  for (const Region& region : regions) edges.insert(edges.end(), {region.bytes.begin(), region.bytes.end()});
  std::ranges::sort(edges);
  const auto same = std::ranges::unique(edges);
  edges.erase(same.begin(), same.end());
  std::vector<std::size_t> covering;
  std::size_t next = 0;
  for (const std::uint64_t edge : edges) {
    for (; next < regions.size() && regions[next].bytes.begin() == edge; ++next)
      if (!regions[next].bytes.empty()) covering.push_back(next);
    while (!covering.empty() && regions[covering.back()].bytes.end() <= edge) covering.pop_back();
    const std::size_t uppermost = covering.empty() ? no_region : covering.back();
    if (spans_.empty() || spans_.back().region != uppermost) spans_.push_back({edge, uppermost});
  }
}

void RegionIndex::form_pieces() {
  for (const Region& region : map_.regions) {
    const auto addresses = Extent::make(region.address, region.bytes.size());
    if (region.space == AddressSpace::virtual_memory && !region.bytes.empty() && addresses)
      pieces_.push_back({*addresses, region.bytes.begin()});
  }
  std::ranges::sort(pieces_, {},
                    [](const Piece& piece) { return std::pair(piece.addresses.begin(), piece.offset); });
  // What an earlier one has already is left out of each; what goes on in memory and in the layer is joined.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece piece = pieces_[i];
    const std::uint64_t known = kept == 0 ? 0 : pieces_[kept - 1].addresses.end();
    if (piece.addresses.end() <= known) continue;
    const std::uint64_t begin = std::max(piece.addresses.begin(), known);
    const std::uint64_t offset = piece.offset + (begin - piece.addresses.begin());
    if (kept > 0 && begin == known &&
        offset == pieces_[kept - 1].offset + pieces_[kept - 1].addresses.size()) {
      const std::uint64_t first = pieces_[kept - 1].addresses.begin();
      pieces_[kept - 1].addresses = *Extent::make(first, piece.addresses.end() - first);
    } else {
      pieces_[kept++] = {*Extent::make(begin, piece.addresses.end() - begin), offset};
    }
  }
  pieces_.resize(kept);
}

std::optional<std::uint64_t> RegionIndex::offset_of(std::uint64_t address, std::uint64_t size) const {
  const auto after =
      std::ranges::upper_bound(pieces_, address, {}, [](const Piece& p) { return p.addresses.begin(); });
  if (after == pieces_.begin()) return std::nullopt;
  const Piece& piece = *std::prev(after);
  const std::uint64_t into = address - piece.addresses.begin();
  if (into >= piece.addresses.size() || size > piece.addresses.size() - into) return std::nullopt;
  return piece.offset + into;
}

const Region* RegionIndex::find(std::uint64_t offset) const {
  const auto after = std::ranges::upper_bound(spans_, offset, {}, &Span::begin);
  if (after == spans_.begin()) return nullptr;
  const std::size_t region = std::prev(after)->region;
  return region == no_region ? nullptr : &map_.regions[region];
}

std::optional<Place> RegionIndex::locate(std::uint64_t offset) const {
  const Region* region = find(offset);
  if (region == nullptr) return std::nullopt;
  return Place{region->space, region->address + (offset - region->bytes.begin()),
               map_.mappings.at(region->mapping)};
}

bool RegionIndex::covers(Extent bytes) const {
  auto span = std::ranges::upper_bound(spans_, bytes.begin(), {}, &Span::begin);
  if (span == spans_.begin()) return bytes.empty();
  for (--span; span != spans_.end() && span->begin < bytes.end(); ++span)
    if (span->region == no_region || map_.regions[span->region].space == AddressSpace::none) return false;
  return true;
}

RegionIndex::Alignment RegionIndex::alignment(std::uint64_t offset) const {
  const auto after =
      std::ranges::upper_bound(shifts_, offset, {}, &std::pair<std::uint64_t, unsigned>::first);
  const std::uint64_t end = after == shifts_.end() ? std::numeric_limits<std::uint64_t>::max() : after->first;
  return {.shift = std::prev(after)->second, .end = end};
}

}  // namespace dumpgate
