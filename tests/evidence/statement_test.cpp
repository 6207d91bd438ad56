// What statements say, and that they fit into a leaf whatever the dump and its sender brought.

#include "scanner/evidence/statement.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

using nlohmann::json;

VerdictFacts some_facts() {
  VerdictFacts facts;
  facts.scan_id = "01JDXN5R9GZ4M1C7V8T2K3W5QB";
  facts.gate = {"gate.example/dumps", "gate1", "0.1.0", digest_of('5')};
  facts.source = {"spool", "core.4711", "uid 1000", {{"exe", "/usr/sbin/signer"}, {"pid", "4711"}}};
  facts.received = "2026-11-28T01:00:00.000Z";
  facts.started = "2026-11-28T01:00:01.000Z";
  facts.finished = "2026-11-28T01:00:02.000Z";
  facts.limits = {{"max-memory", "512MiB"}};
  facts.sandbox = {"landlock", "seccomp"};
  facts.artifacts = {{"report", digest_of('6'), "application/json"}};
  return facts;
}

Date some_day() { return {std::chrono::year(2026), std::chrono::month(11), std::chrono::day(28)}; }

Verdict judged(const ScanRecord& record) { return decide(record, Policy{}, KnownTestKeys{}, some_day()); }

TEST(VerdictStatement, SaysWhatWasExaminedAndDecided) {
  ScanRecord record = clean_record();
  record.findings = {proven_key()};
  record.public_keys = {digest_of('7'), digest_of('8')};
  record.gaps = {gap_of(GapReason::absent), gap_of(GapReason::limit)};
  record.protected_keys = {{"a.pem", digest_of('a'), true, {"der"}}, {"b.pem", digest_of('b'), false, {}}};
  const Verdict verdict = judged(record);
  const json statement = json::parse(verdict_statement(some_facts(), record, verdict));
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], verdict_predicate);
  EXPECT_EQ(statement["subject"],
            json::parse(R"([{"name":"core.4711","digest":{"sha256":")" + digest_of('1') + R"("}}])"));
  const json& predicate = statement["predicate"];
  EXPECT_EQ(predicate["scanId"], some_facts().scan_id);
  EXPECT_EQ(predicate["gate"]["programSha256"], digest_of('5'));
  EXPECT_EQ(predicate["source"]["producer"]["pid"], "4711");
  EXPECT_EQ(predicate["times"]["finished"], "2026-11-28T01:00:02.000Z");
  EXPECT_EQ(predicate["detectors"]["signaturesSha256"], digest_of('2'));
  EXPECT_EQ(predicate["policy"]["sha256"], verdict.policy_sha256());
  EXPECT_EQ(predicate["limits"]["max-memory"], "512MiB");
  EXPECT_EQ(predicate["sandbox"], json::array({"landlock", "seccomp"}));
  EXPECT_EQ(predicate["coverage"]["size"], 1'048'576);
  EXPECT_EQ(predicate["coverage"]["complete"], false);
  EXPECT_EQ(predicate["coverage"]["gapCount"], 2);
  EXPECT_EQ(predicate["coverage"]["gaps"][0]["reason"], "limit");  // what holds comes first
  EXPECT_EQ(predicate["result"], "block");
  EXPECT_EQ(predicate["reasons"].size(), verdict.reasons().size());
  EXPECT_EQ(predicate["findings"]["blocking"], 1);
  EXPECT_EQ(predicate["findings"]["keys"][0]["publicKeySha256"], digest_of('a'));
  EXPECT_EQ(predicate["findings"]["keys"][0]["relation"], "n=p*q");
  EXPECT_EQ(predicate["findings"]["keys"][0]["blocks"], true);
  EXPECT_EQ(predicate["publicKeysSeen"], 2);
  EXPECT_EQ(predicate["protected"][0]["found"], true);
  EXPECT_EQ(predicate["artifacts"][0]["digest"]["sha256"], digest_of('6'));
}

TEST(VerdictStatement, AnUnreadDumpIsNamedByTheScanAlone) {
  VerdictFacts facts = some_facts();
  facts.problems = {"worker killed by signal 9"};
  const json statement = json::parse(verdict_statement(facts, ScanRecord{}, Verdict{}));
  EXPECT_EQ(statement["subject"][0]["name"], facts.scan_id);
  EXPECT_FALSE(statement["subject"][0].contains("digest"));
  EXPECT_EQ(statement["predicate"]["result"], "hold");
  EXPECT_EQ(statement["predicate"]["coverage"]["complete"], false);
  EXPECT_FALSE(statement["predicate"]["coverage"].contains("size"));
  EXPECT_EQ(statement["predicate"]["problems"][0], "worker killed by signal 9");
}

TEST(VerdictStatement, AFindingThatNobodyJudgedBlocks) {
  ScanRecord record = clean_record();
  record.findings = {proven_key()};
  const json statement = json::parse(verdict_statement(some_facts(), record, Verdict{}));
  EXPECT_EQ(statement["predicate"]["findings"]["blocking"], 1);
  EXPECT_EQ(statement["predicate"]["findings"]["keys"][0]["blocks"], true);
}

TEST(VerdictStatement, ASecretIsNamedOnlyWhenItsNameIsPublic) {
  ScanRecord record = clean_record();
  Finding secret = proven_key();
  secret.public_key_sha256.clear();
  secret.secret_id = digest_of('c');
  record.findings = {secret};
  EXPECT_EQ(verdict_statement(some_facts(), record, judged(record)).find(digest_of('c')), std::string::npos);
  record.findings[0].secret_id_is_public = true;
  const json statement = json::parse(verdict_statement(some_facts(), record, judged(record)));
  EXPECT_EQ(statement["predicate"]["findings"]["keys"][0]["secretId"], digest_of('c'));
}

// As much of everything as an examination and a sender can bring, in the characters that JSON makes longest.
TEST(VerdictStatement, FitsIntoALeafWhateverComes) {
  std::string longest;
  for (int i = 0; i < 3000; ++i) longest += "\xc3\xa9";
  VerdictFacts facts = some_facts();
  facts.source = {longest, longest, longest, {}};
  for (int i = 0; i < 1000; ++i) {
    facts.source.producer[longest + std::to_string(i)] = longest;
    facts.source.producer[std::to_string(i)] = longest;
    facts.limits[std::to_string(i)] = longest;
  }
  ScanRecord record = clean_record();
  for (int i = 0; i < 2000; ++i) {
    Finding finding = proven_key();
    finding.public_key_sha256 = std::string(60, 'a') + std::to_string(1000 + i % 1000);
    finding.evidence = i < 1990 ? Evidence::hint : Evidence::proof;
    record.findings.push_back(finding);
    Gap gap = gap_of(GapReason::absent);
    gap.layer = longest;
    record.gaps.push_back(gap);
    record.layers.push_back({longest, 1, 1, 1});
    record.images.push_back({longest, 0, 1, 1, 1, 64, false});
    record.protected_keys.push_back({"x", digest_of('d'), false, {}});
  }
  record.gaps.push_back(gap_of(GapReason::io));
  const std::string text = verdict_statement(facts, record, judged(record));
  EXPECT_LT((text.size() + 2) / 3 * 4 + 512, 65'535U);
  const json predicate = json::parse(text)["predicate"];
  EXPECT_EQ(predicate["coverage"]["gapCount"], 2001);
  EXPECT_EQ(predicate["coverage"]["gaps"][0]["reason"], "io");
  EXPECT_EQ(predicate["findings"]["count"], 2000);
  EXPECT_EQ(predicate["findings"]["blocking"], 10);
  EXPECT_EQ(predicate["findings"]["keys"][0]["blocks"], true);
}

TEST(VerdictStatement, NamesAreMadePrintable) {
  VerdictFacts facts = some_facts();
  facts.source.name = "core\x1b[2J\n\xff";
  const json statement = json::parse(verdict_statement(facts, clean_record(), Verdict{}));
  EXPECT_EQ(statement["subject"][0]["name"], "core\\x1b[2J\\n\\xff");
}

TEST(ReleaseStatement, NamesTheVerdictThatAllowedIt) {
  ReleaseFacts facts;
  facts.scan_id = some_facts().scan_id;
  facts.gate = some_facts().gate;
  facts.dump_sha256 = digest_of('1');
  facts.size = 77;
  facts.name = "core.4711";
  facts.destination = "directory release";
  facts.time = "2026-11-28T01:00:03.000Z";
  facts.verdict_index = 12;
  facts.verdict_leaf_sha256 = digest_of('4');
  json statement = json::parse(release_statement(facts));
  EXPECT_EQ(statement["predicateType"], release_predicate);
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], digest_of('1'));
  EXPECT_EQ(statement["predicate"]["stage"], "intent");
  EXPECT_EQ(statement["predicate"]["verdict"]["index"], 12);
  EXPECT_EQ(statement["predicate"]["verdict"]["leafSha256"], digest_of('4'));
  for (const char* absent : {"intentIndex", "waiverIndex", "reason"})
    EXPECT_FALSE(statement["predicate"].contains(absent)) << absent;
  facts.stage = ReleaseStage::aborted;
  facts.intent_index = 13;
  facts.waiver_index = 9;
  facts.reason = "the file changed";
  statement = json::parse(release_statement(facts));
  EXPECT_EQ(statement["predicate"]["stage"], "aborted");
  EXPECT_EQ(statement["predicate"]["intentIndex"], 13);
  EXPECT_EQ(statement["predicate"]["waiverIndex"], 9);
  EXPECT_EQ(statement["predicate"]["reason"], "the file changed");
}

TEST(ControlStatement, IsAboutTheLogItself) {
  ControlFacts facts{"heartbeat", some_facts().gate, "2026-11-28T01:00:03.000Z", {{"policy_sha256", "x"}}};
  const json statement = json::parse(control_statement(facts));
  EXPECT_EQ(statement["subject"][0]["name"], "gate.example/dumps");
  // printf %s gate.example/dumps | sha256sum
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"],
            "b7c3a84f7b105a73ff7801906d3165c07e21dbbeaecf11d91fa9d86bbc19a719");
  EXPECT_EQ(statement["predicate"]["event"], "heartbeat");
  EXPECT_EQ(statement["predicate"]["details"]["policy_sha256"], "x");
}

TEST(ScanId, IsAUlidThatSortsByTimeAndRepeatsNever) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(new_scan_id());
  EXPECT_EQ(ids.size(), 1000U);
  for (const std::string& id : ids) {
    EXPECT_EQ(id.size(), 26U);
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
    EXPECT_LE(id[0], '7');
  }
  // The first ten digits are the milliseconds since 1970: of two ids the later is not smaller.
  const std::string later = new_scan_id();
  EXPECT_GE(later.substr(0, 10), ids.rbegin()->substr(0, 10));
}

TEST(UtcNow, IsRfc3339InUtc) {
  const std::string now = utc_now();
  ASSERT_EQ(now.size(), 24U) << now;
  EXPECT_EQ(now.substr(0, 2), "20");
  EXPECT_EQ(now[4], '-');
  EXPECT_EQ(now[10], 'T');
  EXPECT_EQ(now[19], '.');
  EXPECT_EQ(now.back(), 'Z');
}

}  // namespace
}  // namespace dumpgate
