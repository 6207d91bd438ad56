// Policies are strict: what is not understood in full is refused, with file and line; and a policy's name
// depends on what it says, not on how it was written.

#include "scanner/verdict/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

Policy parsed(std::string_view text) {
  Result<Policy> policy = parse_policy(text, "policy.toml");
  EXPECT_TRUE(policy) << policy.error().message;
  return policy ? std::move(policy).value() : Policy{};
}

void expect_refused(const std::string& text, const std::string& place_and_reason) {
  const Result<Policy> policy = parse_policy(text, "policy.toml");
  ASSERT_FALSE(policy) << text;
  EXPECT_EQ(policy.error().code, ErrorCode::usage);
  EXPECT_THAT(policy.error().message, HasSubstr(place_and_reason)) << text;
}

std::string suppression(const std::string& more = "") {
  return "[[suppress]]\npublic_key_sha256 = \"" + digest_of('a') +
         "\"\nreason = \"self-test key of the payment simulator\"\nexpires = 2027-02-22\n" + more;
}

TEST(Policy, AnEmptyFileIsTheDefault) {
  EXPECT_EQ(parsed(""), Policy{});
  EXPECT_EQ(parsed("# nothing but a comment\n"), Policy{});
}

// The text is compiled in twice, here and there: the digest of the default policy stands in reports for
// years, so a change of it must be meant.
TEST(Policy, TheDefaultHasAFixedText) {
  EXPECT_EQ(Policy{}.text(), R"(# dumpgate policy
block_at = "marker"
strict = false
known_test_keys = true

[kinds]
private-key = "block"
encrypted-private-key = "block"
keystore = "block"
symmetric-signing-key = "block"
random-data = "block"

[uses]
signing = "block"
agreement = "report"
symmetric = "report"
container = "block"
unknown = "block"
)");
  EXPECT_EQ(Policy{}.sha256().size(), 64U);
}

TEST(Policy, ReadsEverySetting) {
  const Policy policy = parsed(
      "block_at = \"structure\"\nstrict = true\nknown_test_keys = false\n[kinds]\nkeystore = \"report\"\n"
      "encrypted-private-key = \"report\"\n[uses]\nagreement = \"block\"\nunknown = \"report\"\n" +
      suppression("input_sha256 = \"" + digest_of('b') + "\"\n"));
  EXPECT_EQ(policy.block_at, Evidence::structure);
  EXPECT_TRUE(policy.strict);
  EXPECT_EQ(policy.threshold(), Evidence::hint);
  EXPECT_FALSE(policy.known_test_keys);
  EXPECT_EQ(policy.report_only_kinds, (std::set{KeyKind::keystore, KeyKind::encrypted_private_key}));
  EXPECT_EQ(policy.report_only_uses, (std::set{KeyUse::symmetric, KeyUse::unknown}));
  ASSERT_EQ(policy.suppressions.size(), 1U);
  EXPECT_EQ(policy.suppressions[0].public_key_sha256, digest_of('a'));
  EXPECT_EQ(policy.suppressions[0].reason, "self-test key of the payment simulator");
  EXPECT_EQ(policy.suppressions[0].expires, Date(year(2027), month(2), day(22)));
  EXPECT_EQ(policy.suppressions[0].input_sha256, digest_of('b'));
}

TEST(Policy, ItsTextIsAPolicyThatSaysTheSame) {
  Policy policy = parsed(suppression() + "\n" + suppression("input_sha256 = \"" + digest_of('b') + "\"\n"));
  policy.suppressions[1].reason = "a \"quoted\" \\ reason, gr\xc3\xbcn";
  policy.strict = true;
  policy.report_only_kinds.insert(KeyKind::keystore);
  EXPECT_EQ(parsed(policy.text()), policy);
  EXPECT_EQ(parsed(policy.text()).sha256(), policy.sha256());
}

TEST(Policy, ItsNameDependsOnWhatItSaysAndNotOnHow) {
  EXPECT_EQ(parsed("strict=false # as ever\nblock_at='marker'").sha256(), Policy{}.sha256());
  const std::string other =
      "[[suppress]]\nexpires=2027-01-01\nreason='r'\npublic_key_sha256='" + digest_of('0') + "'\n";
  EXPECT_EQ(parsed(suppression() + other).sha256(), parsed(other + suppression()).sha256());
  EXPECT_NE(parsed("strict = true").sha256(), Policy{}.sha256());
  EXPECT_NE(parsed("known_test_keys = false").sha256(), Policy{}.sha256());
  EXPECT_NE(parsed("[uses]\nsymmetric = \"block\"").sha256(), Policy{}.sha256());
  EXPECT_NE(parsed(suppression()).sha256(), Policy{}.sha256());
}

TEST(Policy, RefusesUnknownKeysEverywhere) {
  expect_refused("strict = true\nstrickt = true", "policy.toml:2: unknown key \"strickt\"");
  expect_refused("[policy]\nstrict = true", "policy.toml:1: unknown key \"policy\"");
  expect_refused("\n[kinds]\nprivate_key = \"report\"", "policy.toml:3: unknown key \"private_key\"");
  expect_refused("[uses]\nsign = \"report\"", "policy.toml:2: unknown key \"sign\"");
  expect_refused(suppression("owner = \"me\"\n"), "policy.toml:5: unknown key \"owner\"");
  expect_refused("\"a\\u001bb\" = 1", "policy.toml:1: unknown key \"a\\x1bb\"");
}

TEST(Policy, RefusesWhatIsSaidTwice) {
  expect_refused("strict = true\nstrict = true", "policy.toml:2: ");
  expect_refused("[uses]\n[uses]", "policy.toml:2: ");
  expect_refused(suppression("reason = \"again\"\n"), "policy.toml:5: ");
  expect_refused(suppression() + suppression(), "this key is suppressed already");
}

TEST(Policy, RefusesWrongTypesAndValues) {
  for (const std::string value : {"1", "\"true\"", "[true]", "{}", "2027-01-01", "1.0"}) {
    expect_refused("\nstrict = " + value, "policy.toml:2: ");
    expect_refused("\nknown_test_keys = " + value, "policy.toml:2: ");
  }
  for (const std::string value : {"1", "true", "\"\"", "\"Marker\"", "\"none\"", "[\"proof\"]"}) {
    expect_refused("block_at = " + value, "policy.toml:1: \"block_at\" must be");
  }
  for (const std::string value : {"1", "true", "\"\"", "\"Block\"", "\"off\"", "{}"}) {
    expect_refused("[kinds]\nkeystore = " + value, "policy.toml:2: \"keystore\" must be");
    expect_refused("[uses]\nsigning = " + value, "policy.toml:2: \"signing\" must be");
  }
  expect_refused("kinds = 1", "policy.toml:1: \"kinds\" must be a table");
  expect_refused("[[uses]]", "policy.toml:1: \"uses\" must be a table");
  expect_refused("suppress = 1", "policy.toml:1: \"suppress\" must be");
  expect_refused("suppress = [1]", "policy.toml:1: \"suppress\" must be");
  expect_refused("[suppress]", "policy.toml:1: \"suppress\" must be");
  expect_refused("strict = ", "policy.toml:1: ");
  expect_refused("strict = true\n\xff = 1", "policy.toml:2: ");
}

TEST(Policy, RefusesASuppressionThatDoesNotSayEnough) {
  const std::string key = "public_key_sha256 = \"" + digest_of('a') + "\"\n";
  const std::string reason = "reason = \"r\"\n";
  const std::string expires = "expires = 2027-02-22\n";
  expect_refused("[[suppress]]\n", "no \"public_key_sha256\"");
  expect_refused("[[suppress]]\n" + reason + expires, "no \"public_key_sha256\"");
  expect_refused("[[suppress]]\n" + key + expires, "no \"reason\"");
  expect_refused("[[suppress]]\n" + key + reason, "no \"expires\"");
  for (const std::string bad : {"\"\"", "\"  \"", "1", "\"a\\nb\"", "\"\\u009b\""}) {
    expect_refused("[[suppress]]\n" + key + expires + "reason = " + bad, "policy.toml:4: \"reason\" must be");
  }
  for (const std::string bad : {"\"2027-02-22\"", "2027-02-22T00:00:00Z", "2027-02-22T00:00:00", "true"}) {
    expect_refused("[[suppress]]\n" + key + reason + "expires = " + bad,
                   "policy.toml:4: \"expires\" must be");
  }
  for (const std::string bad : {"2027-02-30", "2027-13-01", "2027-00-10", "2027-2-2"}) {
    expect_refused("[[suppress]]\n" + key + reason + "expires = " + bad, "policy.toml:4: ");
  }
  for (const std::string& bad : {std::string("1"), std::string("\"\""), "\"" + std::string(64, 'A') + "\"",
                                 "\"" + std::string(63, 'a') + "\"", "\"" + std::string(65, 'a') + "\""}) {
    expect_refused("[[suppress]]\npublic_key_sha256 = " + bad,
                   "policy.toml:2: \"public_key_sha256\" must be");
    expect_refused("[[suppress]]\ninput_sha256 = " + bad, "policy.toml:2: \"input_sha256\" must be");
  }
}

TEST(Policy, DeepNestingIsRefusedAndNotFollowed) {
  const Result<Policy> policy = parse_policy("x = " + std::string(100'000, '['), "policy.toml");
  EXPECT_FALSE(policy);
  // The parts of a key nest too: each is a table.
  std::string key = "\nkinds";
  for (int i = 0; i < 200'000; ++i) key += ".a";
  for (const std::string& text : {key + " = 1\n", "\n[" + key.substr(1) + "]\n"}) {
    const Result<Policy> deep = parse_policy(text, "policy.toml");
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().message, "policy.toml:2: nested deeper than 32 levels");
  }
}

TEST(PolicyFile, IsReadWhole) {
  const std::string path = ::testing::TempDir() + "dumpgate-policy-test.toml";
  std::ofstream(path) << suppression();
  const Result<Policy> policy = read_policy(path);
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->suppressions.size(), 1U);
  std::ofstream(path) << "oops = 1\n";
  const Result<Policy> bad = read_policy(path);
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, StartsWith(path + ":1: "));
  std::ofstream(path) << std::string((1U << 20U) + 1, '#');
  EXPECT_FALSE(read_policy(path));
  std::ofstream(path, std::ios::trunc).flush();
  EXPECT_TRUE(read_policy(path));
}

TEST(PolicyFile, ThatCannotBeReadIsAnError) {
  for (const std::string path : {"/nonexistent/policy.toml", "/", "", "/proc/self/mem"}) {
    const Result<Policy> policy = read_policy(path);
    ASSERT_FALSE(policy) << path;
    EXPECT_EQ(policy.error().code, ErrorCode::usage);
  }
}

TEST(Date, IsWrittenAsInIso8601) {
  EXPECT_EQ(iso_date(Date(year(2027), month(2), day(3))), "2027-02-03");
  EXPECT_EQ(iso_date(Date(year(33), month(12), day(31))), "0033-12-31");
  EXPECT_EQ(iso_date(Date{}), "invalid date");
  EXPECT_EQ(iso_date(Date(year(2027), month(2), day(30))), "invalid date");
}

}  // namespace
}  // namespace dumpgate
