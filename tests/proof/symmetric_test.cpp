// Secrets without a public half: what proves them, and how they are named.

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

using test::Bytes;

SecretBytes block_of(const Bytes& key, std::size_t size, std::byte pad) {
  SecretBytes block(key.begin(), key.end());
  block.resize(size);
  for (std::byte& byte : block) byte ^= pad;
  return block;
}

std::optional<Finding> judge(Form form, SecretBytes payload, std::span<const std::byte> site_key = {}) {
  Window window;
  window.site_key = site_key;
  const Candidate candidate{
      .signature = "hmac-key", .evidence = Evidence::structure, .form = form, .payload = std::move(payload)};
  return prove(window, candidate).finding;
}

SecretBytes joined(SecretBytes first, const SecretBytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST(HmacPadsProof, APairProvesItselfAndASingleBlockDoesNot) {
  const Bytes key = test::noise(32, 1);
  const auto inner = block_of(key, 64, std::byte{0x36});
  const auto outer = block_of(key, 64, std::byte{0x5c});
  const auto pair = judge(Form::hmac_pads, joined(inner, outer));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->evidence, Evidence::proof);
  EXPECT_EQ(pair->relation, "ipad^opad");
  EXPECT_EQ(pair->bits, 256U);
  const auto single = judge(Form::hmac_pad, inner);
  ASSERT_TRUE(single);
  EXPECT_EQ(single->evidence, Evidence::structure);
  EXPECT_EQ(single->relation, "");
  auto damaged = outer;
  damaged[5] ^= std::byte{1};
  EXPECT_EQ(judge(Form::hmac_pads, joined(inner, damaged))->evidence, Evidence::structure);
}

TEST(SecretName, IsTheSameForEachFormAndPublicWithASiteKeyOnly) {
  const Bytes key = test::noise(32, 2);
  const Bytes site = test::noise(32, 3);
  const auto inner = block_of(key, 64, std::byte{0x36});
  const auto outer = block_of(key, 128, std::byte{0x5c});
  const auto a = judge(Form::hmac_pad, inner, site);
  const auto b = judge(Form::hmac_pad, outer, site);
  EXPECT_EQ(a->secret_id, b->secret_id);
  EXPECT_TRUE(a->secret_id_is_public);
  EXPECT_EQ(a->secret_id.size(), 64U);
  const auto unnamed = judge(Form::hmac_pad, inner);
  EXPECT_FALSE(unnamed->secret_id_is_public);
  EXPECT_NE(unnamed->secret_id, a->secret_id);
  EXPECT_EQ(unnamed->secret_id, judge(Form::hmac_pad, outer)->secret_id);
  EXPECT_NE(unnamed->secret_id,
            judge(Form::hmac_pad, block_of(test::noise(32, 4), 64, std::byte{0x36}))->secret_id);
}

TEST(AesScheduleProof, WhatIsNoScheduleIsRefuted) {
  const Bytes random = test::noise(240, 5);
  EXPECT_FALSE(judge(Form::aes_schedule, SecretBytes(random.begin(), random.end())));
}

}  // namespace
}  // namespace dumpgate
