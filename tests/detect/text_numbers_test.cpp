// Numbers as text: what is read as one number, and which are handed to the proofs together. The arithmetic on
// real keys: tests/proof/text_numbers_proof_test.cpp.

#include <gtest/gtest.h>

#include "scanner/detect/number_set.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& text_numbers_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

// As `openssl rsa -text` prints it.
std::string colons(const test::Bytes& bytes, std::size_t columns = 15) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % columns == 0) text += "\n    ";
    text += to_hex(std::span(bytes).subspan(i, 1));
    if (i + 1 < bytes.size()) text += ':';
  }
  return text + "\n";
}

test::Bytes number(std::size_t size, std::uint64_t seed) {
  auto bytes = test::noise(size, seed * 7919 + 1);
  bytes.front() |= std::byte{0x80};
  bytes.back() |= std::byte{1};
  return bytes;
}

std::vector<test::Bytes> values_of(const Candidate& found) {
  std::vector<test::Bytes> values;
  for (const NumberEntry& each : read_number_set(found.payload))
    values.emplace_back(each.bytes.begin(), each.bytes.end());
  return values;
}

TEST(TextNumbers, NumbersNearEachOtherAreOneSet) {
  const auto n = number(256, 1);
  const auto p = number(128, 2);
  for (const std::string& text :
       {"modulus:" + colons(n) + "publicExponent: 65537 (0x10001)\nprime1:" + colons(p) + "prime2:\n",
        "n=0x" + to_hex(n) + ", p=0x" + to_hex(p), "{\"" + to_hex(n) + "\",\"" + to_hex(p) + "\"}"}) {
    for (std::size_t shift = 0; shift < 64; shift += 9) {
      const auto found = find_with(text_numbers_detector, std::string(shift, '.') + text);
      ASSERT_EQ(found.size(), 1U) << shift << text.substr(0, 20);
      EXPECT_EQ(found[0].evidence, Evidence::hint);
      EXPECT_EQ(found[0].representation, "text-hex");
      EXPECT_EQ(values_of(found[0]), (std::vector<test::Bytes>{n, p})) << shift;
    }
  }
}

// Lines of a process' heap as erl_crash.dump has them.
TEST(TextNumbers, ErlangsCrashDumpsMarkLargeNumbersWithALetter) {
  const std::string n(617, '7');
  const std::string p(309, '3');
  const auto found = find_with(
      text_numbers_detector, "7F0A1B2C3D40:B" + n + "\n7F0A1B2C3E48:t2:A0,N\n" + "7F0A1B2C3E60:B" + p + "\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].representation, "text-decimal");
  ASSERT_EQ(values_of(found[0]).size(), 2U);
  // 0.8 * 10^617 has 2049 bits, 10^309 / 3 has 1025.
  EXPECT_EQ(values_of(found[0])[1].size(), 129U);
}

TEST(TextNumbers, DecimalsAreConverted) {
  // 2^1024 - 1 and 2^512 - 1: all bits set.
  const auto decimal = [](std::size_t bits) {
    std::string digits = "1";
    for (std::size_t i = 0; i < bits; ++i) {
      unsigned carry = 0;
      for (std::size_t at = digits.size(); at-- > 0;) {
        const unsigned twice = static_cast<unsigned>(digits[at] - '0') * 2 + carry;
        digits[at] = static_cast<char>('0' + twice % 10);
        carry = twice / 10;
      }
      if (carry != 0) digits.insert(digits.begin(), '1');
    }
    digits.back() = static_cast<char>(digits.back() - 1);  // no power of two ends in 0
    return digits;
  };
  const auto found = find_with(text_numbers_detector, "{" + decimal(1024) + ",65537," + decimal(512) + "}");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].representation, "text-decimal");
  EXPECT_EQ(values_of(found[0]),
            (std::vector<test::Bytes>{test::Bytes(128, std::byte{0xff}), test::Bytes(64, std::byte{0xff})}));
}

TEST(TextNumbers, ScalarsAndPointsArePairs) {
  auto point = number(65, 3);
  point[0] = std::byte{4};
  const auto scalar = number(32, 4);
  for (const std::string& text :
       {"priv:" + colons(scalar) + "pub:" + colons(point), to_hex(scalar) + "," + to_hex(point)}) {
    const auto found = find_with(text_numbers_detector, text);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(values_of(found[0]), (std::vector<test::Bytes>{scalar, point}));
  }
}

TEST(TextNumbers, DigestsAndDumpsAreNothing) {
  std::string sums;
  for (std::uint64_t i = 0; i < 300; ++i) sums += to_hex(test::noise(64, i + 1)) + "  file\n";
  EXPECT_TRUE(find_with(text_numbers_detector, sums).empty());
  EXPECT_TRUE(find_with(text_numbers_detector, to_hex(test::noise(100'000, 5))).empty());
  EXPECT_TRUE(find_with(text_numbers_detector, std::string(100'000, '7')).empty());
  EXPECT_TRUE(find_with(text_numbers_detector, std::string(100'000, ':')).empty());
  EXPECT_TRUE(find_with(text_numbers_detector, std::string(100'000, ' ')).empty());
  EXPECT_TRUE(find_with(text_numbers_detector, "modulus:" + colons(number(256, 6))).empty());
}

TEST(TextNumbers, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::uint64_t i = 0; i < 60; ++i) {
    bytes += std::string(1500 + i * 37, ' ') + "modulus:" + colons(number(256, i)) +
             "prime1:" + colons(number(128, i + 900));
    bytes += to_hex(number(128, i + 500)) + " " + to_hex(number(64, i + 300));
  }
  const auto whole = summaries(find_with(text_numbers_detector, bytes));
  EXPECT_GE(whole.size(), 10U);
  for (const std::size_t own : {512U, 4099U, 16'384U, 65'537U})
    EXPECT_TRUE(summaries(find_with(text_numbers_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
