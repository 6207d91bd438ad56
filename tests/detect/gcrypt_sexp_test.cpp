// S-expressions of libgcrypt are found in their three forms, whole, without their head, and in part.

#include <gtest/gtest.h>

#include <array>

#include "scanner/detect/number_set.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& gcrypt_sexp_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

enum class Style { internal, canonical, advanced };
constexpr std::array styles{Style::internal, Style::canonical, Style::advanced};

std::string noise(std::size_t size, std::uint64_t seed) {
  const auto bytes = test::noise(size, 0x9e3779b97f4a7c15U * (seed + 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char each : bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto c = static_cast<unsigned char>(each);
    if (text.size() % 65 == 64) text += "\n   ";
    text += digits[c >> 4U];
    text += digits[c & 0xfU];
  }
  return text;
}

std::string token(Style style, const std::string& value, bool is_number) {
  if (style == Style::internal) {
    return std::string{1, static_cast<char>(value.size() & 0xff), static_cast<char>(value.size() >> 8)} +
           value;
  }
  if (style == Style::canonical) return std::to_string(value.size()) + ":" + value;
  return is_number ? " #" + hex(value) + "#" : " " + value;
}

std::string open(Style style) { return style == Style::internal ? "\x03" : "("; }
std::string close(Style style) {
  return style == Style::internal ? "\x04" : style == Style::advanced ? ")\n " : ")";
}

std::string name(Style style, const std::string& text) {
  return style == Style::advanced ? text : token(style, text, false);
}

std::string list(Style style, const std::string& text, const std::string& value, bool is_number = true) {
  return open(style) + name(style, text) + token(style, value, is_number) + close(style);
}

const std::string exponent("\x01\x00\x01", 3);

std::string head(Style style, const std::string& algorithm) {
  return open(style) + name(style, "private-key") + open(style) + name(style, algorithm);
}

std::string rsa_body(Style style) {
  return list(style, "n", noise(257, 1)) + list(style, "e", exponent) + list(style, "d", noise(256, 2)) +
         list(style, "p", noise(129, 3)) + list(style, "q", noise(129, 4)) + list(style, "u", noise(128, 5));
}

std::string rsa_key(Style style) {
  return head(style, "rsa") + rsa_body(style) + close(style) + close(style);
}

TEST(GcryptSexp, AWholeKeyIsAStructureOfSixNumbers) {
  for (const Style style : styles) {
    const auto found = find_with(gcrypt_sexp_detector, "before" + rsa_key(style) + "after");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].evidence, Evidence::structure);
    EXPECT_EQ(found[0].form, Form::number_set);
    EXPECT_FALSE(found[0].cut);
    EXPECT_EQ(found[0].representation, style == Style::advanced ? "gcrypt-sexp-text" : "gcrypt-sexp");
    const auto numbers = read_number_set(found[0].payload);
    ASSERT_EQ(numbers.size(), 6U);
    EXPECT_EQ(numbers[0].role, NumberRole::n);
    EXPECT_EQ(numbers[0].bytes.size(), 257U);
    EXPECT_EQ(numbers[3].role, NumberRole::q) << "libgcrypt's p is the q of RFC 8017";
    const auto expected = noise(128, 5);
    EXPECT_TRUE(std::ranges::equal(numbers[5].bytes, std::as_bytes(std::span(expected))));
  }
}

// free() overwrites the first 16 or 32 bytes, other chunks overwrite more.
TEST(GcryptSexp, EveryTailWithASecretNumberIsFound) {
  for (const Style style : styles) {
    const std::string whole = rsa_key(style);
    const std::string last = list(style, "u", noise(128, 5));
    const std::size_t least = whole.size() - last.size() - 2 * close(style).size();
    for (std::size_t lost = 1; lost <= least; lost += 7) {
      const auto found = find_with(gcrypt_sexp_detector, std::string(32, '\0') + whole.substr(lost));
      ASSERT_EQ(found.size(), 1U) << lost;
      EXPECT_GE(found[0].evidence, Evidence::marker);
    }
  }
}

TEST(GcryptSexp, ACurveBringsItsNameAndPoint) {
  for (const Style style : styles) {
    const std::string body = list(style, "curve", "Ed25519", false) + list(style, "flags", "eddsa", false) +
                             list(style, "q", "\x40" + noise(32, 6)) + list(style, "d", noise(32, 7));
    const auto found = find_with(gcrypt_sexp_detector, head(style, "ecc") + body + close(style));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].evidence, Evidence::structure);
    const auto numbers = read_number_set(found[0].payload);
    ASSERT_EQ(numbers.size(), 3U);
    EXPECT_EQ(numbers[0].role, NumberRole::curve);
    EXPECT_EQ(numbers[1].role, NumberRole::point);
    EXPECT_EQ(numbers[2].role, NumberRole::d);
  }
}

TEST(GcryptSexp, PublicKeysAreNone) {
  for (const Style style : styles) {
    const std::string rsa = list(style, "n", noise(257, 1)) + list(style, "e", exponent);
    const std::string dsa = list(style, "p", noise(257, 1)) + list(style, "q", noise(33, 2)) +
                            list(style, "g", noise(256, 3)) + list(style, "y", noise(256, 4));
    const std::string curve = list(style, "p", noise(32, 1)) + list(style, "a", noise(32, 2)) +
                              list(style, "b", noise(32, 3)) + list(style, "q", noise(65, 4));
    for (const auto& each : {rsa, dsa, curve}) EXPECT_TRUE(find_with(gcrypt_sexp_detector, each).empty());
  }
}

// A name that comes twice begins another key, and what stands before a key takes nothing away from it.
TEST(GcryptSexp, ForeignListsBeforeAKeyHideNothing) {
  for (const Style style : styles) {
    std::string before;
    for (int i = 0; i < 40; ++i)
      before += list(style, i % 2 == 0 ? "d" : "p", noise(64, 100U + static_cast<unsigned>(i)));
    const std::string body = rsa_body(style);
    const auto found = find_with(gcrypt_sexp_detector, before + body);
    const bool is_whole = std::ranges::any_of(found, [&](const Candidate& each) {
      return each.begin <= before.size() && read_number_set(each.payload).size() >= 4 &&
             each.begin + each.size >= before.size() + body.size() - close(style).size();
    });
    EXPECT_TRUE(is_whole);
  }
}

TEST(GcryptSexp, LengthsThatLieFindNothingAndCostLittle) {
  std::string bytes;
  for (int i = 0; i < 3000; ++i) bytes += std::string("\x03\x01\x01\0d\x01\xff\xff\x04", 9);
  for (int i = 0; i < 3000; ++i) bytes += "(1:d99:(d #(d #";
  EXPECT_TRUE(find_with(gcrypt_sexp_detector, bytes).empty());
}

TEST(GcryptSexp, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 60; ++i) {
    const std::string key = rsa_key(styles[i % 3]);
    bytes += noise(3000, i) + key.substr(i % 2 == 0 ? 0 : 12 * i);
  }
  const auto whole = summaries(find_with(gcrypt_sexp_detector, bytes));
  EXPECT_EQ(whole.size(), 60U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(gcrypt_sexp_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
