// The list of published test keys: what a line must be, and that the list compiled in is one.

#include "scanner/verdict/known_test_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

using ::testing::HasSubstr;

std::string line(std::string_view kind, char digit) {
  return std::string(kind) + "\t" + digest_of(digit) + "\trsa/2048\tlibexample 1.0 self-test\n";
}

TEST(KnownTestKeys, TheCompiledInListIsWellFormed) {
  const Result<KnownTestKeys> list = KnownTestKeys::builtin();
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->sha256().size(), 64U);
}

TEST(KnownTestKeys, FindsByTheDigestOfItsKindOnly) {
  const Result<KnownTestKeys> list =
      KnownTestKeys::parse("# a comment\n\n" + line("spki", 'a') + line("encoding", 'b'), "x");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->size(), 2U);
  ASSERT_NE(list->by_public_key(digest_of('a')), nullptr);
  EXPECT_EQ(list->by_public_key(digest_of('a'))->origin, "libexample 1.0 self-test");
  EXPECT_EQ(list->by_public_key(digest_of('a'))->algorithm, "rsa/2048");
  EXPECT_NE(list->by_encoding(digest_of('b')), nullptr);
  EXPECT_EQ(list->by_encoding(digest_of('a')), nullptr);
  EXPECT_EQ(list->by_public_key(digest_of('b')), nullptr);
  EXPECT_EQ(list->by_public_key(""), nullptr);
  EXPECT_EQ(list->by_encoding(""), nullptr);
}

TEST(KnownTestKeys, TheLastLineNeedsNoLineFeed) {
  std::string text = line("spki", 'a');
  text.pop_back();
  const Result<KnownTestKeys> list = KnownTestKeys::parse(text, "x");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 1U);
}

TEST(KnownTestKeys, RefusesAnythingElseAndNamesTheLine) {
  const std::string good = line("spki", 'a');
  const std::string digest = digest_of('b');
  for (const std::string& bad : {
           std::string("nonsense"),
           "spki\t" + digest + "\trsa/2048",
           "spki\t" + digest + "\trsa/2048\torigin\textra",
           "key\t" + digest + "\trsa/2048\torigin",
           "spki\t" + digest.substr(1) + "\trsa/2048\torigin",
           "spki\t" + std::string(64, 'B') + "\trsa/2048\torigin",
           "spki\t" + digest + "\t\torigin",
           "spki\t" + digest + "\trsa/2048\t",
           "spki\t" + digest + "\trsa/2048\tori\x1bgin",
           "spki\t" + digest + "\trsa/2048\torigin\r",
           std::string(" # not a comment"),
           line("spki", 'a'),
       }) {
    const Result<KnownTestKeys> list = KnownTestKeys::parse(good + "#\n" + bad, "keys.tsv");
    ASSERT_FALSE(list) << bad;
    EXPECT_THAT(list.error().message, HasSubstr("keys.tsv:3:")) << bad;
  }
}

}  // namespace
}  // namespace dumpgate
