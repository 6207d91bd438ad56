// The figures are those of the textbooks, and random bytes look random at every length.

#include "scanner/detect/statistics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace dumpgate {
namespace {

constexpr std::size_t kib = 1024;

std::vector<std::byte> random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine() >> 56U);
  return bytes;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

BlockStatistics statistics_of(std::span<const std::byte> bytes) {
  ByteTally tally;
  tally.add(bytes);
  return tally.statistics();
}

TEST(ExpectedEntropy, IsTheMeanOverRandomBlocksOfTheLength) {
  // Measured means of random blocks: bits a byte.
  for (const auto& [bytes, mean] : std::vector<std::pair<std::uint64_t, double>>{
           {1, 0.0}, {2, 255.0 / 256}, {32, 4.88}, {64, 5.77}, {128, 6.56}, {512, 7.59}, {4096, 7.955}})
    EXPECT_NEAR(expected_entropy(bytes), mean, 0.02) << bytes;
  for (const std::uint64_t bytes : {16U, 200U, 1500U, 70'000U}) {
    double sum = 0;
    constexpr int blocks = 200;
    for (int i = 0; i < blocks; ++i)
      sum += statistics_of(random_bytes(bytes, 1000U + static_cast<unsigned>(i))).entropy;
    EXPECT_NEAR(sum / blocks, expected_entropy(bytes), 0.02) << bytes;
  }
}

TEST(ExpectedEntropy, GoesOnWithoutAStepWhereTheExpansionTakesOver) {
  EXPECT_NEAR(expected_entropy(64 * kib), expected_entropy(64 * kib + 1), 1e-5);
  EXPECT_LT(expected_entropy(64 * kib), expected_entropy(128 * kib));
  EXPECT_LT(expected_entropy(1ULL << 50U), 8.0000001);
}

TEST(ByteTally, ComputesTheTextbookFigures) {
  // Four equally likely values: 2 bits. X^2 = 256 * 4 * kib^2 / 4096 - 4096 = 258,048.
  std::vector<std::byte> bytes;
  bytes.reserve(4096);
  for (unsigned i = 0; i < 4096; ++i) bytes.push_back(static_cast<std::byte>(i % 4));
  const BlockStatistics s = statistics_of(bytes);
  EXPECT_EQ(s.bytes, 4096U);
  EXPECT_NEAR(s.entropy, 2.0, 1e-12);
  EXPECT_NEAR(s.chi_square, (258'048.0 - 255) / std::sqrt(510 * (1 - 1 / 4096.0)), 1e-6);
  // 0 1 2 3 0 1 2 3...: mean 1.5, variance 1.25, mean product of neighbours (0 + 2 + 6 + 0) / 4.
  EXPECT_NEAR(s.serial_correlation, (2.0 - 2.25) / 1.25, 1e-9);
  EXPECT_NEAR(s.zero_share, 0.25, 1e-12);
  EXPECT_NEAR(s.printable_share, 0, 1e-12);
}

TEST(ByteTally, DoesNotDependOnHowTheBytesArrive) {
  auto bytes = random_bytes(20'000, 7);
  std::fill(bytes.begin() + 5000, bytes.begin() + 12'000, std::byte{0});
  const BlockStatistics whole = statistics_of(bytes);
  for (const std::size_t piece : {1U, 3U, 255U, 256U, 4095U, 4097U}) {
    ByteTally pieces;
    ByteTally joined;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto part = std::span(bytes).subspan(at, std::min<std::size_t>(piece, bytes.size() - at));
      pieces.add(part);
      ByteTally next;
      next.add(part);
      joined.append(next);
    }
    for (const ByteTally* tally : {&pieces, &joined}) {
      EXPECT_EQ(tally->statistics().entropy, whole.entropy) << piece;
      EXPECT_EQ(tally->statistics().serial_correlation, whole.serial_correlation) << piece;
      EXPECT_EQ(tally->statistics().chi_square, whole.chi_square) << piece;
    }
  }
}

TEST(ByteTally, SaysNothingOfNoBytes) {
  const BlockStatistics none = ByteTally().statistics();
  EXPECT_EQ(none.bytes, 0U);
  EXPECT_EQ(none.entropy, 0);
  EXPECT_EQ(statistics_of(std::vector<std::byte>(1)).entropy, 0);
}

TEST(Classify, KnowsRandomBytesAtEveryLength) {
  for (const std::size_t bytes : {256U, 1024U, 4096U, 32'768U, 1U << 20U})
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      EXPECT_EQ(classify(statistics_of(random_bytes(bytes, seed))), BlockClass::random) << bytes;
}

TEST(Classify, TellsWhatPeopleTellApart) {
  std::vector<std::byte> block(4096);
  EXPECT_EQ(classify(statistics_of(block)), BlockClass::zero);
  block[17] = std::byte{0x41};
  EXPECT_EQ(classify(statistics_of(block)), BlockClass::sparse);

  std::string text;
  while (text.size() < 4096) text += "GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n";
  EXPECT_EQ(classify(statistics_of(bytes_of(text))), BlockClass::text);
  std::string utf16;
  for (const char c : text) utf16 += {c, '\0'};
  EXPECT_EQ(classify(statistics_of(bytes_of(utf16))), BlockClass::text);

  // Pointers: six random-looking low bytes, two zero bytes.
  auto pointers = random_bytes(4096, 3);
  for (std::size_t i = 0; i < pointers.size(); ++i)
    if (i % 8 >= 5) pointers[i] = i % 8 == 5 ? std::byte{0x7f} : std::byte{0};
  EXPECT_EQ(classify(statistics_of(pointers)), BlockClass::structured);

  // A counter has all byte values equally often, which random bytes never have.
  std::vector<std::byte> counter;
  counter.reserve(4096);
  for (unsigned i = 0; i < 4096; ++i) counter.push_back(static_cast<std::byte>(i & 0xffU));
  EXPECT_EQ(classify(statistics_of(counter)), BlockClass::dense);

  // Random but for one value that is twice as frequent: packed data.
  auto packed = random_bytes(64 * kib, 5);
  for (std::size_t i = 0; i < packed.size(); i += 256) packed[i] = std::byte{0x80};
  EXPECT_EQ(classify(statistics_of(packed)), BlockClass::dense);
}

struct Shown {
  std::uint64_t offset;
  std::uint64_t bytes;
  friend bool operator==(const Shown&, const Shown&) = default;
};

std::vector<Shown> series(std::uint64_t block, std::size_t most, std::size_t bytes, std::size_t piece,
                          std::uint64_t* size = nullptr) {
  std::vector<Shown> shown;
  BlockSeries blocks(block, most, [&](std::uint64_t offset, const BlockStatistics& s) {
    shown.push_back({offset, s.bytes});
  });
  const auto data = random_bytes(bytes, 1);
  for (std::size_t at = 0; at < bytes; at += piece)
    blocks.add(std::span(data).subspan(at, std::min(piece, bytes - at)));
  blocks.finish();
  if (size != nullptr) *size = blocks.block();
  return shown;
}

TEST(BlockSeries, ShowsEachByteOnce) {
  EXPECT_EQ(series(100, 0, 250, 33), (std::vector<Shown>{{0, 100}, {100, 100}, {200, 50}}));
  EXPECT_EQ(series(100, 0, 0, 1), (std::vector<Shown>{}));
}

TEST(BlockSeries, DoublesBlocksUntilTheyAreFewEnough) {
  std::uint64_t block = 0;
  for (const std::size_t bytes : {1U, 63U, 64U, 65U, 500U, 1023U, 1024U, 1025U, 9999U}) {
    for (const std::size_t most : {1U, 2U, 3U, 4U, 7U}) {
      const auto shown = series(16, most, bytes, 37, &block);
      ASSERT_LE(shown.size(), most);
      ASSERT_TRUE(block == 16 || 2 * shown.size() > most) << "coarser than needed";
      std::uint64_t at = 0;
      for (const Shown& each : shown) {
        EXPECT_EQ(each.offset, at);
        EXPECT_TRUE(each.bytes == block || at + each.bytes == bytes);
        at += each.bytes;
      }
      EXPECT_EQ(at, bytes);
    }
  }
}

}  // namespace
}  // namespace dumpgate
