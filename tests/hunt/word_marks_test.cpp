// Marks: the same, many words at once, as each word by itself says, in either byte order and at the ends of a
// stretch.

#include "scanner/hunt/word_marks.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "scanner/detect/random_words.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

// Words at the edges of what is told apart, among random ones.
std::vector<std::uint64_t> edge_words(std::size_t count, std::uint64_t seed) {
  constexpr std::array<std::uint64_t, 16> edges{0,
                                                1,
                                                0xffffffff,
                                                0x100000000,
                                                0xffff00000000,
                                                0xffffffffffff,
                                                0x1000000000000,
                                                0x1000100000000,
                                                0x7ffffffffffff,
                                                0x8000000000000,
                                                0x7fff000000000000,
                                                0x7fffffffffffffff,
                                                0x8000000000000000,
                                                0xfffeffffffffffff,
                                                0xffff000000000000,
                                                0xffffffffffffffff};
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> words(count);
  for (std::uint64_t& word : words) word = random() % 2 == 0 ? edges.at(random() % edges.size()) : random();
  return words;
}

WordMarks expected_of(std::uint64_t word) {
  const std::uint64_t top = word >> 48U;
  WordMarks marks;
  marks.number = top != 0 && top != 0xffff ? 1 : 0;
  marks.digits =
      word >> 63U == 0 && (top != 0 || (word != 0 && word % (std::uint64_t{1} << 32U) == 0)) ? 1 : 0;
  marks.coordinate = word >= (std::uint64_t{1} << 48U) && word < (std::uint64_t{1} << 51U) ? 1 : 0;
  return marks;
}

void expect_marks(std::size_t count, std::size_t begin, ByteOrder order) {
  const std::vector<std::uint64_t> words = edge_words(count, count + begin);
  std::vector<std::byte> memory(begin + 8 * count + 5);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t b = 0; b < 8; ++b)
      memory[begin + 8 * i + b] =
          static_cast<std::byte>(words[i] >> (8 * (order == ByteOrder::little ? b : 7 - b)) & 0xffU);
  Window window = test::whole_window(memory);
  const Stretch stretch{
      .begin = begin, .end = begin + 8 * count, .own_begin = begin, .own_end = begin + 8 * count};
  const MarkedStretch marked(StretchReader(window, stretch, order));
  for (std::size_t i = 0; i < count + 200; ++i) {
    const WordMarks marks = marked.block(i / 64);
    const WordMarks expected = i < count ? expected_of(words[i]) : WordMarks{};
    ASSERT_EQ(marks.number >> i % 64 & 1U, expected.number) << i;
    ASSERT_EQ(marks.digits >> i % 64 & 1U, expected.digits) << i;
    ASSERT_EQ(marks.coordinate >> i % 64 & 1U, expected.coordinate) << i;
    // What a mark leaves out is plain.
    ASSERT_TRUE(i >= count || plain_word(words[i]) || expected.number == 1) << words[i];
  }
}

TEST(WordMarks, AreThoseOfEachWord) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big})
    for (const std::size_t count : {0U, 1U, 3U, 63U, 64U, 65U, 640U, 1000U})
      for (const std::size_t begin : {0U, 3U, 8U}) expect_marks(count, begin, order);
}

TEST(WordMarks, CoverTheOwnBytesAndABlockOnEitherSide) {
  std::vector<std::byte> memory(16 * MarkedStretch::block_bytes, std::byte{0x5a});
  Window window = test::whole_window(memory);
  const Stretch stretch{.begin = 0,
                        .end = memory.size(),
                        .own_begin = 5 * MarkedStretch::block_bytes,
                        .own_end = 7 * MarkedStretch::block_bytes};
  const MarkedStretch marked(StretchReader(window, stretch, ByteOrder::little));
  for (std::size_t index = 4; index <= 8; ++index)
    EXPECT_EQ(marked.block(index).number, ~std::uint64_t{0}) << index;
  EXPECT_EQ(marked.block(3).number, 0U);
  EXPECT_EQ(marked.end(), 9U);
}

TEST(WordMarks, FourInARowReachOverBlocks) {
  constexpr std::uint64_t top = std::uint64_t{1} << 63U;
  EXPECT_EQ(begins_of_four(top, 7), top);
  EXPECT_EQ(begins_of_four(top, 3), 0U);
  EXPECT_EQ(four_in_a_row(0, top, 7), top);
  EXPECT_EQ(four_in_a_row(top, 7, 0), 7U);
  EXPECT_EQ(four_in_a_row(top, 3, 0), 0U);
  EXPECT_EQ(four_in_a_row(0, 0xf0, 0), 0xf0U);
  EXPECT_EQ(four_in_a_row(0, 0x70, 0), 0U);
}

}  // namespace
}  // namespace dumpgate
