// A waiver's last day may end while a large dump is read: what counts is the day on which it leaves.

#include "scanner/gate/waived_release.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "scanner/evidence/waiver.h"
#include "tests/support/released_dumps.h"
#include "tests/support/temporary_directory.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;

class WaivedReleaseTest : public testing::Test {
 protected:
  WaivedReleaseTest() {
    ScanRecord unfinished = clean_record();
    unfinished.gaps.push_back({.reason = GapReason::truncated});
    const LeafPlace verdict = gate_.judge("core", content_, unfinished);
    const SpoolState state{.scan_id = gate_.scan_id(),
                           .name = "core",
                           .source = {.channel = "spool"},
                           .received = utc_now(),
                           .stage = SpoolStage::kept,
                           .decision = "hold",
                           .dump_sha256 = sha256_of(content_),
                           .size = content_.size(),
                           .verdict_index = verdict.index};
    EXPECT_TRUE(spool_.make_place(state));
    home_.write("quarantine/" + gate_.scan_id() + "/dump", content_);
    fs::permissions(spool_.dump_of(gate_.scan_id()), fs::perms::owner_read | fs::perms::owner_write);
  }

  // By a waiver that holds until the gate's day.
  Result<PassageOutcome> release(const std::function<Date()>& today) {
    std::string waiver = create_waiver(sha256_of(content_), "needed", gate_day(), *ada_).value();
    waiver = sign_waiver(waiver, *bob_).value();
    const std::vector<Approver> approvers{{"ada", ada_->public_key()}, {"bob", bob_->public_key()}};
    const GateContext context{.identity = gate_.identity(), .log = &gate_.log.log()};
    return release_by_waiver(spool_, context, gate_.scan_id(), waiver, approvers, today);
  }
  Spool open_spool() const {
    for (const char* const name : {"quarantine", "release"}) fs::create_directory(home_.file(name));
    return Spool::open(home_.file("quarantine"), home_.file("release")).value();
  }
  std::uint64_t leaves() { return gate_.log.log().reader().value().checkpoint().size; }

  TemporaryDirectory home_{};
  std::string content_ = "memory that was not examined whole";
  TestGate gate_{};
  Spool spool_ = open_spool();
  std::unique_ptr<Signer> ada_ = fresh_signer();
  std::unique_ptr<Signer> bob_ = fresh_signer();
};

TEST_F(WaivedReleaseTest, HoldsOnItsLastDay) {
  const auto outcome = release(&gate_day);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->end, PassageEnd::released) << outcome->message;
  EXPECT_TRUE(fs::exists(home_.file("release/core")));
}

TEST_F(WaivedReleaseTest, ExpiresWhileTheDumpIsRead) {
  const std::uint64_t before = leaves();
  const Date next{std::chrono::sys_days(gate_day()) + std::chrono::days(1)};
  int asked = 0;
  const auto outcome = release([&] { return asked++ == 0 ? gate_day() : next; });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::usage);
  EXPECT_EQ(leaves(), before);
  EXPECT_TRUE(fs::is_empty(home_.file("release")));
  EXPECT_EQ(spool_.state(gate_.scan_id()).value().stage, SpoolStage::kept);
}

}  // namespace
}  // namespace dumpgate
