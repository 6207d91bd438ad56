// Memory tells where its words begin, at whatever offset a file holds it.

#include "scanner/detect/word_alignment.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include "tests/support/windows.h"

namespace dumpgate {
namespace {

using Bytes = std::vector<std::byte>;

// Pointers, sizes, zeros and random words, as a heap has them, behind `lead` bytes of text.
Bytes heap(std::size_t lead, std::size_t size, std::size_t word_bytes = 8) {
  std::mt19937_64 random(size + lead);
  Bytes bytes(lead, std::byte{'x'});
  while (bytes.size() < size) {
    std::uint64_t word = random() | 1U;  // no lowest byte is zero, or its word would seem to begin behind it
    const std::uint64_t kind = word >> 1U & 3U;
    if (kind == 0) word = 0x55d0'0000'0010U | (word >> 40U & 0xffffe0U);
    if (kind == 1) word = 16 + (word >> 8U) % 200;
    if (kind == 2) word = 0;
    if (word_bytes == 4 && word >> 32U != 0) word = word >> 40U | 0x0800'0001U;
    for (std::size_t i = 0; i < word_bytes; ++i)
      bytes.push_back(static_cast<std::byte>(word >> (8 * i) & 0xffU));
  }
  bytes.resize(size);
  return bytes;
}

std::vector<unsigned> told_by(const Bytes& bytes) {
  WordAlignment alignment;
  alignment.read(test::whole_window(bytes));
  std::vector<unsigned> residues;
  for (unsigned residue = 0; residue < 8; ++residue)
    if (!alignment.told(residue).empty()) residues.push_back(residue);
  return residues;
}

TEST(WordAlignment, ToldByMemoryBehindAHeaderOfAnyLength) {
  for (unsigned lead = 1; lead < 8; ++lead) {
    const Bytes bytes = heap(lead, 40'000);
    WordAlignment alignment;
    alignment.read(test::whole_window(bytes));
    const auto stretches = alignment.told(8 - lead);
    ASSERT_EQ(stretches.size(), 1U) << lead;
    EXPECT_EQ(stretches[0].begin(), 0U);
    EXPECT_GE(stretches[0].end(), bytes.size());
    EXPECT_EQ(told_by(bytes), std::vector<unsigned>{8 - lead});
  }
}

TEST(WordAlignment, AlignedMemoryAndRandomDataTellNothing) {
  EXPECT_TRUE(told_by(heap(0, 40'000)).empty());
  EXPECT_TRUE(told_by(heap(16, 40'000)).empty());
  std::mt19937_64 random(7);
  Bytes noise(400'000);
  for (std::byte& b : noise) b = static_cast<std::byte>(random() >> 56U);
  WordAlignment alignment;
  alignment.read(test::whole_window(noise));
  std::uint64_t told = 0;
  for (unsigned residue = 1; residue < 8; ++residue)
    for (const Extent& each : alignment.told(residue)) told += each.size();
  EXPECT_LE(told, 2 * 3 * alignment_block);
  EXPECT_TRUE(told_by(Bytes(40'000)).empty());
}

TEST(WordAlignment, ToldByANumberAlone) {
  Bytes bytes(40'000);
  std::fill(bytes.begin() + 20'005, bytes.begin() + 20'037, std::byte{0x5a});
  EXPECT_EQ(told_by(bytes), std::vector<unsigned>{3});
}

TEST(WordAlignment, WordsOf32BitsBeginAtBothHalves) {
  EXPECT_EQ(told_by(heap(0, 40'000, 4)), std::vector<unsigned>{4});
  EXPECT_EQ(told_by(heap(3, 40'000, 4)), (std::vector<unsigned>{1, 5}));
}

// A map adds to what words tell, and its stretches stay as they are: where one ends a number may end.
TEST(WordAlignment, StandsBesideWhatAMapSays) {
  const Bytes bytes = heap(3, 100'000);
  DumpMap map;
  for (const std::uint64_t begin : {20'000U, 50'000U})
    map.regions.push_back({.bytes = *Extent::make(begin, 10'000),
                           .space = AddressSpace::virtual_memory,
                           .address = 0x1000'0000 + begin + (begin == 20'000 ? 5 : 2)});
  const RegionIndex regions(map);
  Window window = test::whole_window(bytes);
  window.regions = &regions;
  WordAlignment alignment;
  alignment.read(window);
  window.alignment = &alignment;
  const auto two = aligned_stretches(window, 2), five = aligned_stretches(window, 5);
  ASSERT_EQ(two.size(), 1U);
  EXPECT_EQ(two[0], *Extent::make(50'000, 10'000));
  ASSERT_EQ(five.size(), 3U);
  EXPECT_EQ(five[0], *Extent::make(0, 20'000));
  EXPECT_EQ(five[1], *Extent::make(20'000, 10'000));
  EXPECT_EQ(five[2].begin(), 30'000U);
  EXPECT_GE(five[2].end(), 100'000U);
  EXPECT_TRUE(is_aligned(window, 0, 7));
  EXPECT_TRUE(is_aligned(window, 2, 59'999));
  EXPECT_FALSE(is_aligned(window, 2, 60'000));
  EXPECT_FALSE(is_aligned(window, 1, 40'000));
}

// Other words of a block may tell another place: a number lies behind its size all the same.
TEST(WordAlignment, ToldBehindASizeAmidWordsThatBeginElsewhere) {
  for (const bool doubles : {false, true}) {
    Bytes bytes(5, std::byte{'x'});
    const auto put = [&bytes](std::uint64_t word) {
      for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(word >> (8 * i) & 0xffU));
    };
    for (unsigned i = 0; i < 2000; ++i) {
      if (i == 1000) {
        put(0x91);
        for (unsigned word = 0; word < 16; ++word) put(0x9e3779b97f4a7c15U * (word + 1));
      }
      if (doubles) {
        put(std::bit_cast<std::uint64_t>(0.25 * (i + 1)));
      } else {
        put(0x55d0'0000'0010U + 32 * i);
        put(std::uint64_t{i % 200 + 1} << 32U);
      }
    }
    Window window = test::whole_window(bytes);
    WordAlignment alignment;
    alignment.read(window);
    window.alignment = &alignment;
    const std::size_t number = 5 + 8 * (doubles ? 1001 : 2001);
    for (std::size_t at = number - 8; at < number + 128 + 8; ++at)
      EXPECT_TRUE(is_aligned(window, 3, at)) << doubles << " " << at - number;
  }
}

// What is told of a byte's neighbourhood is the same in every window that owns it.
TEST(WordAlignment, DoesNotDependOnWindows) {
  Bytes bytes = heap(5, 300'000);
  const Bytes other = heap(2, 100'000);
  std::memcpy(bytes.data() + 150'000, other.data(), other.size());
  std::fill(bytes.begin() + 20'000, bytes.begin() + 60'000, std::byte{0});
  WordAlignment whole;
  whole.read(test::whole_window(bytes));
  const auto contains = [](std::span<const Extent> stretches, std::uint64_t at) {
    return std::ranges::any_of(stretches, [&](const Extent& each) { return each.contains(at); });
  };
  constexpr std::size_t own = 10'007, near = 8192;
  test::through_windows(bytes, own, [&](const Window& window) {
    WordAlignment alignment;
    alignment.read(window);
    const std::size_t begin = window.offset + window.own_begin, end = window.offset + window.own_end;
    for (unsigned residue = 0; residue < 8; ++residue)
      for (std::size_t at = begin - std::min(begin, near); at < std::min(end + near, bytes.size()); at += 64)
        ASSERT_EQ(contains(alignment.told(residue), at), contains(whole.told(residue), at))
            << residue << " at " << at << ", window at " << begin;
  });
}

}  // namespace
}  // namespace dumpgate
