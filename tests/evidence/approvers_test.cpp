// Who may sign waivers is told by files, and people are told apart by the names of these.

#include "scanner/evidence/approvers.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/evidence.h"

namespace dumpgate {
namespace {

class ApproversTest : public testing::Test {
 protected:
  void put(const std::string& name, const Signer& signer) const {
    const std::vector<std::byte> spki = ed25519_spki(signer.public_key());
    directory_.write(name, std::string(reinterpret_cast<const char*>(spki.data()), spki.size()));
  }
  Result<std::vector<Approver>> read() const { return read_approvers(directory_.file("")); }

  TemporaryDirectory directory_{};
  std::unique_ptr<Signer> one_ = fresh_signer();
  std::unique_ptr<Signer> two_ = fresh_signer();
};

TEST_F(ApproversTest, APersonIsTheNameUpToTheFirstDot) {
  put("ada.pem", *one_);
  put("ada.spare.pem", *two_);
  put(".hidden", *fresh_signer());
  EXPECT_FALSE(read());  // two keys, one person
  put("bob.pem", *fresh_signer());
  const auto approvers = read();
  ASSERT_TRUE(approvers) << approvers.error().message;
  EXPECT_EQ(approvers->size(), 3U);
  EXPECT_EQ(count_people(*approvers), 2U);
  EXPECT_EQ(approvers->front(), (Approver{"ada", one_->public_key()}));
}

TEST_F(ApproversTest, AKeyOfTwoPeopleIsRefused) {
  put("ada.pem", *one_);
  put("bob.pem", *one_);
  put("eve.pem", *two_);
  EXPECT_FALSE(read());
}

TEST_F(ApproversTest, AFileThatIsNoKeyIsRefused) {
  put("ada.pem", *one_);
  put("bob.pem", *two_);
  EXPECT_TRUE(read());
  directory_.write("readme", "keys of those who may sign");
  EXPECT_FALSE(read());
  EXPECT_FALSE(read_approvers(directory_.file("none")));
}

TEST_F(ApproversTest, TheLogsKeyCanBeLeftOut) {
  const std::vector<Approver> both{{"ada", one_->public_key()}, {"log", two_->public_key()}};
  EXPECT_EQ(approvers_other_than(two_->public_key(), both), std::vector<Approver>{both[0]});
}

}  // namespace
}  // namespace dumpgate
