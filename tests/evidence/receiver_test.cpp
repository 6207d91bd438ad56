// The receiving side: what is verified, what is refused, and what nobody can decide.

#include "scanner/evidence/receiver.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "scanner/evidence/dsse.h"
#include "scanner/evidence/waiver.h"
#include "tests/support/released_dumps.h"

namespace dumpgate {
namespace {

class ReceiverTest : public testing::Test {
 protected:
  TestGate gate_{};
  TemporaryDirectory here_{};

  ReceiverOptions options(bool first = false) {
    ReceiverOptions chosen;
    chosen.log = gate_.log.log().verifier();
    chosen.state_directory = here_.file("state");
    chosen.first = first;
    return chosen;
  }

  ReceiptCheck check(const std::string& name, const ReceiverOptions& chosen) {
    const auto checked = check_received_file(here_.file(name), chosen);
    EXPECT_TRUE(checked) << checked.error().message;
    return checked ? *checked : ReceiptCheck{};
  }
  Answer answer(const std::string& name, bool first = false) { return check(name, options(first)).answer; }

  void replace(const std::string& name, std::string_view old, std::string_view fresh) {
    std::string text = read_whole(here_.file(name));
    ASSERT_NE(text.find(old), std::string::npos);
    text.replace(text.find(old), old.size(), fresh);
    here_.write(name, text);
  }
};

TEST_F(ReceiverTest, VerifiesWhatTheGateReleased) {
  gate_.heartbeat();
  const std::uint64_t intent = gate_.deliver("core.1", "a clean dump", here_);
  const ReceiptCheck checked = check("core.1", options(true));
  EXPECT_EQ(checked.answer, Answer::verified) << checked.reason;
  EXPECT_EQ(checked.leaf, intent);
  EXPECT_EQ(checked.checkpoint.size, intent + 1);
  EXPECT_EQ(checked.verdict.result, "release");
  EXPECT_EQ(checked.consistency, Consistency::first);
}

TEST_F(ReceiverTest, TheFirstCheckpointIsAcceptedOnlyWhenToldTo) {
  gate_.deliver("core.1", "a clean dump", here_);
  EXPECT_EQ(answer("core.1"), Answer::undecided);
  EXPECT_EQ(answer("core.1"), Answer::undecided);  // and nothing was remembered
  EXPECT_EQ(answer("core.1", true), Answer::verified);
  EXPECT_EQ(answer("core.1"), Answer::verified);
}

TEST_F(ReceiverTest, WithoutStateConsistencyIsNotAsked) {
  gate_.deliver("core.1", "a clean dump", here_);
  ReceiverOptions chosen = options();
  chosen.state_directory.clear();
  EXPECT_EQ(check("core.1", chosen).answer, Answer::verified);
  EXPECT_EQ(check("core.1", chosen).consistency, Consistency::unknown);
}

TEST_F(ReceiverTest, EachNextReceiptContinuesTheLast) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "core." + std::to_string(i);
    for (int beat = 0; beat < i % 3; ++beat) gate_.heartbeat();
    gate_.deliver(name, "dump " + name, here_);
    const ReceiptCheck checked = check(name, options(i == 0));
    ASSERT_EQ(checked.answer, Answer::verified) << i << checked.reason;
    ASSERT_EQ(checked.consistency, i == 0 ? Consistency::first : Consistency::proven);
  }
}

TEST_F(ReceiverTest, ReceiptsMayComeOutOfOrder) {
  for (const char* const name : {"core.1", "core.2", "core.3"}) gate_.deliver(name, name, here_);
  EXPECT_EQ(answer("core.1", true), Answer::verified);
  EXPECT_EQ(answer("core.3"), Answer::verified);
  EXPECT_EQ(check("core.2", options()).consistency, Consistency::proven);
}

TEST_F(ReceiverTest, WhatNoProofConnectsIsUndecidedUntilTheLogIsAtHand) {
  gate_.deliver("core.1", "first", here_);
  EXPECT_EQ(answer("core.1", true), Answer::verified);
  for (int i = 0; i < 33; ++i) gate_.deliver("lost", "not for this receiver " + std::to_string(i), here_);
  gate_.deliver("core.2", "second", here_);
  EXPECT_EQ(answer("core.2"), Answer::undecided);
  ReceiverOptions with_log = options();
  with_log.log_directory = gate_.log.directory();
  EXPECT_EQ(check("core.2", with_log).consistency, Consistency::proven);
  EXPECT_EQ(answer("core.2"), Answer::verified);
}

TEST_F(ReceiverTest, AReceiptIsTheSameBytesWheneverItIsMade) {
  gate_.deliver("core.1", "first", here_);
  const std::uint64_t intent = gate_.deliver("core.2", "second", here_);
  const auto now = make_receipt(gate_.log.log(), intent).value();
  for (int i = 0; i < 20; ++i) gate_.heartbeat();
  const auto later = make_receipt(gate_.log.log(), intent).value();
  EXPECT_EQ(now.envelopes, later.envelopes);
  EXPECT_EQ(now.proof, later.proof);
  EXPECT_FALSE(make_receipt(gate_.log.log(), intent - 1));  // a verdict
  EXPECT_FALSE(make_receipt(gate_.log.log(), 100'000));
}

TEST_F(ReceiverTest, AChangedFileIsRefused) {
  gate_.deliver("core.1", "a clean dump", here_);
  here_.write("core.1", "a clean dumq");
  EXPECT_EQ(answer("core.1", true), Answer::refused);
  here_.write("core.1", "a clean dump and more");
  EXPECT_EQ(answer("core.1", true), Answer::refused);
}

TEST_F(ReceiverTest, AnotherDumpsReceiptIsRefused) {
  gate_.deliver("core.1", "one", here_);
  gate_.deliver("core.2", "two", here_);
  here_.write("core.1", "two");
  EXPECT_EQ(answer("core.1", true), Answer::refused);
}

TEST_F(ReceiverTest, AMissingReceiptIsUndecidedAndAFileThatIsNotThereAnError) {
  gate_.deliver("core.1", "one", here_);
  std::filesystem::remove(here_.file("core.1.tlog-proof"));
  EXPECT_EQ(answer("core.1", true), Answer::undecided);
  EXPECT_FALSE(check_received_file(here_.file("absent"), options()));
}

// Flips bytes all over the receipt. Whatever the change, the file is verified only when the change says
// nothing: key ids are hints, and JSON and base64 leave no other room.
TEST_F(ReceiverTest, NoChangedByteOfAReceiptIsAccepted) {
  gate_.deliver("core.0", "zero", here_);
  gate_.deliver("core.1", "one", here_);
  for (const char* const name : {"core.1.intoto.jsonl", "core.1.tlog-proof"}) {
    const std::string good = read_whole(here_.file(name));
    for (std::size_t at = 0; at < good.size(); at += 17) {
      std::string changed = good;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      here_.write(name, changed);
      ReceiverOptions chosen = options();
      chosen.state_directory.clear();
      const ReceiptCheck checked = check("core.1", chosen);
      EXPECT_NE(checked.answer, Answer::verified) << name << " at " << at;
    }
    here_.write(name, good);
  }
}

TEST_F(ReceiverTest, AReceiptCutAnywhereIsNotVerified) {
  gate_.deliver("core.1", "one", here_);
  for (const char* const name : {"core.1.intoto.jsonl", "core.1.tlog-proof"}) {
    const std::string good = read_whole(here_.file(name));
    for (std::size_t size = 0; size < good.size(); size += 29) {
      here_.write(name, good.substr(0, size));
      EXPECT_NE(answer("core.1", true), Answer::verified) << name << " " << size;
    }
    here_.write(name, good);
  }
}

TEST_F(ReceiverTest, AnotherLogsKeyIsRefused) {
  gate_.deliver("core.1", "one", here_);
  ReceiverOptions chosen = options(true);
  chosen.log.key = fresh_signer()->public_key();
  EXPECT_EQ(check("core.1", chosen).answer, Answer::refused);
}

TEST_F(ReceiverTest, AVerdictThatDoesNotReleaseIsRefused) {
  ScanRecord record = clean_record();
  record.findings = {proven_key()};
  const LeafPlace verdict = gate_.judge("core.1", "with a key", record);
  const LeafPlace intent = gate_.release(ReleaseStage::intent, "core.1", "with a key", verdict);
  gate_.write_with_receipt("core.1", "with a key", intent.index, here_);
  EXPECT_EQ(answer("core.1", true), Answer::refused);
}

TEST_F(ReceiverTest, AnAbortedReleaseIsNoRelease) {
  const LeafPlace verdict = gate_.judge("core.1", "one", clean_record());
  const LeafPlace intent = gate_.release(ReleaseStage::intent, "core.1", "one", verdict);
  gate_.write_with_receipt("core.1", "one", intent.index, here_);
  const LeafPlace aborted = gate_.release(ReleaseStage::aborted, "core.1", "one", verdict, intent.index);
  const auto reader = gate_.log.log().reader().value();
  here_.write("core.1.intoto.jsonl",
              reader.entry(verdict.index).value() + "\n" + reader.entry(aborted.index).value() + "\n");
  here_.write("core.1.tlog-proof", reader.proof(aborted.index).value().text());
  EXPECT_EQ(answer("core.1", true), Answer::refused);
}

TEST_F(ReceiverTest, AWaiverTakesTheApproversKeys) {
  const auto one = fresh_signer();
  const auto two = fresh_signer();
  const Date expires(std::chrono::year(2026), std::chrono::month(12), std::chrono::day(31));
  std::string waiver = create_waiver(sha256_of("with a key"), "needed", expires, *one).value();
  const auto once = gate_.log.log().append_envelope(waiver);
  waiver = sign_waiver(waiver, *two).value();
  const auto twice = gate_.log.log().append_envelope(waiver);
  ASSERT_TRUE(once && twice);
  ScanRecord record = clean_record();
  record.findings = {proven_key()};
  const LeafPlace verdict = gate_.judge("core.1", "with a key", record);
  const auto deliver = [&](std::uint64_t index) {
    const LeafPlace intent =
        gate_.release(ReleaseStage::intent, "core.1", "with a key", verdict, std::nullopt, index);
    gate_.write_with_receipt("core.1", "with a key", intent.index, here_);
  };
  ReceiverOptions chosen = options(true);
  deliver(twice->index);
  EXPECT_EQ(check("core.1", chosen).answer, Answer::undecided);
  chosen.approvers = {{"ada", one->public_key()}, {"bob", two->public_key()}};
  const ReceiptCheck checked = check("core.1", chosen);
  EXPECT_EQ(checked.answer, Answer::verified) << checked.reason;
  ASSERT_TRUE(checked.waiver);
  EXPECT_EQ(checked.waiver->approvers, chosen.approvers);
  EXPECT_EQ(checked.waiver->expires, expires);
  chosen.approvers[1].key = fresh_signer()->public_key();
  EXPECT_EQ(check("core.1", chosen).answer, Answer::refused);
  // The log's own signature, which every leaf has, is nobody's approval.
  chosen.approvers[1].key = gate_.log.signer().public_key();
  deliver(once->index);
  EXPECT_EQ(check("core.1", chosen).answer, Answer::refused);
  deliver(twice->index);
  chosen.approvers[1].key = two->public_key();
  deliver(once->index);
  EXPECT_EQ(check("core.1", chosen).answer, Answer::refused);
}

// The gate's log is put back to an older state, and goes on from there.
TEST_F(ReceiverTest, ARolledBackLogIsNotAccepted) {
  gate_.deliver("core.1", "one", here_);
  EXPECT_EQ(answer("core.1", true), Answer::verified);
  const TemporaryDirectory backup;
  std::filesystem::copy(gate_.log.directory(), backup.file("log"), std::filesystem::copy_options::recursive);
  gate_.deliver("core.2", "two", here_);
  EXPECT_EQ(answer("core.2"), Answer::verified);
  std::filesystem::remove_all(gate_.log.directory());
  std::filesystem::copy(backup.file("log"), gate_.log.directory(), std::filesystem::copy_options::recursive);
  // It forgot the second release, and tells another story of the same length.
  gate_.deliver("core.3", "three", here_);
  const ReceiptCheck forked = check("core.3", options());
  EXPECT_EQ(forked.answer, Answer::refused);
  EXPECT_EQ(forked.consistency, Consistency::broken);
  // Later on its receipts name trees that the receiver knows otherwise.
  gate_.deliver("core.4", "four", here_);
  EXPECT_EQ(check("core.4", options()).consistency, Consistency::broken);
  EXPECT_EQ(answer("core.2"), Answer::verified);  // what was accepted stays
}

TEST_F(ReceiverTest, ADamagedMemoryIsNotAnEmptyOne) {
  gate_.deliver("core.1", "one", here_);
  EXPECT_EQ(answer("core.1", true), Answer::verified);
  for (const auto& entry : std::filesystem::directory_iterator(here_.file("state")))
    if (entry.path().extension() == ".memory") {
      const std::string good = read_whole(entry.path());
      for (const std::size_t size : {std::size_t{0}, std::size_t{5}, good.size() / 2, good.size() - 1}) {
        here_.write("state/" + entry.path().filename().string(), good.substr(0, size));
        EXPECT_EQ(answer("core.1", true), Answer::undecided) << size;
      }
    }
}

TEST(Beginnings, ContradictionsAreToldApartFromIgnorance) {
  const auto tree = [](std::uint64_t size, int content) {
    Checkpoint made{"x", size, {}};
    made.root[0] = static_cast<std::byte>(content);
    return made;
  };
  RememberedTrees memory = remember({}, tree(10, 1), "note", {});
  EXPECT_EQ(check_consistency({}, tree(10, 1), {}, {}).consistency, Consistency::first);
  EXPECT_EQ(check_consistency(memory, tree(10, 1), {}, {}).consistency, Consistency::proven);
  EXPECT_EQ(check_consistency(memory, tree(10, 2), {}, {}).consistency, Consistency::broken);
  EXPECT_EQ(check_consistency(memory, tree(20, 2), {}, {}).consistency, Consistency::unknown);
  EXPECT_EQ(check_consistency(memory, tree(5, 2), {}, {}).consistency, Consistency::unknown);
  const std::vector<Beginning> connects{{10, tree(10, 1).root, {}}, {5, tree(5, 7).root, {}}};
  EXPECT_EQ(check_consistency(memory, tree(20, 2), connects, {}).consistency, Consistency::proven);
  const std::vector<Beginning> contradicts{{10, tree(10, 9).root, {}}};
  EXPECT_EQ(check_consistency(memory, tree(20, 2), contradicts, {}).consistency, Consistency::broken);
  // An older tree that both know does not connect the newest.
  memory = remember(memory, tree(20, 2), "note 20", connects);
  const std::vector<Beginning> older{{5, tree(5, 7).root, {}}};
  EXPECT_EQ(check_consistency(memory, tree(30, 3), older, {}).consistency, Consistency::unknown);
}

}  // namespace
}  // namespace dumpgate
