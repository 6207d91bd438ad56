// Memory that is contiguous by address and split in the file is put together.

#include "scanner/engine/stitches.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

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

std::size_t count_seams(Stitches& stitches) {
  std::size_t seams = 0;
  SecretBytes buffer;
  for (Window window; stitches.next(buffer, window);) ++seams;
  return seams;
}

TEST(Stitches, JoinEachPartThatEndsWithEachThatBegins) {
  std::vector<std::byte> file(1000);
  DumpMap map;
  for (const auto& [at, what] : {std::pair(100, 'A'), {200, 'B'}, {300, 'C'}, {400, 'D'}, {500, 'E'}}) {
    std::memset(file.data() + at, what, 50);
    const bool ends_there = what < 'C';
    map.regions.push_back(region(static_cast<std::uint64_t>(at), 50, ends_there ? 0x2000 - 50 : 0x2000));
  }
  Stitches stitches(map, 1 << 20);
  show_all(stitches, file, 64);
  std::string joined;
  SecretBytes buffer;
  for (Window window; stitches.next(buffer, window);)
    for (const std::size_t at : {49U, 50U}) joined.push_back(static_cast<char>(buffer.at(at)));
  EXPECT_EQ(joined, "ACADAEBCBDBE");
  EXPECT_FALSE(stitches.overflowed());
}

// A part that follows in memory and in the file says nothing of another part with the same address.
TEST(Stitches, JoinWhatLiesApartBesideWhatLiesTogether) {
  std::vector<std::byte> file(1000);
  DumpMap map;
  map.regions = {region(100, 50, 0x2000 - 50), region(150, 50, 0x2000), region(300, 50, 0x2000)};
  Stitches stitches(map, 1 << 20);
  file[300] = std::byte{'C'};
  show_all(stitches, file, 64);
  SecretBytes buffer;
  Window window;
  ASSERT_TRUE(stitches.next(buffer, window));
  EXPECT_EQ(buffer.at(50), std::byte{'C'});
  EXPECT_FALSE(stitches.next(buffer, window));
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
  const Stitches stitches(map, 1 << 16);
  EXPECT_TRUE(stitches.overflowed());
}

// 10,000,000,000 seams are asked for.
TEST(Stitches, BoundTheSeamsOfOneAddress) {
  DumpMap map;
  for (std::uint64_t i = 0; i < 100'000; ++i) map.regions.push_back(region(i * 16, 8, 0x2000 - 8));
  for (std::uint64_t i = 100'000; i < 200'000; ++i) map.regions.push_back(region(i * 16, 8, 0x2000));
  Stitches stitches(map, 1 << 20);
  EXPECT_TRUE(stitches.overflowed());
  show_all(stitches, std::vector<std::byte>(3'200'000), 1 << 20);
  const std::size_t seams = count_seams(stitches);
  EXPECT_EQ(seams, 16U);
}

// As many pairs, of which none is a seam, as every one of them lies together in the file.
TEST(Stitches, PassOverPartsOfOnePlaceAtOnce) {
  constexpr std::uint64_t place = 1'000'000;
  DumpMap map;
  for (std::uint64_t size = 100'000; size > 0; --size)
    map.regions.push_back(region(place - size, size, 0x200000 - size));
  for (std::uint64_t size = 1; size <= 100'000; ++size) map.regions.push_back(region(place, size, 0x200000));
  Stitches stitches(map, 1 << 20);
  EXPECT_FALSE(stitches.overflowed());
  show_all(stitches, std::vector<std::byte>(2 * place), 1 << 20);
  EXPECT_EQ(count_seams(stitches), 0U);
}

TEST(Stitches, OfPartsOfOnePlaceJoinTheLongest) {
  DumpMap map;
  map.regions = {region(100, 50, 0x2000 - 50), region(300, 20, 0x2000), region(300, 70, 0x2000)};
  Stitches stitches(map, 1 << 20);
  show_all(stitches, std::vector<std::byte>(1000), 64);
  SecretBytes buffer;
  Window window;
  ASSERT_TRUE(stitches.next(buffer, window));
  EXPECT_EQ(buffer.size(), 50U + 70U);
  EXPECT_FALSE(stitches.next(buffer, window));
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
