// What holds for the map of any bytes whatever. For fuzz targets: a breach aborts.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

#include "scanner/dump/format.h"
#include "scanner/io/input.h"

namespace dumpgate::support {

inline void require(bool held) {
  if (!held) std::abort();
}

// Reads the bytes with the format of that name, whatever its probe says, with little memory for tables.
inline void check_map(std::string_view format, std::span<const std::byte> bytes) {
  constexpr std::uint64_t table_memory = 65'536;
  const auto found =
      std::ranges::find(all_formats(), format, [](const DumpFormat* one) { return one->name(); });
  require(found != all_formats().end());
  (void)(*found)->probe(bytes.first(std::min(bytes.size(), probe_size)));
  const auto input = memory_input("fuzz", bytes);
  const DumpMap map = (*found)->read(*input->view(), {.table_memory = table_memory});

  require(map.format == format);
  require(map.word_bits == 32 || map.word_bits == 64);
  require(std::ranges::is_sorted(map.regions, {}, [](const Region& region) { return region.bytes.begin(); }));
  require(map.regions.size() * sizeof(Region) <= table_memory);
  require(map.parts.size() <= 100'000 && map.gaps.size() <= 64);
  for (const Region& region : map.regions) {
    require(region.mapping < map.mappings.size());
    require(!region.bytes.empty() && region.bytes.end() <= map.promised_end);
  }
  for (const Part& part : map.parts) require(part.bytes.end() <= map.promised_end);
  const RegionIndex index(map);
  for (const Region& region : map.regions) require(index.locate(region.bytes.begin()).has_value());
}

}  // namespace dumpgate::support
