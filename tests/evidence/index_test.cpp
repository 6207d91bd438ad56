// What the log remembers of a key, and that the index is a cache: damaged, old or lying, it changes nothing.

#include "scanner/evidence/index.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "scanner/evidence/key_history.h"
#include "scanner/evidence/sqlite.h"
#include "tests/support/released_dumps.h"

namespace dumpgate {
namespace {

class IndexTest : public testing::Test {
 protected:
  TestGate gate_{};
  TemporaryDirectory out_{};

  LogReader reader() { return gate_.log.log().reader().value(); }

  KeyHistory history(const std::string& key, bool rebuild = false) {
    const LogReader log = reader();
    const auto index = LogIndex::open(log, rebuild);
    EXPECT_TRUE(index) << index.error().message;
    auto told = key_history(log, *index, key);
    EXPECT_TRUE(told) << told.error().message;
    return told ? *told : KeyHistory{};
  }

  // A blocked dump with the key 'a', a released one that saw its public half, a clean one.
  void three_dumps() {
    ScanRecord with_key = clean_record();
    with_key.findings = {proven_key()};
    with_key.public_keys = {digest_of('a'), digest_of('b')};
    gate_.judge("blocked", "1", with_key);
    ScanRecord with_half = clean_record();
    with_half.public_keys = {digest_of('a')};
    const LeafPlace verdict = gate_.judge("released", "2", with_half);
    const LeafPlace intent = gate_.release(ReleaseStage::intent, "released", "2", verdict);
    gate_.release(ReleaseStage::complete, "released", "2", verdict, intent.index);
    gate_.judge("clean", "3", clean_record());
    gate_.heartbeat();
  }
};

TEST_F(IndexTest, NamesEveryDumpThatHeldOrSawTheKeyAndWhatBecameOfIt) {
  three_dumps();
  const KeyHistory told = history(digest_of('a'));
  ASSERT_EQ(told.dumps.size(), 2U);
  EXPECT_EQ(told.verdicts, 3U);
  EXPECT_TRUE(told.unanswerable.empty());
  EXPECT_EQ(told.dumps[0].name, "blocked");
  EXPECT_EQ(told.dumps[0].relation, KeyRelation::held);
  EXPECT_EQ(told.dumps[0].verdict.result, "block");
  EXPECT_EQ(told.dumps[0].key->relation, "n=p*q");
  EXPECT_EQ(fate_of(told.dumps[0]), "not released");
  EXPECT_EQ(told.dumps[1].name, "released");
  EXPECT_EQ(told.dumps[1].relation, KeyRelation::seen);
  EXPECT_EQ(fate_of(told.dumps[1]), "released");
  ASSERT_EQ(told.dumps[1].releases.size(), 2U);
  EXPECT_EQ(told.dumps[1].releases[1].release.destination, "directory out");
  EXPECT_EQ(history(digest_of('b')).dumps.size(), 1U);
  EXPECT_TRUE(history(digest_of('9')).dumps.empty());
  const std::string text = history_text(told, "a.pem", reader().checkpoint());
  for (const char* const word : {"blocked", "HELD", "not released", "directory out", "the whole of it"})
    EXPECT_NE(text.find(word), std::string::npos) << word;
}

TEST_F(IndexTest, ADumpThatWasNotExaminedWholeCannotSay) {
  ScanRecord record = clean_record();
  record.gaps = {gap_of(GapReason::truncated)};
  gate_.judge("truncated", "1", record);
  const KeyHistory told = history(digest_of('a'));
  EXPECT_TRUE(told.dumps.empty());
  ASSERT_EQ(told.unanswerable.size(), 1U);
  EXPECT_EQ(told.unanswerable[0].name, "truncated");
}

TEST_F(IndexTest, AListThatIsGoneCannotSay) {
  three_dumps();
  std::filesystem::remove_all(gate_.log.file("store"));
  EXPECT_EQ(history(digest_of('9'), true).unanswerable.size(), 2U);
}

TEST_F(IndexTest, ProtectedKeysThatWereSearchedForAndNotFoundAreAnAnswer) {
  ScanRecord record = clean_record();
  record.protected_keys = {{"a.pem", digest_of('a'), false, {"der"}}};
  gate_.judge("searched", "1", record);
  const KeyHistory told = history(digest_of('a'));
  ASSERT_EQ(told.dumps.size(), 1U);
  EXPECT_EQ(told.dumps[0].relation, KeyRelation::sought);
}

TEST_F(IndexTest, AnIntentWithoutEndIsNotKept) {
  const LeafPlace verdict = gate_.judge("core", "1", clean_record());
  ScanRecord seen = clean_record();
  seen.public_keys = {digest_of('a')};
  const LeafPlace again = gate_.judge("core", "1", seen);
  const LeafPlace intent = gate_.release(ReleaseStage::intent, "core", "1", verdict);
  EXPECT_EQ(fate_of(history(digest_of('a')).dumps.at(0)), "release began");
  gate_.release(ReleaseStage::aborted, "core", "1", again, intent.index);
  EXPECT_EQ(fate_of(history(digest_of('a')).dumps.at(0)), "release aborted");
}

TEST_F(IndexTest, IsUsedExtendedAndMadeAnewAsTheLogDemands) {
  three_dumps();
  LogReader log = reader();
  EXPECT_TRUE(LogIndex::open(log)->made_anew());
  EXPECT_FALSE(LogIndex::open(log)->made_anew());
  for (int i = 0; i < 20; ++i) gate_.heartbeat();
  ScanRecord record = clean_record();
  record.public_keys = {digest_of('c')};
  gate_.judge("later", "4", record);
  log = reader();
  EXPECT_FALSE(LogIndex::open(log)->made_anew());  // extended
  const auto extended = LogIndex::open(log)->content_sha256();
  EXPECT_EQ(history(digest_of('c')).dumps.size(), 1U);
  EXPECT_EQ(LogIndex::open(log, true)->content_sha256().value(), extended.value());
}

TEST_F(IndexTest, DamageMakesItAnew) {
  three_dumps();
  const std::string path = gate_.log.file("index.sqlite");
  const LogReader log = reader();
  EXPECT_TRUE(LogIndex::open(log)->made_anew());
  const std::string good = read_whole(path);
  for (const std::string& bad : {std::string(), good.substr(0, 100), std::string(5000, 'x')}) {
    std::ofstream(path, std::ios::binary) << bad;
    EXPECT_TRUE(LogIndex::open(log)->made_anew());
    EXPECT_EQ(history(digest_of('a')).dumps.size(), 2U);
  }
}

TEST_F(IndexTest, ALyingIndexIsFoundOut) {
  three_dumps();
  const LogReader log = reader();
  EXPECT_EQ(rebuild_index(log).value(), IndexState::absent);
  EXPECT_EQ(rebuild_index(log).value(), IndexState::same);
  const std::string path = gate_.log.file("index.sqlite");
  {  // a row that the log does not bear out
    auto database = Database::open(path, false);
    ASSERT_TRUE(database->run("UPDATE key SET leaf=2 WHERE leaf=0"));
  }
  const auto index = LogIndex::open(log);
  EXPECT_FALSE(index->made_anew());
  EXPECT_EQ(key_history(log, *index, digest_of('b')).error().code, ErrorCode::corrupt);
  EXPECT_EQ(rebuild_index(log).value(), IndexState::different);
  {  // a row that is missing
    auto database = Database::open(path, false);
    ASSERT_TRUE(database->run("DELETE FROM key"));
  }
  EXPECT_EQ(rebuild_index(log).value(), IndexState::different);
  EXPECT_EQ(history(digest_of('a')).dumps.size(), 2U);
  gate_.heartbeat();
  EXPECT_EQ(rebuild_index(reader()).value(), IndexState::older);
}

// More keys than a statement names: the report tells the others.
TEST_F(IndexTest, KeysThatTheStatementCutOffAreTakenFromTheReport) {
  ScanRecord record = clean_record();
  record.sha256 = sha256_of("1");
  for (int i = 0; i < 300; ++i) {
    Finding finding = proven_key();
    finding.public_key_sha256 = sha256_of(std::to_string(i));
    record.findings.push_back(finding);
  }
  std::string report = R"({"findings":[)";
  for (const Finding& finding : record.findings)
    report += R"({"public_key_sha256":")" + finding.public_key_sha256 + R"("},)";
  report.back() = ']';
  report += "}";
  const std::string stored = gate_.log.log().store(std::as_bytes(std::span(std::as_const(report)))).value();
  VerdictFacts facts;
  facts.scan_id = new_scan_id();
  const Verdict verdict = decide(record, Policy{}, KnownTestKeys{}, gate_day());
  gate_.append(verdict_statement(facts, record, verdict));
  EXPECT_EQ(history(sha256_of("0")).dumps.size(), 1U);
  EXPECT_TRUE(history(sha256_of("299")).dumps.empty());
  EXPECT_EQ(history(sha256_of("299")).unanswerable.size(), 1U);
  facts.artifacts = {{"report", stored, "application/json"}};
  gate_.append(verdict_statement(facts, record, verdict));
  EXPECT_EQ(history(sha256_of("299")).dumps.size(), 1U);
}

}  // namespace
}  // namespace dumpgate
