// The numbers of libtasn1's nodes: chunks with a length and no tag.

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/detect/number_set.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& tasn1_nodes_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string noise(std::size_t size, std::uint64_t seed) {
  const auto bytes = test::noise(size, 0x9e3779b97f4a7c15U * (seed + 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string length(std::size_t size) {
  if (size < 0x80) return {static_cast<char>(size)};
  if (size < 0x100) return {'\x81', static_cast<char>(size)};
  return {'\x82', static_cast<char>(size >> 8), static_cast<char>(size)};
}

// A chunk of glibc's: its size, then the node's value.
std::string chunk(const std::string& value) {
  std::string bytes(8, '\0');
  bytes[0] = '\x91';
  bytes += value;
  return bytes + std::string((16 - bytes.size() % 16) % 16, '\0');
}

std::string number(std::size_t size, std::uint64_t seed, bool has_top_bit = true) {
  std::string digits = noise(size, seed);
  digits[0] = static_cast<char>(has_top_bit ? digits[0] | 0x80 : (digits[0] & 0x3f) | 0x20);
  if (has_top_bit) digits.insert(digits.begin(), '\0');
  return chunk(length(digits.size()) + digits);
}

std::string key(std::size_t bits, std::uint64_t seed) {
  const std::size_t size = bits / 8;
  return std::string(64, '\0') + number(size, seed) + chunk(std::string("\x03\x01\x00\x01", 4)) +
         number(size, seed + 1, false) + number(size / 2, seed + 2) + number(size / 2, seed + 3) +
         number(size / 2, seed + 4, false);
}

TEST(Tasn1Nodes, TheNumbersOfAKeyAreOneCandidate) {
  for (const std::size_t bits : {1024U, 1536U, 2048U, 3072U, 4096U, 8192U}) {
    const auto found = find_with(tasn1_nodes_detector, key(bits, bits));
    ASSERT_EQ(found.size(), 1U) << bits;
    EXPECT_EQ(found[0].representation, "tasn1-node");
    EXPECT_EQ(found[0].evidence, Evidence::hint);
    // Exponents below the short form's sizes are not read: they are not needed.
    EXPECT_GE(read_number_set(found[0].payload).size(), bits < 2048 ? 4U : 5U) << bits;
  }
}

TEST(Tasn1Nodes, LoneNumbersAndDerAreNone) {
  EXPECT_TRUE(find_with(tasn1_nodes_detector, std::string(64, '\0') + number(256, 1)).empty());
  std::string der;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    std::string digits = noise(128, seed);
    digits[0] = static_cast<char>(digits[0] | 0x80);
    der += '\x02' + length(129) + '\0' + digits;
  }
  EXPECT_TRUE(find_with(tasn1_nodes_detector, der).empty());
  EXPECT_TRUE(
      find_with(tasn1_nodes_detector, number(256, 1) + std::string(2000, '\0') + number(128, 2)).empty());
}

TEST(Tasn1Nodes, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 60; ++i)
    bytes += noise(16 * (i % 7 == 0 ? 1000 : 10 + i), i) + key(i % 2 == 0 ? 2048 : 4096, 10 * i);
  const auto whole = summaries(find_with(tasn1_nodes_detector, bytes));
  EXPECT_GE(whole.size(), 9U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(tasn1_nodes_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
