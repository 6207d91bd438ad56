#include "scanner/evidence/public_key_list.h"

#include <gtest/gtest.h>

#include "tests/support/scan_records.h"

namespace dumpgate {
namespace {

Result<std::vector<std::string>> parsed(std::string_view text) {
  return parse_public_key_list(std::as_bytes(std::span(text)));
}

TEST(PublicKeyList, IsReadAsItWasWritten) {
  const std::vector<std::string> names{digest_of('1'), digest_of('f')};
  EXPECT_EQ(public_key_list(names), digest_of('1') + "\n" + digest_of('f') + "\n");
  EXPECT_EQ(parsed(public_key_list(names)).value(), names);
  EXPECT_TRUE(parsed("").value().empty());
}

TEST(PublicKeyList, DamageIsAnErrorAndNeverAShorterList) {
  const std::string good = public_key_list(std::vector<std::string>{digest_of('1'), digest_of('2')});
  for (std::size_t size = 1; size < good.size(); ++size) {
    if (size == good.size() / 2) continue;  // whole lines are a list; its digest in the leaf tells
    EXPECT_FALSE(parsed(std::string_view(good).substr(0, size))) << size;
  }
  std::string upper = good;
  upper[3] = 'A';
  EXPECT_FALSE(parsed(upper));
}

}  // namespace
}  // namespace dumpgate
