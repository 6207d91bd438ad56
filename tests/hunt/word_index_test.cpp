// A number is found among others wherever it lies, whatever else the memory is full of.

#include "scanner/hunt/word_index.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

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

TEST(WordIndex, FindsANumberAtAnyByte) {
  const Words words = random_words(16, 1);
  RunStore runs;
  add(runs, 4096, words);
  const WordIndex index({&runs});
  const auto bytes = std::as_bytes(std::span(words));
  for (std::size_t at = 0; at + 32 <= bytes.size(); ++at)
    EXPECT_EQ(index.find(bytes.subspan(at, 32)), 4096 + at);
  const Words other = random_words(4, 2);
  EXPECT_EQ(index.find(std::as_bytes(std::span(other))), std::nullopt);
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
  EXPECT_EQ(WordIndex({&runs}).find(std::as_bytes(std::span(number))), 100'000U);
}

// Memory full of a number's words makes each look-up long: they end, and it is said.
TEST(WordIndex, GivesUpWhereMemoryIsFullOfAWord) {
  const Words number = random_words(4, 5);
  RunStore runs;
  for (unsigned i = 0; i < 1000; ++i) {
    Words decoy = random_words(4, 1000 + i);
    decoy[0] = number[0];
    add(runs, 1000 * i, decoy);
  }
  const WordIndex index({&runs});
  EXPECT_EQ(index.find(std::as_bytes(std::span(number))), std::nullopt);
  EXPECT_FALSE(index.gave_up());
  for (std::uint64_t places = 0; places <= WordIndex::most_places; places += 1000)
    (void)index.find(std::as_bytes(std::span(number)));
  EXPECT_TRUE(index.gave_up());
}

// A number that begins with words like those that memory is full of.
TEST(WordIndex, FindsANumberThatBeginsWithPlainWords) {
  Words number = random_words(6, 4);
  number[0] = 0;
  number[1] = 0x21;
  RunStore runs;
  add(runs, 8, number);
  EXPECT_EQ(WordIndex({&runs}).find(std::as_bytes(std::span(number))), 8U);
  EXPECT_EQ(WordIndex({&runs}).find(std::as_bytes(std::span(number)).subspan(3)), 11U);
}

}  // namespace
}  // namespace dumpgate
