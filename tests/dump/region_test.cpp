// Addresses to places in the layer and back.

#include "scanner/dump/region.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace dumpgate {
namespace {

Region memory_at(std::uint64_t address, std::uint64_t offset, std::uint64_t size,
                 AddressSpace space = AddressSpace::virtual_memory) {
  return {.bytes = *Extent::make(offset, size), .space = space, .address = address};
}

DumpMap map_with(std::vector<Region> regions) {
  std::ranges::sort(regions, {}, [](const Region& region) { return region.bytes.begin(); });
  return {.regions = std::move(regions)};
}

TEST(RegionIndex, FindsMemoryByItsAddress) {
  const DumpMap map = map_with({memory_at(0x9000, 100, 50), memory_at(0x1000, 500, 4096)});
  const RegionIndex index(map);
  EXPECT_EQ(index.offset_of(0x1000, 4096), 500U);
  EXPECT_EQ(index.offset_of(0x1010, 1), 516U);
  EXPECT_EQ(index.offset_of(0x9031, 1), 149U);
  EXPECT_FALSE(index.offset_of(0x9031, 2));
  EXPECT_FALSE(index.offset_of(0x1001, 4096));
  EXPECT_FALSE(index.offset_of(0xfff, 1));
  EXPECT_FALSE(index.offset_of(0x2000, 1));
  EXPECT_FALSE(index.offset_of(0, 1));
  EXPECT_FALSE(index.offset_of(0x1010, std::numeric_limits<std::uint64_t>::max()));
}

TEST(RegionIndex, JoinsMemoryThatGoesOnInTheLayerToo) {
  const DumpMap map =
      map_with({memory_at(0x1000, 100, 16), memory_at(0x1010, 116, 16), memory_at(0x1020, 300, 16)});
  const RegionIndex index(map);
  EXPECT_EQ(index.offset_of(0x1008, 24), 108U);
  EXPECT_FALSE(index.offset_of(0x1008, 25)) << "goes on elsewhere";
  EXPECT_EQ(index.offset_of(0x1020, 16), 300U);
}

TEST(RegionIndex, OfOverlappingMemoryTheFirstCounts) {
  const DumpMap map =
      map_with({memory_at(0x1000, 1000, 64), memory_at(0x1010, 100, 16), memory_at(0x1030, 200, 32)});
  const RegionIndex index(map);
  EXPECT_EQ(index.offset_of(0x1010, 16), 1016U);
  EXPECT_EQ(index.offset_of(0x103f, 1), 1063U);
  EXPECT_EQ(index.offset_of(0x1040, 16), 216U);
}

TEST(RegionIndex, CoversWhatRegionsHoldWithoutAHole) {
  const DumpMap map = map_with({memory_at(0x1000, 100, 50), memory_at(0x9000, 150, 50),
                                memory_at(0x2000, 210, 50), memory_at(0x3000, 260, 50, AddressSpace::none)});
  const RegionIndex index(map);
  EXPECT_TRUE(index.covers(*Extent::make(100, 100)));
  EXPECT_TRUE(index.covers(*Extent::make(120, 1)));
  EXPECT_TRUE(index.covers(*Extent::make(210, 50)));
  EXPECT_FALSE(index.covers(*Extent::make(99, 2)));
  EXPECT_FALSE(index.covers(*Extent::make(100, 101)));
  EXPECT_FALSE(index.covers(*Extent::make(190, 40))) << "a hole";
  EXPECT_FALSE(index.covers(*Extent::make(210, 51))) << "no memory";
  EXPECT_FALSE(index.covers(*Extent::make(400, 1)));
  const DumpMap none;
  EXPECT_FALSE(RegionIndex(none).covers(*Extent::make(0, 1)));
}

TEST(RegionIndex, KnowsNoOtherAddressesThanThoseOfVirtualMemory) {
  const DumpMap map = map_with({memory_at(0x1000, 100, 64, AddressSpace::physical_memory),
                                memory_at(0x2000, 200, 64, AddressSpace::none),
                                memory_at(std::numeric_limits<std::uint64_t>::max() - 8, 300, 64)});
  const RegionIndex index(map);
  EXPECT_FALSE(index.has_virtual_memory());
  EXPECT_FALSE(index.offset_of(0x1000, 8));
  EXPECT_FALSE(index.offset_of(std::numeric_limits<std::uint64_t>::max() - 8, 1));
}

// The region that covers a place and begins last, of those that begin together the last: by looking at all.
std::optional<std::uint64_t> address_by_looking(const DumpMap& map, std::uint64_t offset) {
  for (std::size_t i = map.regions.size(); i-- > 0;) {
    const Region& region = map.regions[i];
    if (region.bytes.contains(offset)) return region.address + (offset - region.bytes.begin());
  }
  return std::nullopt;
}

TEST(RegionIndex, LocatesInTheUppermostRegionHoweverTheyOverlap) {
  std::mt19937_64 random(1);
  for (unsigned turn = 0; turn < 200; ++turn) {
    std::vector<Region> regions;
    for (unsigned i = 0; i < 1 + turn % 20; ++i)
      regions.push_back(memory_at(random() % 4096, random() % 200, random() % 60));
    const DumpMap map = map_with(std::move(regions));
    const RegionIndex index(map);
    for (std::uint64_t offset = 0; offset < 270; ++offset) {
      const auto place = index.locate(offset);
      const auto expected = address_by_looking(map, offset);
      ASSERT_EQ(place.has_value(), expected.has_value()) << turn << ' ' << offset;
      if (place) {
        ASSERT_EQ(place->address, *expected) << turn << ' ' << offset;
      }
      const auto alignment = index.alignment(offset);
      ASSERT_EQ(alignment.shift, expected ? (*expected - offset) & 15U : 0U) << turn << ' ' << offset;
      ASSERT_GT(alignment.end, offset);
    }
  }
}

}  // namespace
}  // namespace dumpgate
