// Announced places of points are candidates; random bytes hardly ever are.

#include <gtest/gtest.h>

#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& bare_point_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string noise(std::size_t size, std::uint64_t seed) {
  const auto bytes = test::noise(size, 0x9e3779b97f4a7c15U * (seed + 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string point(std::size_t size, std::uint64_t seed) { return '\x04' + noise(2 * size, seed); }

TEST(BarePoint, AStringAtAMultipleOfEightIsAnnouncedByTheZeroBeforeIt) {
  for (const std::size_t size : {32U, 40U, 48U, 64U, 66U}) {
    const auto found =
        find_with(bare_point_detector, std::string(160, '\0') + point(size, size) + std::string(80, '\0'));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].form, Form::bare_point);
    EXPECT_EQ(found[0].begin, 160U);
    EXPECT_GE(found[0].size, 2 * size + 1);
  }
  EXPECT_TRUE(find_with(bare_point_detector, std::string(163, '\0') + point(32, 1)).empty());
  EXPECT_TRUE(find_with(bare_point_detector, std::string(160, '\1') + point(32, 1)).empty());
}

TEST(BarePoint, ALengthAnnouncesAPointAnywhere) {
  for (const std::string& length : {std::string("\0\x41", 2), std::string("\x04\x41", 2),
                                    std::string("\x03\x42\0", 3), std::string("\x17\x41", 2)}) {
    for (std::size_t at = 0; at < 8; ++at) {
      const auto found = find_with(bare_point_detector, std::string(100 + at, 'x') + length + point(32, 1));
      ASSERT_FALSE(found.empty()) << at;  // twice when its place announces it too
      for (const auto& each : found) EXPECT_EQ(each.begin, 100 + at + length.size());
      EXPECT_EQ(found[0].size, 65U);
    }
  }
}

TEST(BarePoint, LengthsOfTheUsualSizesAreKnown) {
  for (const std::size_t size : {32U, 48U, 64U, 66U}) {
    const std::size_t whole = 2 * size + 1;
    const auto octets = [](std::initializer_list<std::size_t> values) {
      std::string text;
      for (const std::size_t value : values) text += static_cast<char>(value);
      return text;
    };
    const bool is_long = whole >= 128;  // DER: X.690 8.1.3
    for (const std::string& length :
         {octets({0, whole}), is_long ? octets({4, 0x81, whole}) : octets({4, whole}),
          is_long ? octets({0x81, whole + 1, 0}) : octets({whole + 1, 0})}) {
      const auto found = find_with(bare_point_detector, std::string(101, 'x') + length + point(size, size));
      ASSERT_FALSE(found.empty()) << size;  // twice when its place announces it too
      for (const auto& each : found) EXPECT_EQ(each.begin, 101 + length.size());
    }
  }
}

TEST(BarePoint, SmallNumbersTextAndCutPointsAreNone) {
  for (const std::string& bytes : {std::string("\4\0\0\0\0\0\0\0", 8) + noise(100, 1),
                                   '\4' + std::string(200, 'a'), point(32, 1).substr(0, 64)})
    EXPECT_TRUE(find_with(bare_point_detector, std::string(64, '\0') + bytes).empty());
}

TEST(BarePoint, RandomBytesBringFewCandidates) {
  EXPECT_LE(find_with(bare_point_detector, noise(4U << 20U, 1)).size(), 40U);
}

TEST(BarePoint, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 300; ++i) {
    bytes += noise(100 + 7 * i, i);
    bytes += std::string(16 - bytes.size() % 8, '\0') + point(32, i);
  }
  const auto whole = summaries(find_with(bare_point_detector, bytes));
  EXPECT_GE(whole.size(), 200U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(bare_point_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
