// Every dump has its end, and what lies on the disk has its time.

#include "scanner/gate/time_limit.h"

#include <gtest/gtest.h>

#include <limits>

namespace dumpgate {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

TEST(TimeLimit, FollowsWhatIsOnTheDisk) {
  EXPECT_EQ(time_limit(0, 0, 120, 240), 360U);
  EXPECT_EQ(time_limit(gib - 1, gib, 120, 240), 360U);
  EXPECT_EQ(time_limit(10 * gib, 10 * gib, 120, 240), 120U + 11 * 240);
  EXPECT_EQ(time_limit(gib, 100 * gib, 120, 240), 120U + 2 * 240);
}

TEST(TimeLimit, HolesHaveLittle) {
  EXPECT_EQ(time_limit(1024 * gib, 0, 120, 240), 360U + 2 * 1024);
  const unsigned of_a_day = time_limit(15 * 1024 * 1024 * gib, 0, 120, 240);
  EXPECT_EQ(of_a_day, 360U + 86'400);
  EXPECT_EQ(time_limit(std::numeric_limits<std::int64_t>::max(), 0, 120, 240), of_a_day);
}

TEST(TimeLimit, NeverWrapsAround) {
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(time_limit(all, all, 120, 240), 30U * 86'400);
  EXPECT_EQ(time_limit(0, 0, std::numeric_limits<unsigned>::max(), 240), 30U * 86'400);
}

}  // namespace
}  // namespace dumpgate
