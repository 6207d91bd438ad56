// HMAC keys are found in the pads that libraries keep, and runs of '6' and '\' in text are not taken for
// pads.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/detect/window_runs.h"
#include "tests/support/effort.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& hmac_pads_detector;

namespace {

using test::Bytes;
using test::random_key;
using testing_support::find_with;
using testing_support::summaries;

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string pad_block(std::string key, std::size_t size, char pad) {
  key.resize(size);
  for (char& c : key) c = static_cast<char>(c ^ pad);
  return key;
}
std::string inner(const std::string& key, std::size_t size = 64) { return pad_block(key, size, 0x36); }
std::string outer(const std::string& key, std::size_t size = 64) { return pad_block(key, size, 0x5c); }

std::string memory_with(const std::string& what, std::size_t at, std::size_t size = 16384, char fill = 0) {
  std::string memory(size, fill);
  return memory.replace(at, what.size(), what);
}

TEST(HmacPads, FindsASingleBlockOfEachSize) {
  for (const std::size_t size : {64U, 128U})
    for (const std::size_t length : {16U, 20U, 24U, 32U, 48U, 64U, 96U, 112U}) {
      if (length + 16 > size) continue;
      int found_whole = 0;
      for (std::uint64_t seed = 1; seed <= 40; ++seed)
        for (const char pad : {'\x36', '\x5c'}) {
          const std::string block = pad_block(random_key(length, seed), size, pad);
          for (const std::size_t at : {4096U, 4100U}) {
            const auto found = find_with(hmac_pads_detector, memory_with(block, at));
            if (found.size() == 1 && found[0].begin == at && found[0].size == size &&
                found[0].form == Form::hmac_pad)
              ++found_whole;
          }
        }
      EXPECT_GE(found_whole, 156) << length << " in " << size;  // the filters lose one in thousands
    }
}

TEST(HmacPads, ABlockAtTheEndsOfTheLayerIsFound) {
  const std::string block = inner(random_key(32, 3));
  EXPECT_EQ(find_with(hmac_pads_detector, memory_with(block, 0)).size(), 1U);
  EXPECT_EQ(find_with(hmac_pads_detector, memory_with(block, 16384 - 64)).size(), 1U);
  EXPECT_EQ(find_with(hmac_pads_detector, block).size(), 1U);
}

TEST(HmacPads, TwoBlocksOfOneKeyAreJoined) {
  for (const std::size_t size : {64U, 128U})
    for (const std::string& key : {random_key(32, 4), std::string("correct horse battery staple")})
      for (const std::size_t distance : {size, size + 8, std::size_t{60'000}}) {
        std::string memory = memory_with(inner(key, size), 1000, 80'000);
        memory.replace(1000 + distance, size, outer(key, size));
        const auto found = find_with(hmac_pads_detector, memory);
        ASSERT_EQ(found.size(), 2U) << size << " " << distance;
        for (const Candidate& each : found) {
          EXPECT_EQ(each.form, Form::hmac_pads);
          EXPECT_EQ(each.payload.size(), 2 * size);
        }
      }
}

TEST(HmacPads, APrintableKeyNeedsItsPartner) {
  const std::string key = "correct horse battery staple";
  EXPECT_TRUE(find_with(hmac_pads_detector, memory_with(inner(key), 1000)).empty());
  std::string memory = memory_with(inner(key), 1000, 200'000);
  memory.replace(150'000, 64, outer(key));
  EXPECT_TRUE(find_with(hmac_pads_detector, memory).empty()) << "further away than any window may look";
}

TEST(HmacPads, KeysAsLongAsABlockAreFoundSideBySide) {
  for (const std::size_t size : {64U, 128U}) {
    const std::string key = random_key(size, 11);
    const std::string memory = memory_with(inner(key, size) + outer(key, size), 2000);
    const auto found = find_with(hmac_pads_detector, memory);
    ASSERT_EQ(found.size(), 1U) << size;
    EXPECT_EQ(found[0].begin, 2000U);
    EXPECT_EQ(found[0].form, Form::hmac_pads);
  }
}

TEST(HmacPads, TextAndConstantsAreNone) {
  const std::string lorem = "the quick brown fox jumps over the lazy dog and 0123456789abcdef0123 ";
  for (const char pad : {'6', '\\', 'j'}) {
    std::string text;
    for (std::size_t i = 0; i < 2000; ++i)
      text += lorem.substr(i % lorem.size()) + std::string(16 + i % 120, pad) + std::string(i % 7, ' ');
    EXPECT_TRUE(find_with(hmac_pads_detector, text).empty());
    EXPECT_TRUE(find_with(hmac_pads_detector, std::string(1 << 20, pad)).empty());
  }
  std::string tables;
  for (int i = 0; i < 100; ++i) tables += std::string(64, '\x36') + std::string(64, '\x5c');
  EXPECT_TRUE(find_with(hmac_pads_detector, tables).empty());
  for (int i = 0; i < 1000; ++i) tables += std::string(64, '\0') + std::string(64, '\x6a');
  EXPECT_TRUE(find_with(hmac_pads_detector, tables).empty());
  EXPECT_TRUE(find_with(hmac_pads_detector, text_of(test::noise(4 << 20, 5))).empty());
}

TEST(HmacPads, ConstantsBehindTheTablesOfAHashAreNone) {
  for (const std::size_t vector : {16U, 32U})
    for (const std::string& other : {std::string(vector, '\x5c'), std::string("\0\1\2\3", 4)})
      EXPECT_TRUE(find_with(hmac_pads_detector,
                            memory_with(random_key(256, 31) + std::string(vector, '\x36') + other, 1024))
                      .empty());
}

TEST(HmacPads, DoNotDependOnTheWindows) {
  std::string memory = text_of(test::noise(300'000, 17));
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::string key = random_key(16 + i % 48, 100 + i / 3);
    memory.replace(i * 1400 + 4 * (i % 5), 64, i % 2 == 0 ? inner(key) : outer(key));
  }
  const auto whole = summaries(find_with(hmac_pads_detector, memory));
  EXPECT_GE(whole.size(), 100U);
  for (const std::size_t own : {997U, 4096U, 70'001U})
    EXPECT_EQ(summaries(find_with(hmac_pads_detector, memory, own)), whole) << own;
}

TEST(HmacPads, ManyEqualPadsTakeLinearTime) {
  std::string memory;
  const std::string key = random_key(32, 9);
  while (memory.size() < effort(8U << 20, 1U << 20)) memory += inner(key) + outer(key);
  EXPECT_EQ(find_with(hmac_pads_detector, memory).size(), memory.size() / 64);
}

}  // namespace
}  // namespace dumpgate
