// Memory tells where its words begin, at whatever offset a file holds it.

#include "scanner/detect/word_alignment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace dumpgate {
namespace {

using Bytes = std::vector<std::byte>;

// Pointers, sizes, zeros and random words, as a heap has them, behind `lead` bytes of text.
Bytes heap(std::size_t lead, std::size_t size, std::size_t word_bytes = 8) {
  std::mt19937_64 random(size + lead);
  Bytes bytes(lead, std::byte{'x'});
  while (bytes.size() < size) {
    std::uint64_t word = random();
    const std::uint64_t kind = word % 4;
    if (kind == 0) word = 0x55d0'0000'0000U | (word >> 40U & 0xfffff0U);
    if (kind == 1) word = 16 + word % 512;
    if (kind == 2) word = 0;
    if (word_bytes == 4 && word >> 32U != 0) word = word >> 40U | 0x0800'0000U;
    for (std::size_t i = 0; i < word_bytes; ++i)
      bytes.push_back(static_cast<std::byte>(word >> (8 * i) & 0xffU));
  }
  bytes.resize(size);
  return bytes;
}

Window window_of(const Bytes& bytes) {
  Window window;
  window.bytes = bytes;
  window.own_end = bytes.size();
  return window;
}

std::vector<unsigned> told_by(const Bytes& bytes) {
  WordAlignment alignment;
  alignment.read(window_of(bytes));
  std::vector<unsigned> residues;
  for (unsigned residue = 0; residue < 8; ++residue)
    if (!alignment.told(residue).empty()) residues.push_back(residue);
  return residues;
}

TEST(WordAlignment, ToldByMemoryBehindAHeaderOfAnyLength) {
  for (unsigned lead = 1; lead < 8; ++lead) {
    const Bytes bytes = heap(lead, 40'000);
    WordAlignment alignment;
    alignment.read(window_of(bytes));
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
  alignment.read(window_of(noise));
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

TEST(WordAlignment, OnlyToldWhereNoMapSaysIt) {
  const Bytes bytes = heap(3, 100'000);
  DumpMap map;
  map.regions.push_back({.bytes = *Extent::make(50'000, 50'000),
                         .space = AddressSpace::virtual_memory,
                         .address = 0x1000'0000 + 50'000 + 2});
  const RegionIndex regions(map);
  Window window = window_of(bytes);
  window.regions = &regions;
  WordAlignment alignment;
  alignment.read(window);
  window.alignment = &alignment;
  EXPECT_EQ(aligned_stretches(window, 2).size(), 1U);
  EXPECT_EQ(aligned_stretches(window, 2)[0], *Extent::make(50'000, 50'000));
  ASSERT_EQ(aligned_stretches(window, 5).size(), 1U);
  EXPECT_LE(aligned_stretches(window, 5)[0].end(), 50'000U + 2 * alignment_block);
  EXPECT_TRUE(aligned_stretches(window, 0)[0].contains(0));

  map.regions[0].address += 3;  // now the map says the same of its part
  const RegionIndex same(map);
  window.regions = &same;
  alignment.read(window);
  ASSERT_EQ(aligned_stretches(window, 5).size(), 1U);
  EXPECT_EQ(aligned_stretches(window, 5)[0].begin(), 0U);
  EXPECT_EQ(aligned_stretches(window, 5)[0].end(), 100'000U);
}

// What is told of a byte's neighbourhood is the same in every window that owns it.
TEST(WordAlignment, DoesNotDependOnWindows) {
  Bytes bytes = heap(5, 300'000);
  const Bytes other = heap(2, 100'000);
  std::memcpy(bytes.data() + 150'000, other.data(), other.size());
  std::fill(bytes.begin() + 20'000, bytes.begin() + 60'000, std::byte{0});
  WordAlignment whole;
  whole.read(window_of(bytes));
  constexpr std::size_t own = 10'007;
  for (std::size_t begin = 0; begin < bytes.size(); begin += own) {
    const std::size_t end = std::min(begin + own, bytes.size());
    const std::size_t from = begin - std::min(begin, window_context);
    Window window;
    window.offset = from;
    window.bytes = std::span(bytes).subspan(from, std::min(end + window_context, bytes.size()) - from);
    window.own_begin = begin - from;
    window.own_end = end - from;
    WordAlignment alignment;
    alignment.read(window);
    const auto contains = [](std::span<const Extent> stretches, std::uint64_t at) {
      return std::ranges::any_of(stretches, [&](const Extent& each) { return each.contains(at); });
    };
    const std::size_t near = 8192;
    for (unsigned residue = 0; residue < 8; ++residue)
      for (std::size_t at = begin - std::min(begin, near); at < std::min(end + near, bytes.size()); at += 64)
        ASSERT_EQ(contains(alignment.told(residue), at), contains(whole.told(residue), at))
            << residue << " at " << at << ", window at " << begin;
  }
}

}  // namespace
}  // namespace dumpgate
