// A number is found among others wherever it lies, whatever else the memory is full of.

#include "scanner/hunt/word_index.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "scanner/hunt/hunter.h"

namespace dumpgate {
namespace {

using Words = std::vector<std::uint64_t>;

Words random_words(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  Words words(count);
  for (std::uint64_t& word : words) word = random();
  return words;
}

void add(RunStore& runs, std::uint64_t offset, const Words& words) {
  runs.add({.offset = offset, .words = words});
}

std::optional<std::uint64_t> find(const WordIndex& index, std::span<const std::byte> needle) {
  std::uint64_t places = 0;
  return index.find(needle, places);
}

TEST(WordIndex, FindsANumberAtAnyByte) {
  const Words words = random_words(16, 1);
  RunStore runs;
  add(runs, 4096, words);
  const WordIndex index({&runs});
  const auto bytes = std::as_bytes(std::span(words));
  for (std::size_t at = 0; at + 32 <= bytes.size(); ++at)
    EXPECT_EQ(find(index, bytes.subspan(at, 32)), 4096 + at);
  const Words other = random_words(4, 2);
  EXPECT_EQ(find(index, std::as_bytes(std::span(other))), std::nullopt);
}

// Whoever writes a part of the number many times does not hide the whole.
TEST(WordIndex, FindsANumberBehindManyOthersWithAWordOfIt) {
  const Words number = random_words(4, 3);
  RunStore runs;
  for (unsigned i = 0; i < 200; ++i) {
    Words decoy = random_words(4, 100 + i);
    decoy[i % 4] = number[i % 4];
    if (i == 100) decoy = number;
    add(runs, 1000 * i, decoy);
  }
  EXPECT_EQ(find(WordIndex({&runs}), std::as_bytes(std::span(number))), 100'000U);
}

// A thousand other numbers that begin with the word.
RunStore full_of(std::uint64_t word) {
  RunStore runs;
  for (unsigned i = 0; i < 1000; ++i) {
    Words decoy = random_words(4, 1000 + i);
    decoy[0] = word;
    add(runs, 1000 * i, decoy);
  }
  return runs;
}

// Memory full of a number's words makes each look-up long: they end, and it is said.
TEST(WordIndex, GivesUpWhereMemoryIsFullOfAWord) {
  const Words number = random_words(4, 5);
  const RunStore runs = full_of(number[0]);
  const WordIndex index({&runs});
  std::uint64_t places = 0;
  EXPECT_EQ(index.find(std::as_bytes(std::span(number)), places), std::nullopt);
  EXPECT_EQ(places, 1000U);
  for (unsigned looked = 0; looked <= WordIndex::most_places / 1000; ++looked)
    (void)index.find(std::as_bytes(std::span(number)), places);
  EXPECT_GT(places, WordIndex::most_places);
}

// One hunt's long look-ups are its own: others go on, in whatever order they come.
TEST(NumberSearch, LeavesOutWhereItsOwnLookUpsEnd) {
  const Words number = random_words(4, 5), other = random_words(4, 6);
  RunStore runs = full_of(number[0]);
  add(runs, 2'000'000, other);
  HuntUnit unit(runs);
  NumberSearch flooded(unit), calm(unit);
  EXPECT_FALSE(flooded.holds(std::as_bytes(std::span(number))));
  EXPECT_TRUE(flooded.holds(std::as_bytes(std::span(other))));
  EXPECT_FALSE(unit.has_left_out());
  for (unsigned looked = 0; looked <= WordIndex::most_places / 1000; ++looked)
    (void)flooded.holds(std::as_bytes(std::span(number)));
  EXPECT_TRUE(unit.has_left_out());
  EXPECT_FALSE(flooded.holds(std::as_bytes(std::span(other))));
  EXPECT_TRUE(calm.holds(std::as_bytes(std::span(other))));
}

// A number that begins with words like those that memory is full of.
TEST(WordIndex, FindsANumberThatBeginsWithPlainWords) {
  Words number = random_words(6, 4);
  number[0] = 0;
  number[1] = 0x21;
  RunStore runs;
  add(runs, 8, number);
  EXPECT_EQ(find(WordIndex({&runs}), std::as_bytes(std::span(number))), 8U);
  EXPECT_EQ(find(WordIndex({&runs}), std::as_bytes(std::span(number)).subspan(3)), 11U);
}

}  // namespace
}  // namespace dumpgate
