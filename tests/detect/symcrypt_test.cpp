// SymCrypt's number objects are taken together when they stand near each other, and reported once.

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/detect/number_set.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& symcrypt_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string noise(std::size_t size, std::uint64_t seed) {
  const auto bytes = test::noise(size, 0x9e3779b97f4a7c15U * (seed + 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string u32(std::size_t value) {
  std::string bytes;
  for (const unsigned shift : {0U, 8U, 16U, 24U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string object(const std::string& tag, std::size_t size, std::size_t digit, std::uint64_t seed) {
  return std::string(2, '\0') + tag + u32(size / digit) + u32(32 + size) + std::string(20, '\0') +
         noise(size, seed);
}

// A modulus: its own header, that of its divisor and the number; then a precomputed value.
std::string modulus(std::size_t size, std::size_t digit, std::uint64_t seed) {
  return std::string("\0\0Mg", 4) + std::string(60, '\0') + std::string("\0\0Dg", 4) + std::string(28, '\0') +
         object("Ig", size, digit, seed) + noise(size, seed + 100);
}

std::string key(std::size_t digit, std::uint64_t seed) {
  return std::string(64, '\0') + modulus(256, digit, seed) + modulus(128, digit, seed + 1) +
         modulus(128, digit, seed + 2) + object("Ig", 256, digit, seed + 3);
}

TEST(SymCrypt, TheNumbersOfAKeyAreOneCandidate) {
  for (const std::size_t digit : {16U, 32U, 64U}) {
    const auto found = find_with(symcrypt_detector, key(digit, 1));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].representation, "symcrypt");
    EXPECT_EQ(found[0].evidence, Evidence::hint);
    const auto numbers = read_number_set(found[0].payload);
    ASSERT_EQ(numbers.size(), 4U);
    auto expected = noise(256, 1);
    std::ranges::reverse(expected);
    EXPECT_TRUE(std::ranges::equal(numbers[0].bytes, std::as_bytes(std::span(expected)))) << "big-endian";
  }
}

TEST(SymCrypt, AHeaderWhoseSizesDisagreeIsNone) {
  const std::string good = key(64, 1);
  for (std::size_t at = good.find("Ig") + 2; at < good.find("Ig") + 10; ++at) {
    std::string bytes = good;
    bytes[at] = '\x7f';
    const auto found = find_with(symcrypt_detector, bytes);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(read_number_set(found[0].payload).size(), 3U);
  }
  EXPECT_TRUE(find_with(symcrypt_detector, object("Ig", 256, 64, 1)).empty()) << "one number proves nothing";
}

TEST(SymCrypt, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 60; ++i) bytes += noise(8 * (i % 7 == 0 ? 1000 : 10 + i), i) + key(64, 10 * i);
  const auto whole = summaries(find_with(symcrypt_detector, bytes));
  EXPECT_GE(whole.size(), 9U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(symcrypt_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
