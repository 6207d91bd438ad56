// Views decode the same text in both directions, and know where it came from.

#include "scanner/detect/text_view.h"

#include <gtest/gtest.h>

#include <string>

namespace dumpgate {
namespace {

std::string forward_text(TextView& view) {
  std::string text;
  for (std::ptrdiff_t i = 0; view.at(i) != TextView::none; ++i)
    text += view.at(i) == TextView::other ? '?' : static_cast<char>(view.at(i));
  return text;
}

std::string backward_text(TextView& view) {
  std::string text;
  for (std::ptrdiff_t i = -1; view.at(i) != TextView::none; --i)
    text.insert(text.begin(), view.at(i) == TextView::other ? '?' : static_cast<char>(view.at(i)));
  return text;
}

std::unique_ptr<TextView> raw(std::string_view bytes, std::size_t start) {
  return raw_text(std::as_bytes(std::span(bytes)), start);
}

TEST(TextView, RawTextEndsWhereTheBytesEnd) {
  const auto view = raw("abc", 1);
  EXPECT_EQ(forward_text(*view), "bc");
  EXPECT_EQ(backward_text(*view), "a");
  EXPECT_EQ(view->begin_of(-1), 0U);
  EXPECT_EQ(view->end_of(1), 3U);
  EXPECT_TRUE(view->matches(0, "bc"));
  EXPECT_FALSE(view->matches(0, "bcd"));
}

TEST(TextView, EscapesReadAlikeInBothDirections) {
  const std::string_view bytes = R"(a\nb\\nc\/d\u002de\\u002Ff\x41%2Bg\qh%zz\)";
  const std::string expected = "a\nb\nc/d-e/fA+g\\qh%zz\\";
  const auto bottom = raw(bytes, 0);
  EXPECT_EQ(forward_text(*unescaped_text(*bottom, 0)), expected);
  EXPECT_EQ(backward_text(*unescaped_text(*bottom, static_cast<std::ptrdiff_t>(bytes.size()))), expected);
  const auto view = unescaped_text(*bottom, 0);
  EXPECT_EQ(view->at(1), '\n');
  EXPECT_EQ(view->begin_of(1), 1U);
  EXPECT_EQ(view->end_of(1), 3U);
}

TEST(TextView, APlusIsASpaceInFormsOnly) {
  const auto bottom = raw("a+b%2B", 0);
  EXPECT_EQ(forward_text(*unescaped_text(*bottom, 0)), "a+b+");
  EXPECT_EQ(forward_text(*unescaped_text(*bottom, 0, Plus::space)), "a b+");
  EXPECT_EQ(backward_text(*unescaped_text(*bottom, 6, Plus::space)), "a b+");
}

TEST(TextView, Base64DecodesAcrossLineBreaksAndStopsAtPadding) {
  const auto bottom = raw("aGVs\r\nbG8g d29y\nbGQ=!!", 0);
  EXPECT_EQ(forward_text(*base64_text(*bottom, 0)), "hello world");
  EXPECT_EQ(backward_text(*base64_text(*bottom, 16)), "hello wor");
  const auto view = base64_text(*bottom, 0);
  EXPECT_EQ(view->begin_of(3), 6U);
  EXPECT_EQ(view->end_of(3), 10U);
}

TEST(TextView, HexDecodesEitherCase) {
  const auto bottom = raw("4a4B 4c:4D.", 0);
  EXPECT_EQ(forward_text(*hex_text(*bottom, 0)), "JKL");
  EXPECT_EQ(backward_text(*hex_text(*bottom, 7)), "JKL");
}

TEST(TextView, Utf16DecodesBothOrders) {
  const auto little = raw(std::string_view("a\0b\0\x3c\x04", 6), 0);
  EXPECT_EQ(forward_text(*utf16_text(*little, 0, Utf16Order::little)), "ab?");
  EXPECT_EQ(backward_text(*utf16_text(*little, 4, Utf16Order::little)), "ab");
  const auto big = raw(std::string_view("\0a\0b\x04\x3c", 6), 0);
  EXPECT_EQ(forward_text(*utf16_text(*big, 0, Utf16Order::big)), "ab?");
}

TEST(TextView, ViewsStandOnViews) {
  const auto bottom = raw("YQBi\\nAGMA", 0);
  const auto unescaped = unescaped_text(*bottom, 0);
  const auto decoded = base64_text(*unescaped, 0);
  const auto text = utf16_text(*decoded, 0, Utf16Order::little);
  EXPECT_EQ(forward_text(*text), "abc");
  EXPECT_EQ(text->begin_of(2), 6U);
}

TEST(TextView, RunsOfSeparatorsEndAText) {
  const std::string bytes =
      "YWJj" + std::string(most_separators, '\n') + "ZGVm" + std::string(most_separators + 1, '\n') + "Z2hp";
  const auto bottom = raw(bytes, 0);
  EXPECT_EQ(forward_text(*base64_text(*bottom, 0)), "abcdef");
  EXPECT_EQ(backward_text(*base64_text(*bottom, static_cast<std::ptrdiff_t>(bytes.size()))), "ghi");
}

TEST(TextView, Base64WithoutSeparatorsDecodes) {
  const SecretBytes bytes = decode_base64("aGVsbG8");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "hello");
  EXPECT_TRUE(decode_base64("").empty());
  EXPECT_TRUE(decode_base64("!").empty());
}

}  // namespace
}  // namespace dumpgate
