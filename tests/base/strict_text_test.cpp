// Lines and numbers with one spelling.

#include "scanner/base/strict_text.h"

#include <gtest/gtest.h>

namespace dumpgate {
namespace {

TEST(StrictText, LinesAreTakenOffOneByOneAndAnUnendedOneStays) {
  std::string_view text = "first\n\nthird";
  EXPECT_EQ(take_line(text), "first");
  EXPECT_EQ(take_line(text), "");
  EXPECT_EQ(take_line(text), std::nullopt);
  EXPECT_EQ(text, "third");
}

TEST(StrictText, ANumberHasOneSpelling) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), ~std::uint64_t{0});
  for (const std::string_view text :
       {"", "00", "01", "+1", "-1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"})
    EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
}

}  // namespace
}  // namespace dumpgate
