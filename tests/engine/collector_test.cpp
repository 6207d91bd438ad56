// What the collector has no room for is a gap: no key to protect is left aside in silence.

#include "scanner/engine/collector.h"

#include <gtest/gtest.h>

#include <string>

namespace dumpgate {
namespace {

TEST(Collector, MoreKeysToProtectThanItKeepsAreAGap) {
  Collector collector;
  NamedPublicKey named;
  for (std::size_t i = 0; i < LeadSet::bound; ++i) {
    named.key.sha256 = std::to_string(i);
    collector.add(named);
  }
  EXPECT_EQ(collector.leads().all().size(), LeadSet::bound);
  EXPECT_TRUE(collector.take_gaps().empty());
  named.key.sha256 = "one more";
  collector.add(named);
  const auto gaps = collector.take_gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, GapReason::limit);
}

}  // namespace
}  // namespace dumpgate
