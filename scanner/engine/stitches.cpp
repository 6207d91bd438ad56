#include "scanner/engine/stitches.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace dumpgate {

Stitches::Stitches(const DumpMap& map, std::size_t budget) : order_(map.order), word_bits_(map.word_bits) {
  std::multimap<std::pair<AddressSpace, std::uint64_t>, const Region*> by_address;
  for (const Region& region : map.regions)
    if (region.space != AddressSpace::none && !region.bytes.empty())
      by_address.emplace(std::pair{region.space, region.address}, &region);
  std::size_t kept = 0;
  for (const Region& first : map.regions) {
    if (first.space == AddressSpace::none || first.bytes.empty()) continue;
    const auto [next, last] = by_address.equal_range({first.space, first.address + first.bytes.size()});
    // Where one of them follows in the file as well, the windows of the layer show the seam.
    if (next == last ||
        std::any_of(next, last, [&](const auto& e) { return e.second->bytes.begin() == first.bytes.end(); }))
      continue;
    const Region& second = *next->second;
    const std::size_t tail = static_cast<std::size_t>(std::min<std::uint64_t>(reach, first.bytes.size()));
    const std::size_t head = static_cast<std::size_t>(std::min<std::uint64_t>(reach, second.bytes.size()));
    if (kept + tail + head > budget) {
      overflowed_ = true;
      break;
    }
    kept += tail + head;
    seams_.push_back({.before = {.begin = first.bytes.end() - tail, .size = tail},
                      .after = {.begin = second.bytes.begin(), .size = head},
                      .address = first.address + (first.bytes.size() - tail),
                      .space = first.space});
  }
  for (Seam& seam : seams_)
    for (Side* side : {&seam.before, &seam.after}) by_begin_.emplace_back(side->begin, side);
  std::ranges::sort(by_begin_, {}, &std::pair<std::uint64_t, Side*>::first);
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
