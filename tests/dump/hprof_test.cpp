// Java's heap dumps: the header is read, damage in it is a gap, and nothing claims an alignment.

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "scanner/dump/format.h"
#include "tests/support/dump_maps.h"

namespace dumpgate {
namespace {

DumpMap map_of_text(const std::string& bytes) { return support::map_of(std::as_bytes(std::span(bytes))); }

std::string header(char identifiers) {
  std::string bytes("JAVA PROFILE 1.0.2");
  bytes.push_back('\0');
  bytes += {'\0', '\0', '\0', identifiers};
  return bytes + std::string(8, '\1');
}

TEST(Hprof, IsKnownByItsHeader) {
  const DumpMap map = map_of_text(header(8) + std::string(100, 'x'));
  EXPECT_EQ(map.format, "hprof");
  EXPECT_TRUE(map.unaligned);
  EXPECT_EQ(map.word_bits, 64U);
  EXPECT_TRUE(map.gaps.empty());
  EXPECT_TRUE(map.regions.empty());
}

TEST(Hprof, OfA32BitMachine) { EXPECT_EQ(map_of_text(header(4)).word_bits, 32U); }

TEST(Hprof, ADamagedHeaderIsAGap) {
  const DumpMap map = map_of_text(header(3));
  ASSERT_EQ(map.gaps.size(), 1U);
  EXPECT_EQ(map.gaps[0].reason, GapReason::corrupt);
}

TEST(Hprof, CutInsideItsHeaderItPromisesMore) {
  for (std::size_t size = 1; size < 31; ++size) {
    const DumpMap map = map_of_text(header(8).substr(0, size));
    const bool held = !map.gaps.empty() || map.promised_end > size;
    EXPECT_TRUE(held) << size;
  }
}

}  // namespace
}  // namespace dumpgate
