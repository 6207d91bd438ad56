// The second pass says what it left out: a signal that comes while the hunt is under way ends it soon, and
// what was not hunted in is a gap, whatever the first pass has read.

#include "scanner/engine/second_pass.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "scanner/detect/detector.h"
#include "tests/hunt/memory.h"

namespace dumpgate {
namespace {

TEST(SecondPass, AStopLeavesAGapWhereItDidNotHunt) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(nullptr, &EVP_PKEY_free);
  hunt_test::Bytes prime;
  do {
    key.reset(EVP_RSA_gen(1024));
    prime = hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, 64);
  } while (!hunt_test::spared(prime));
  hunt_test::Memory memory;
  (void)memory.put(hunt_test::reversed(prime));

  const auto anchors = AnchorScan::compile(all_detectors());
  ASSERT_TRUE(anchors);
  std::atomic<bool> stop = false;
  ScanOptions options;
  options.threads = 2;
  options.stop = &stop;
  SecondPass pass(options, **anchors);
  LeafState& leaf = pass.begin_leaf();
  leaf.layer = "raw";
  leaf.regions = std::make_unique<RegionIndex>(leaf.map);
  pass.keep(leaf, memory.runs());
  pass.end_leaf(leaf);
  const auto input = memory_input("test", {});
  const auto run = [&] {
    Collector collector;
    collector.add(Lead{.key = hunt_test::public_of(key.get()), .origin = KeyOrigin::certificate});
    pass.run(*input, collector);
    return collector;
  };

  stop = true;
  Collector stopped = run();
  EXPECT_EQ(stopped.findings(), 0U);
  const auto gaps = stopped.take_gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, GapReason::limit);
  EXPECT_EQ(gaps[0].layer, "raw");
  EXPECT_EQ(gaps[0].detail, "stopped by a signal");

  stop = false;
  Collector whole = run();
  EXPECT_EQ(whole.findings(), 1U);
  EXPECT_TRUE(whole.take_gaps().empty());
}

}  // namespace
}  // namespace dumpgate
