// Runs depend on the bytes and the map alone: not on windows, and on addresses rather than on offsets.

#include "scanner/hunt/number_runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "scanner/detect/random_words.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

struct SeenRun {
  std::uint64_t offset;
  std::vector<std::uint64_t> words;
  std::uint64_t after;
  friend bool operator==(const SeenRun&, const SeenRun&) = default;
};

std::vector<SeenRun> runs_of(std::span<const std::byte> bytes, const RegionIndex* regions, std::size_t own) {
  RunStore store;
  test::through_windows(bytes, own, [&](Window& window) {
    window.regions = regions;
    gather_runs(window, store);
  });
  std::vector<SeenRun> runs;
  store.for_each([&](const NumberRun& run) {
    runs.push_back({run.offset, {run.words.begin(), run.words.end()}, run.after});
  });
  return runs;
}

// Memory like a heap: random stretches of many lengths between small numbers, zeros and pointers.
std::vector<std::byte> heap(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::size_t at = 0; at + 8 <= size;) {
    const std::size_t kind = random() % 4;
    const std::size_t words = 1 + random() % (random() % 50 == 0 ? 800 : 24);
    for (std::size_t i = 0; i < words && at + 8 <= size; ++i, at += 8) {
      std::uint64_t word = kind == 0 ? 0 : kind == 1 ? 0x7f0000000000U + random() % 100000 : random();
      if (random() % 16 == 0) word >>= 16U;
      std::memcpy(bytes.data() + at, &word, 8);
    }
  }
  return bytes;
}

TEST(NumberRuns, DoNotDependOnWindows) {
  const auto bytes = heap(300'000, 3);
  const auto whole = runs_of(bytes, nullptr, bytes.size());
  EXPECT_GT(whole.size(), 100U);
  for (const std::size_t own : {64U, 1000U, 4096U, 4100U, 65536U, 100'001U})
    EXPECT_EQ(runs_of(bytes, nullptr, own), whole) << own;
}

TEST(NumberRuns, FollowTheAddressNotTheOffset) {
  std::vector<std::byte> bytes(4096);
  std::mt19937_64 random(5);
  std::vector<std::uint64_t> number(8);
  for (auto& word : number) word = random();
  std::memcpy(bytes.data() + 1003, number.data(),
              64);  // offset 1003 lies at an address that is a multiple of 8
  DumpMap map;
  map.regions.push_back(
      {.bytes = *Extent::make(3, 4000), .space = AddressSpace::virtual_memory, .address = 0x7f0000001000});
  const RegionIndex regions(map);
  const auto holds_number = [&](const std::vector<SeenRun>& runs) {
    return std::ranges::any_of(runs,
                               [&](const SeenRun& run) { return run.offset == 1003 && run.words == number; });
  };
  EXPECT_TRUE(holds_number(runs_of(bytes, &regions, 512)));
  EXPECT_FALSE(holds_number(runs_of(bytes, nullptr, 512)));
  // A later header that claims other addresses for the same bytes takes no place away.
  map.regions.push_back(
      {.bytes = *Extent::make(1000, 2000), .space = AddressSpace::virtual_memory, .address = 0x500002});
  const RegionIndex contradicted(map);
  EXPECT_TRUE(holds_number(runs_of(bytes, &contradicted, 512)));
}

TEST(NumberRuns, ReadsWordsInTheOrderOfTheMachine) {
  std::vector<std::byte> bytes(256);
  std::mt19937_64 random(6);
  std::vector<std::uint64_t> number(4);
  for (std::size_t i = 0; i < 4; ++i) {
    number[i] = random();
    for (std::size_t b = 0; b < 8; ++b)
      bytes[64 + i * 8 + b] = static_cast<std::byte>(number[i] >> (56 - 8 * b));
  }
  DumpMap map;
  map.order = ByteOrder::big;
  const RegionIndex regions(map);
  const auto runs = runs_of(bytes, &regions, 256);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].words, number);
}

TEST(NumberRuns, ThirtyTwoBitMachinesAlignToFour) {
  std::vector<std::byte> bytes(256);
  std::mt19937_64 random(8);
  std::vector<std::uint64_t> number(4);
  for (auto& word : number) word = random();
  std::memcpy(bytes.data() + 68, number.data(), 32);
  DumpMap map;
  map.word_bits = 32;
  const RegionIndex regions(map);
  bool found = false;
  for (const SeenRun& run : runs_of(bytes, &regions, 256)) found |= run.words == number;
  EXPECT_TRUE(found);
}

TEST(NumberRuns, LeaveOutWhatIsTooLongForAKey) {
  std::vector<std::byte> bytes(64 * 1024);
  std::mt19937_64 random(9);
  for (std::size_t at = 4096; at < 60'000; at += 8) {
    const std::uint64_t word = random() | 0x0100000000000000U;
    std::memcpy(bytes.data() + at, &word, 8);
  }
  EXPECT_LT(runs_of(bytes, nullptr, 4096).size(), 3U);  // a plain word may fall into it by chance
}

// A run goes on behind a word that is plain by chance, and behind no other; its parts are kept as well.
TEST(NumberRuns, GoOnBehindAWordThatIsPlainByChance) {
  std::mt19937_64 random(11);
  std::vector<std::uint64_t> number(32);
  for (auto& word : number) word = random();
  ASSERT_TRUE(std::ranges::none_of(number, plain_word));
  const auto sizes = [&](std::size_t at, std::uint64_t word) {
    auto words = number;
    words.at(at) = word;
    std::vector<std::byte> bytes(1024);
    std::memcpy(bytes.data() + 512, words.data(), 256);
    std::vector<std::pair<std::uint64_t, std::size_t>> found;
    for (const SeenRun& run : runs_of(bytes, nullptr, 256)) found.emplace_back(run.offset, run.words.size());
    return found;
  };
  using Sizes = std::vector<std::pair<std::uint64_t, std::size_t>>;
  for (const std::uint64_t word : {0x00000a0b0c0d0e0fU, 0xfffffe0d0c0b0a09U, 0x1100001100111111U})
    for (const std::size_t at : {4U, 15U, 27U})
      EXPECT_EQ(sizes(at, word), (Sizes{{512, at}, {512, 32}, {512 + 8 * (at + 1), 31 - at}}))
          << std::hex << word << " at " << at;
  for (const std::uint64_t word :
       {0x00007ffff7dd1b78U, 0x000055d0c0a0b008U, std::uint64_t{0x811}, ~std::uint64_t{7},
        0x0061006200630064U, 0x3ff0000000000000U, std::uint64_t{0}})
    EXPECT_EQ(sizes(15, word), (Sizes{{512, 15}, {640, 16}})) << std::hex << word;
}

// The stated losses hold: of random 32-byte and 128-byte numbers nearly all pass.
TEST(RandomWords, LoseAlmostNoRandomNumber) {
  std::mt19937_64 random(10);
  std::size_t plain = 0, by_chance = 0, lost_short = 0, lost_long = 0;
  constexpr std::size_t rounds = 200'000;
  for (std::size_t i = 0; i < rounds; ++i) {
    std::array<std::uint64_t, 16> words{};
    for (auto& word : words) word = random();
    plain += plain_word(words[0]) ? 1U : 0U;
    by_chance += plain_by_chance(words[1] >> 16U) ? 1U : 0U;
    lost_short += looks_random(std::span(words).first(4)) ? 0U : 1U;
    lost_long += looks_random(words) ? 0U : 1U;
  }
  EXPECT_LE(plain, 25U);                    // expected 7
  EXPECT_GE(by_chance, rounds / 100 * 98);  // expected 98.4 %
  EXPECT_LE(lost_short, 20U);               // expected below 6
  EXPECT_LE(lost_long, 10U);                // expected below 2
}

TEST(RandomWords, RefuseTextPointersAndCode) {
  const std::string text = "the quick brown fox jumps over the lazy dog, and then it rests...";
  std::array<std::uint64_t, 4> words{};
  std::memcpy(words.data(), text.data(), 32);
  EXPECT_FALSE(looks_random(words));
  EXPECT_TRUE(plain_word(0x00007ffff7dd1b78U));
  EXPECT_TRUE(plain_word(0xffffffff81000000U));
  EXPECT_TRUE(plain_word(0x3ff0000000000000U));
  EXPECT_TRUE(plain_word(0x0000000500000003U));
  EXPECT_FALSE(plain_word(0x8f3a6c01d24be597U));
}

}  // namespace
}  // namespace dumpgate
