// Verdicts: the whole table of findings, gaps and policies, and the properties that make a release worth
// something.

#include "scanner/verdict/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <random>

#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

constexpr Date today(year(2026), month(11), day(22));
constexpr Date tomorrow(year(2026), month(11), day(23));
constexpr Date yesterday(year(2026), month(11), day(21));

constexpr std::array all_evidence{Evidence::hint, Evidence::marker, Evidence::structure, Evidence::proof};
constexpr std::array all_kinds{KeyKind::private_key, KeyKind::encrypted_private_key, KeyKind::keystore,
                               KeyKind::symmetric_signing_key, KeyKind::random_data};
constexpr std::array all_uses{KeyUse::signing, KeyUse::agreement, KeyUse::symmetric, KeyUse::container,
                              KeyUse::unknown};
constexpr std::array all_reasons{GapReason::truncated, GapReason::corrupt,     GapReason::encrypted,
                                 GapReason::limit,     GapReason::unsupported, GapReason::io,
                                 GapReason::absent,    GapReason::internal};

Verdict decided(const ScanRecord& record, const Policy& policy = {}, const KnownTestKeys& known = {},
                Date date = today) {
  return decide(record, policy, known, date);
}

ScanRecord with(const Finding& finding) {
  ScanRecord record = clean_record();
  record.findings.push_back(finding);
  return record;
}

KnownTestKeys list_of(const std::string& kind, char digit) {
  Result<KnownTestKeys> list =
      KnownTestKeys::parse(kind + "\t" + digest_of(digit) + "\trsa/2048\tlibexample self-test\n", "test");
  EXPECT_TRUE(list);
  return std::move(list).value();
}

Policy suppressing(char digit, Date expires) {
  Policy policy;
  policy.suppressions.push_back({digest_of(digit), "a simulator's key", expires, std::nullopt});
  return policy;
}

TEST(Verdict, WholeAndCleanIsReleased) {
  const Verdict verdict = decided(clean_record());
  EXPECT_EQ(verdict.decision(), Decision::release);
  EXPECT_TRUE(verdict.complete());
  EXPECT_THAT(verdict.reasons(), Not(IsEmpty()));
}

TEST(Verdict, NothingDefaultConstructedReleases) {
  EXPECT_EQ(Verdict{}.decision(), Decision::hold);
  EXPECT_FALSE(Verdict{}.complete());
  EXPECT_EQ(Decision{}, Decision::hold);
  EXPECT_EQ(decided(ScanRecord{}).decision(), Decision::hold);
  EXPECT_TRUE(FindingVerdict{}.blocks);
  EXPECT_NE(exit_code(Decision{}), 0);
}

// Everything that a release needs, taken away one by one.
TEST(Verdict, WhateverIsMissingHolds) {
  const std::array<std::function<void(ScanRecord&)>, 8> losses{
      [](ScanRecord& record) { record.examined = false; },
      [](ScanRecord& record) { record.self_test_passed = false; },
      [](ScanRecord& record) { record.sha256.reset(); },
      [](ScanRecord& record) { record.size.reset(); },
      [](ScanRecord& record) { record.bytes_in -= 1; },
      [](ScanRecord& record) { record.bytes_in += 1; },
      [](ScanRecord& record) { record.size = record.bytes_in = record.bytes_examined = 0; },
      [](ScanRecord& record) { record.gaps.push_back(Gap{}); },
  };
  for (const auto& lose : losses) {
    ScanRecord record = clean_record();
    lose(record);
    const Verdict verdict = decided(record);
    EXPECT_EQ(verdict.decision(), Decision::hold);
    EXPECT_FALSE(verdict.complete());
    EXPECT_THAT(verdict.reasons(), SizeIs(1));
  }
}

TEST(Verdict, EveryGapButAbsentMemoryHolds) {
  for (const GapReason reason : all_reasons) {
    ScanRecord record = clean_record();
    record.gaps.push_back(gap_of(GapReason::absent));
    record.gaps.push_back(gap_of(reason));
    const Verdict verdict = decided(record);
    const bool absent = reason == GapReason::absent;
    EXPECT_EQ(verdict.decision(), absent ? Decision::release : Decision::hold);
    EXPECT_EQ(verdict.complete(), absent);
    if (!absent) {
      EXPECT_THAT(verdict.reasons(), Contains(HasSubstr(std::string(to_string(reason)))));
    }
  }
}

// The table: evidence x kind x use x strictness x completeness, under the default policy.
TEST(Verdict, DecidesByEvidenceKindUseAndCompleteness) {
  for (const Evidence evidence : all_evidence) {
    for (const KeyKind kind : all_kinds) {
      for (const KeyUse use : all_uses) {
        for (const bool strict : {false, true}) {
          for (const bool whole : {false, true}) {
            Finding finding = proven_key();
            finding.evidence = evidence;
            finding.kind = kind;
            finding.use = use;
            ScanRecord record = with(finding);
            if (!whole) record.gaps.push_back(gap_of(GapReason::corrupt));
            Policy policy;
            policy.strict = strict;
            const bool blocks = (strict || evidence >= Evidence::marker) && use != KeyUse::agreement &&
                                use != KeyUse::symmetric;
            const Verdict verdict = decided(record, policy);
            EXPECT_EQ(verdict.decision(), blocks  ? Decision::block
                                          : whole ? Decision::release
                                                  : Decision::hold);
            EXPECT_EQ(verdict.complete(), whole);
            ASSERT_THAT(verdict.findings(), SizeIs(1));
            EXPECT_EQ(verdict.findings()[0].blocks, blocks);
            EXPECT_THAT(verdict.findings()[0].reason, Not(IsEmpty()));
          }
        }
      }
    }
  }
}

TEST(Verdict, ThePolicySetsTheLeastEvidenceThatBlocks) {
  for (const Evidence least : all_evidence) {
    for (const Evidence evidence : all_evidence) {
      Finding finding = proven_key();
      finding.evidence = evidence;
      Policy policy;
      policy.block_at = least;
      EXPECT_EQ(decided(with(finding), policy).findings()[0].blocks, evidence >= least);
    }
  }
}

TEST(Verdict, EachKindAndUseCanBeRelaxed) {
  for (const KeyKind kind : all_kinds) {
    Finding finding = proven_key();
    finding.kind = kind;
    Policy policy;
    policy.report_only_kinds = {kind};
    EXPECT_EQ(decided(with(finding), policy).decision(), Decision::release);
    policy.report_only_kinds = {kind == KeyKind::keystore ? KeyKind::private_key : KeyKind::keystore};
    EXPECT_EQ(decided(with(finding), policy).decision(), Decision::block);
  }
  for (const KeyUse use : all_uses) {
    Finding finding = proven_key();
    finding.use = use;
    Policy policy;
    policy.report_only_uses = {use};
    EXPECT_EQ(decided(with(finding), policy).decision(), Decision::release);
    policy.report_only_uses = {};
    EXPECT_EQ(decided(with(finding), policy).decision(), Decision::block);
  }
}

TEST(Verdict, SaysWhyAKeyOfUnknownUseBlocks) {
  Finding finding = proven_key();
  finding.use = KeyUse::unknown;
  const Verdict verdict = decided(with(finding));
  EXPECT_TRUE(verdict.findings()[0].blocks);
  EXPECT_THAT(verdict.findings()[0].reason, HasSubstr("use is unknown"));
}

TEST(Suppression, HonouredUntilTheDayItExpires) {
  for (const auto& [expires, honoured] : {std::pair(yesterday, false), {today, true}, {tomorrow, true}}) {
    const Policy policy = suppressing('a', expires);
    const Verdict verdict = decided(with(proven_key()), policy);
    EXPECT_EQ(verdict.decision(), honoured ? Decision::release : Decision::block);
    EXPECT_EQ(verdict.findings()[0].suppression.has_value(), honoured);
    EXPECT_EQ(verdict.expired_suppressions().size(), honoured ? 0U : 1U);
  }
}

TEST(Suppression, ExpiredOnesAreListedEvenWhenTheirKeyIsAbsent) {
  const Verdict verdict = decided(clean_record(), suppressing('b', yesterday));
  EXPECT_EQ(verdict.decision(), Decision::release);
  EXPECT_THAT(verdict.expired_suppressions(), SizeIs(1));
  EXPECT_THAT(verdict.reasons(), Contains(HasSubstr("expired")));
}

TEST(Suppression, NeedsADateToday) {
  EXPECT_EQ(decided(with(proven_key()), suppressing('a', tomorrow), {}, Date{}).decision(), Decision::block);
  EXPECT_EQ(decided(with(proven_key()), suppressing('a', Date{})).decision(), Decision::block);
}

TEST(Suppression, IsForOneKeyAndIfSoSaidForOneDump) {
  EXPECT_EQ(decided(with(proven_key()), suppressing('b', tomorrow)).decision(), Decision::block);
  Policy policy = suppressing('a', tomorrow);
  policy.suppressions[0].input_sha256 = digest_of('1');
  EXPECT_EQ(decided(with(proven_key()), policy).decision(), Decision::release);
  policy.suppressions[0].input_sha256 = digest_of('9');
  EXPECT_EQ(decided(with(proven_key()), policy).decision(), Decision::block);
  ScanRecord unnamed = with(proven_key());
  unnamed.sha256.reset();
  EXPECT_EQ(decided(unnamed, policy).decision(), Decision::block);
}

TEST(Suppression, OtherKeysOfTheDumpStillBlock) {
  ScanRecord record = with(proven_key());
  record.findings.push_back(proven_key());
  record.findings[1].public_key_sha256 = digest_of('b');
  const Verdict verdict = decided(record, suppressing('a', tomorrow));
  EXPECT_EQ(verdict.decision(), Decision::block);
  EXPECT_FALSE(verdict.findings()[0].blocks);
  EXPECT_TRUE(verdict.findings()[1].blocks);
}

TEST(Suppression, DoesNotMakeADumpWhole) {
  ScanRecord record = with(proven_key());
  record.gaps.push_back(gap_of(GapReason::truncated));
  EXPECT_EQ(decided(record, suppressing('a', tomorrow)).decision(), Decision::hold);
}

TEST(KnownTestKey, DoesNotBlockUnlessThePolicySaysSo) {
  const KnownTestKeys known = list_of("spki", 'a');
  Policy policy;
  const Verdict verdict = decided(with(proven_key()), policy, known);
  EXPECT_EQ(verdict.decision(), Decision::release);
  EXPECT_EQ(verdict.findings()[0].known_test_key, "libexample self-test");
  EXPECT_EQ(verdict.known_test_keys_sha256(), known.sha256());
  policy.known_test_keys = false;
  const Verdict off = decided(with(proven_key()), policy, known);
  EXPECT_EQ(off.decision(), Decision::block);
  EXPECT_THAT(off.findings()[0].known_test_key, IsEmpty());
  EXPECT_THAT(off.known_test_keys_sha256(), IsEmpty());
}

TEST(KnownTestKey, IsKnownByTheDigestOfItsEncodingToo) {
  Finding finding = proven_key();
  finding.evidence = Evidence::structure;
  finding.public_key_sha256.clear();
  finding.encoding_sha256 = digest_of('e');
  EXPECT_EQ(decided(with(finding), {}, list_of("encoding", 'e')).decision(), Decision::release);
  EXPECT_EQ(decided(with(finding), {}, list_of("encoding", 'f')).decision(), Decision::block);
  EXPECT_EQ(decided(with(finding), {}, list_of("spki", 'e')).decision(), Decision::block);
}

// Whoever writes a published modulus in front of a real key must not get it through.
TEST(Exemption, NeedsANameThatThePrivatePartVouchesFor) {
  for (const Evidence evidence : all_evidence) {
    for (const bool derived : {false, true}) {
      Finding finding = proven_key();
      finding.evidence = evidence;
      finding.public_key_derived = derived;
      const bool vouched = derived || evidence == Evidence::proof;
      const bool blocks = !vouched && evidence != Evidence::hint;
      EXPECT_EQ(decided(with(finding), {}, list_of("spki", 'a')).findings()[0].blocks, blocks);
      EXPECT_EQ(decided(with(finding), suppressing('a', tomorrow)).findings()[0].blocks, blocks);
    }
  }
}

TEST(ProtectedKey, BlocksWhateverExemptsIt) {
  Finding finding = proven_key();
  finding.use = KeyUse::agreement;
  ScanRecord record = with(finding);
  record.protected_keys.push_back({"payments.pem", digest_of('a'), true, {"der"}});
  const Verdict verdict = decided(record, suppressing('a', tomorrow), list_of("spki", 'a'));
  EXPECT_EQ(verdict.decision(), Decision::block);
  EXPECT_EQ(verdict.findings()[0].protected_key, "payments.pem");
  EXPECT_FALSE(verdict.findings()[0].suppression.has_value());
  EXPECT_THAT(verdict.findings()[0].known_test_key, IsEmpty());
}

TEST(ProtectedKey, WithoutANameMatchesNothing) {
  Finding finding = proven_key();
  finding.use = KeyUse::agreement;
  finding.public_key_sha256.clear();
  ScanRecord record = with(finding);
  record.protected_keys.push_back({"odd.pem", "", false, {}});
  EXPECT_EQ(decided(record).decision(), Decision::release);
}

TEST(Verdict, ABlockStillSaysThatTheDumpWasNotWhole) {
  ScanRecord record = with(proven_key());
  record.gaps.push_back(gap_of(GapReason::limit));
  const Verdict verdict = decided(record);
  EXPECT_EQ(verdict.decision(), Decision::block);
  EXPECT_FALSE(verdict.complete());
  EXPECT_THAT(verdict.reasons(), Contains(HasSubstr("limit")));
}

TEST(Verdict, ManyFindingsDoNotMakeManyReasons) {
  ScanRecord record = clean_record();
  for (std::uint64_t i = 0; i < 5000; ++i) {
    record.findings.push_back(proven_key());
    record.gaps.push_back(gap_of(GapReason::corrupt));
  }
  const Verdict verdict = decided(record);
  EXPECT_THAT(verdict.findings(), SizeIs(5000));
  EXPECT_LT(verdict.reasons().size(), 40U);
  EXPECT_THAT(verdict.reasons(), Contains(HasSubstr("4980 further findings block")));
}

TEST(Verdict, NamesThePolicy) { EXPECT_EQ(decided(clean_record()).policy_sha256(), Policy{}.sha256()); }

// A record made at random, from few values, so that matches happen.
class RandomRecords {
 public:
  explicit RandomRecords(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  bool often() { return below(4) != 0; }

  Finding finding() {
    Finding finding = proven_key();
    finding.evidence = all_evidence.at(below(all_evidence.size()));
    finding.kind = all_kinds.at(below(all_kinds.size()));
    finding.use = all_uses.at(below(all_uses.size()));
    finding.public_key_sha256 = below(3) == 0 ? "" : digest_of("abc"[below(3)]);
    finding.encoding_sha256 = below(3) == 0 ? digest_of("abc"[below(3)]) : "";
    finding.public_key_derived = below(2) == 0;
    return finding;
  }
  ScanRecord record() {
    ScanRecord record = clean_record();
    record.examined = often();
    record.self_test_passed = often();
    if (!often()) record.sha256.reset();
    for (std::size_t i = below(3); i != 0; --i) record.gaps.push_back(gap_of(all_reasons.at(below(8))));
    for (std::size_t i = below(3); i != 0; --i) record.findings.push_back(finding());
    if (!often()) record.protected_keys.push_back({"p", digest_of('c'), false, {}});
    return record;
  }
  Policy policy() {
    Policy policy = suppressing("abc"[below(3)], below(2) == 0 ? yesterday : tomorrow);
    policy.block_at = all_evidence.at(below(all_evidence.size()));
    policy.strict = !often();
    policy.known_test_keys = often();
    if (!often()) policy.report_only_kinds = {all_kinds.at(below(all_kinds.size()))};
    if (!often()) policy.report_only_uses = {all_uses.at(below(all_uses.size()))};
    return policy;
  }

 private:
  std::mt19937 random_;
};

TEST(VerdictProperty, AReleaseIsWholeAndNothingInItBlocks) {
  RandomRecords random(1);
  unsigned released = 0;
  for (int round = 0; round < 20'000; ++round) {
    const ScanRecord record = random.record();
    const Verdict verdict =
        decided(record, random.policy(), list_of(random.below(2) == 0 ? "spki" : "encoding", 'b'));
    ASSERT_EQ(verdict.findings().size(), record.findings.size());
    ASSERT_THAT(verdict.reasons(), Not(IsEmpty()));
    bool blocks = false;
    for (const FindingVerdict& finding : verdict.findings()) blocks |= finding.blocks;
    ASSERT_EQ(verdict.decision(), blocks               ? Decision::block
                                  : verdict.complete() ? Decision::release
                                                       : Decision::hold);
    if (verdict.decision() != Decision::release) continue;
    ++released;
    ASSERT_TRUE(record.examined && record.self_test_passed && record.sha256.has_value());
    for (const Gap& gap : record.gaps) ASSERT_EQ(gap.reason, GapReason::absent);
  }
  EXPECT_GT(released, 1000U);
}

TEST(VerdictProperty, MoreFindingsOrGapsNeverHelp) {
  RandomRecords random(2);
  for (int round = 0; round < 20'000; ++round) {
    const Policy policy = random.policy();
    const KnownTestKeys known = list_of("spki", 'b');
    ScanRecord record = random.record();
    const Decision before = decided(record, policy, known).decision();
    if (random.below(2) == 0) {
      record.findings.push_back(random.finding());
    } else {
      record.gaps.push_back(gap_of(all_reasons.at(random.below(8))));
    }
    const Decision after = decided(record, policy, known).decision();
    const bool softer = before == Decision::block ? after != Decision::block
                                                  : before == Decision::hold && after == Decision::release;
    ASSERT_FALSE(softer);
  }
}

TEST(VerdictProperty, StrictnessNeverReleasesMore) {
  RandomRecords random(3);
  for (int round = 0; round < 5'000; ++round) {
    Policy policy = random.policy();
    policy.strict = false;
    const ScanRecord record = random.record();
    const Decision lax = decided(record, policy).decision();
    policy.strict = true;
    const Decision strict = decided(record, policy).decision();
    ASSERT_THAT(strict, AnyOf(lax, Decision::block));
  }
}

TEST(ExitCode, OnlyAReleaseIsZero) {
  EXPECT_EQ(exit_code(Decision::release), 0);
  EXPECT_EQ(exit_code(Decision::block), 1);
  EXPECT_EQ(exit_code(Decision::hold), 3);
}

TEST(ExitCode, OfSeveralInputsIsTheWorst) {
  using D = Decision;
  EXPECT_EQ(worst({}), D::hold);
  EXPECT_EQ(worst(std::array{D::release}), D::release);
  EXPECT_EQ(worst(std::array{D::release, D::release}), D::release);
  EXPECT_EQ(worst(std::array{D::release, D::hold}), D::hold);
  EXPECT_EQ(worst(std::array{D::hold, D::release}), D::hold);
  EXPECT_EQ(worst(std::array{D::hold, D::block, D::release}), D::block);
  EXPECT_EQ(worst(std::array{D::block, D::hold}), D::block);
}

}  // namespace
}  // namespace dumpgate
