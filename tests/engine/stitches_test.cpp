// Memory that is contiguous by address and split in the file is put together.

#include "scanner/engine/stitches.h"

#include <gtest/gtest.h>

#include <cstring>

namespace dumpgate {
namespace {

Region region(std::uint64_t offset, std::uint64_t size, std::uint64_t address) {
  return {.bytes = *Extent::make(offset, size), .space = AddressSpace::virtual_memory, .address = address};
}

void show_all(Stitches& stitches, std::span<const std::byte> bytes, std::size_t own) {
  for (std::size_t at = 0; at < bytes.size(); at += own) {
    Window window;
    window.bytes = bytes.subspan(at, std::min(own, bytes.size() - at));
    window.own_end = window.bytes.size();
    window.offset = at;
    stitches.show(window);
  }
}

TEST(Stitches, JoinPartsThatLieApartInTheFile) {
  std::vector<std::byte> file(300'000);
  std::memset(file.data() + 100'000, 'B', 50'000);  // the second half of the memory comes first in the file
  std::memset(file.data() + 200'000, 'A', 50'000);
  DumpMap map;
  map.regions = {region(100'000, 50'000, 0x10000 + 50'000), region(200'000, 50'000, 0x10000)};
  for (const std::size_t own : {std::size_t{1000}, std::size_t{4096}, std::size_t{1} << 20U}) {
    Stitches stitches(map, 1 << 20);
    show_all(stitches, file, own);
    SecretBytes buffer;
    Window window;
    ASSERT_TRUE(stitches.next(buffer, window));
    EXPECT_EQ(window.offset, 250'000 - Stitches::reach);
    ASSERT_EQ(buffer.size(), 2 * Stitches::reach);
    EXPECT_EQ(buffer[Stitches::reach - 1], std::byte{'A'});
    EXPECT_EQ(buffer[Stitches::reach], std::byte{'B'});
    EXPECT_FALSE(stitches.spans_seam(249'990, 10));
    EXPECT_TRUE(stitches.spans_seam(249'990, 11));
    ASSERT_NE(window.regions, nullptr);
    EXPECT_EQ(window.regions->locate(250'000)->address, 0x10000U + 50'000U);
    EXPECT_FALSE(stitches.next(buffer, window));
    EXPECT_FALSE(stitches.overflowed());
  }
}

TEST(Stitches, LeaveToWindowsWhatLiesTogether) {
  DumpMap map;
  map.regions = {region(4096, 4096, 0x1000), region(8192, 4096, 0x2000)};
  Stitches stitches(map, 1 << 20);
  show_all(stitches, std::vector<std::byte>(12288), 4096);
  SecretBytes buffer;
  Window window;
  EXPECT_FALSE(stitches.next(buffer, window));
}

TEST(Stitches, SayWhenThereAreTooMany) {
  DumpMap map;
  for (std::uint64_t i = 0; i < 100; ++i) map.regions.push_back(region(i * 8192, 4096, 0x100000 - i * 4096));
  const Stitches stitches(map, 64 * 1024);
  EXPECT_TRUE(stitches.overflowed());
}

TEST(Stitches, SkipPartsThatTheFileDoesNotHold) {
  DumpMap map;
  map.regions = {region(1000, 500, 0x2000 + 500), region(5000, 500, 0x2000)};
  Stitches stitches(map, 1 << 20);
  show_all(stitches, std::vector<std::byte>(5200), 4096);
  SecretBytes buffer;
  Window window;
  EXPECT_FALSE(stitches.next(buffer, window));
}

}  // namespace
}  // namespace dumpgate
