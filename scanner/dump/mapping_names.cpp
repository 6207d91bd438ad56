#include "scanner/dump/mapping_names.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/dump/shown_name.h"

namespace dumpgate {

bool MappingNames::charge(std::uint64_t bytes) {
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

void MappingNames::add(std::uint64_t start, std::uint64_t end, std::string_view name) {
  if (start >= end || name.empty()) return;
  if (!charge(2 * sizeof(Mapping))) return;  // a vector that grows holds its content twice
  mappings_.push_back({.start = start, .end = end});
  std::string shown = shown_name(name);
  if (shown.empty()) return;
  auto known = index_.find(shown);
  if (known == index_.end()) {
    constexpr std::uint64_t node =
        128;  // about what a string costs in the list and in the index, without its text
    if (!charge(node + 2 * shown.size())) return;
    names_.push_back(shown);
    known = index_.emplace(std::move(shown), static_cast<std::uint32_t>(names_.size() - 1)).first;
  }
  mappings_.back().name = known->second;
}

void MappingNames::rest_is(std::string_view name) {
  if (rest_ != 0) return;
  names_.push_back(printable(name));
  rest_ = static_cast<std::uint32_t>(names_.size() - 1);
}

// Of sorted mappings. One that contains a later one may reach further than it: then the region stays unnamed.
bool MappingNames::touches_none(const Region& region) const {
  const auto at_or_after = std::ranges::lower_bound(mappings_, region.address, {}, &Mapping::start);
  if (at_or_after != mappings_.end() && at_or_after->start - region.address < region.bytes.size())
    return false;
  return at_or_after == mappings_.begin() || std::prev(at_or_after)->end <= region.address;
}

void MappingNames::apply(DumpMap& map) {
  std::ranges::sort(mappings_, {}, [](const Mapping& m) { return std::tuple(m.start, m.end, m.name); });
  for (Region& region : map.regions) {
    if (region.space != AddressSpace::virtual_memory) continue;
    const auto above = std::ranges::upper_bound(mappings_, region.address, {}, &Mapping::start);
    if (above != mappings_.begin()) {
      const Mapping& mapping = *std::prev(above);
      if (region.address < mapping.end && region.bytes.size() <= mapping.end - region.address)
        region.mapping = mapping.name;
    }
    if (region.mapping == 0 && touches_none(region)) region.mapping = rest_;
  }
  map.mappings = names_;
}

}  // namespace dumpgate
