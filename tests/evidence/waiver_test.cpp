// A waiver takes two people, one dump and a day: each of them alone is not enough.

#include "scanner/evidence/waiver.h"

#include <gtest/gtest.h>

#include "scanner/evidence/dsse.h"
#include "tests/support/evidence.h"
#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

Date day(int year, unsigned month, unsigned of_month) {
  return {std::chrono::year(year), std::chrono::month(month), std::chrono::day(of_month)};
}

class WaiverTest : public testing::Test {
 protected:
  std::unique_ptr<Signer> one_ = fresh_signer();
  std::unique_ptr<Signer> two_ = fresh_signer();
  std::unique_ptr<Signer> stranger_ = fresh_signer();
  std::vector<Approver> keys_{{"ada", one_->public_key()}, {"bob", two_->public_key()}};
  std::string dump_ = digest_of('a');
  Date today_ = day(2026, 11, 28);

  std::string created(Date expires) {
    return create_waiver(dump_, "crash of the payment service", expires, *one_).value();
  }
  std::string signed_by_both(Date expires) { return sign_waiver(created(expires), *two_).value(); }
};

TEST_F(WaiverTest, HoldsWithTwoSignaturesForItsDumpUntilItsDay) {
  const std::string waiver = signed_by_both(day(2026, 12, 31));
  const auto opened = open_waiver(waiver, keys_, dump_, today_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->reason, "crash of the payment service");
  EXPECT_EQ(opened->expires, day(2026, 12, 31));
  EXPECT_EQ(opened->approvers.size(), 2U);
  EXPECT_TRUE(open_waiver(waiver, keys_, dump_, day(2026, 12, 31)));
  EXPECT_FALSE(open_waiver(waiver, keys_, dump_, day(2027, 1, 1)));
  EXPECT_FALSE(open_waiver(waiver, keys_, dump_, Date{}));
  EXPECT_FALSE(open_waiver(waiver, keys_, digest_of('b'), today_));
}

TEST_F(WaiverTest, OnePersonIsNotTwo) {
  const std::string once = created(day(2026, 12, 31));
  EXPECT_FALSE(open_waiver(once, keys_, dump_, today_));
  EXPECT_FALSE(sign_waiver(once, *one_));
  // The same signature twice, and the same key in two files.
  const std::string twice = add_signature(once, *one_).value();
  EXPECT_FALSE(open_waiver(twice, keys_, dump_, today_));
  const std::vector<Approver> doubled{keys_[0], {"bob", keys_[0].key}};
  EXPECT_FALSE(open_waiver(twice, doubled, dump_, today_));
}

TEST_F(WaiverTest, TwoKeysOfOnePersonAreOnePerson) {
  const std::vector<Approver> ada{{"ada", one_->public_key()}, {"ada", two_->public_key()}};
  EXPECT_FALSE(open_waiver(signed_by_both(day(2026, 12, 31)), ada, dump_, today_));
}

TEST_F(WaiverTest, AStrangersSignatureDoesNotCount) {
  const std::string waiver = sign_waiver(created(day(2026, 12, 31)), *stranger_).value();
  EXPECT_FALSE(open_waiver(waiver, keys_, dump_, today_));
  EXPECT_FALSE(open_waiver(waiver, std::vector<Approver>{}, dump_, today_));
}

TEST_F(WaiverTest, AWaiverMayAskForMorePeople) {
  const std::string statement =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"dump","digest":{"sha256":")" + dump_ +
      R"("}}],"predicateType":"urn:x-dumpgate:waiver:v1","predicate":{"reason":"r","expires":"2026-12-31","approvers":3}})";
  std::vector<Signer*> signers{one_.get(), two_.get()};
  EXPECT_FALSE(open_waiver(seal_envelope(statement, signers).value(), keys_, dump_, today_));
  // Fewer than two are never enough, whatever it says.
  std::string careless = statement;
  careless.replace(careless.find(":3}"), 3, ":1}");
  signers.pop_back();
  EXPECT_FALSE(open_waiver(seal_envelope(careless, signers).value(), keys_, dump_, today_));
}

TEST_F(WaiverTest, NobodySignsSomethingElseByMistake) {
  std::vector<Signer*> signers{one_.get()};
  EXPECT_FALSE(sign_waiver(seal_envelope(numbered_statement(1), signers).value(), *two_));
  EXPECT_FALSE(create_waiver("abc", "r", day(2026, 12, 31), *one_));
  EXPECT_FALSE(create_waiver(dump_, "", day(2026, 12, 31), *one_));
  EXPECT_FALSE(create_waiver(dump_, "r", Date{}, *one_));
}

TEST_F(WaiverTest, NoChangedByteKeepsItValid) {
  const std::string waiver = signed_by_both(day(2026, 12, 31));
  for (std::size_t at = 0; at < waiver.size(); at += 3) {
    std::string changed = waiver;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    // A key id is a hint and the one thing that is not signed.
    const std::size_t id = waiver.rfind("keyid", at);
    if (id != std::string::npos && at < id + 10 + 64) continue;
    EXPECT_FALSE(open_waiver(changed, keys_, dump_, today_)) << at;
  }
  EXPECT_FALSE(open_waiver(waiver.substr(0, waiver.size() / 2), keys_, dump_, today_));
}

TEST(ParseDay, TakesDaysAndNothingElse) {
  EXPECT_EQ(parse_day("2028-02-29"), day(2028, 2, 29));
  for (const char* const bad :
       {"2027-02-29", "2026-13-01", "2026-1-01", "2026-01-1", "", "2026-01-0x", "+026-01-01"})
    EXPECT_FALSE(parse_day(bad)) << bad;
}

}  // namespace
}  // namespace dumpgate
