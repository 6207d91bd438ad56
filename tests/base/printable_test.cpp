// printable(): nothing that a terminal acts upon comes through, and nothing that a person should see is lost.

#include "scanner/base/printable.h"

#include <gtest/gtest.h>

#include <random>

namespace dumpgate {
namespace {

TEST(Printable, KeepsOrdinaryText) {
  EXPECT_EQ(printable("core.4711 [heap]"), "core.4711 [heap]");
  EXPECT_EQ(printable("Gr\xc3\xbc\xc3\x9f"
                      "e \xe2\x82\xac \xf0\x9f\x94\x91"),
            "Gr\xc3\xbc\xc3\x9f"
            "e \xe2\x82\xac \xf0\x9f\x94\x91");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatATerminalActsUpon) {
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\x0dd");
  EXPECT_EQ(printable("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // the one-character CSI of ISO 6429
}

TEST(Printable, EscapesInvisibleAndReorderingCharacters) {
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\u202e");
  EXPECT_EQ(printable("\xe2\x81\xa6"), "\\u2066");
  EXPECT_EQ(printable("\xef\xbb\xbf"), "\\ufeff");
  EXPECT_EQ(printable("\xe2\x80\xa8"), "\\u2028");
  EXPECT_EQ(printable("\xf3\xa0\x80\xa0"), "\\ue0020");
}

TEST(Printable, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");                    // cut
  EXPECT_EQ(printable("\xe2\x41"),
            "\\xe2"
            "A");
}

TEST(Printable, TwoNamesNeverLookTheSame) { EXPECT_NE(printable("a\nb"), printable("a\\nb")); }

TEST(Printable, AnyBytesBecomeValidTextWithoutControls) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 2000; ++round) {
    std::string text(static_cast<std::size_t>(round % 40), '\0');
    for (char& c : text) c = static_cast<char>(byte(random));
    const std::string shown = printable(text);
    std::string_view rest = shown;
    while (!rest.empty()) {
      const std::optional<char32_t> point = next_code_point(rest);
      ASSERT_TRUE(point.has_value());
      ASSERT_TRUE(*point >= 0x20 && (*point < 0x7f || *point >= 0xa0));
    }
    EXPECT_EQ(printable(shown).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace dumpgate
