// Shielded OpenSSH keys: what a prekey opens near it is found and proves itself, wherever malloc put the two.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "scanner/detect/detector.h"
#include "scanner/detect/shield_prekey.h"
#include "scanner/proof/prove.h"
#include "tests/support/shielded_keys.h"
#include "tests/support/test_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& openssh_shield_detector;

namespace {

using test::Bytes;
using test::encrypted;
using test::make_shielded_ed25519;
using test::ShieldedKey;

constexpr std::string_view chunk_size("\x11\x40\0\0\0\0\0\0", 8);

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What the detector and the proof make of memory, seen through windows of `own` bytes.
struct Unshielded {
  std::vector<Finding> findings{};
  std::size_t oracles = 0;
};
Unshielded examine_shield(const std::string& memory, std::size_t own = 1 << 20) {
  Unshielded result;
  test::through_windows(std::as_bytes(std::span(memory)), own, [&](const Window& window) {
    CandidateSink sink(1000);
    const std::string_view bytes(reinterpret_cast<const char*>(window.bytes.data()), window.bytes.size());
    for (std::size_t place = bytes.find(chunk_size, window.own_begin);
         place != bytes.npos && place < window.own_end; place = bytes.find(chunk_size, place + 1))
      openssh_shield_detector.at(window, place, 0, sink);
    openssh_shield_detector.sweep(window, sink);
    for (const Candidate& candidate : sink.found()) {
      Judgement judgement = prove(window, candidate);
      result.oracles += static_cast<std::size_t>(std::ranges::count_if(judgement.leads, [](const Lead& lead) {
        return lead.oracle.kind == Oracle::Kind::openssh_shield;
      }));
      if (judgement.finding) result.findings.push_back(*judgement.finding);
    }
  });
  return result;
}

TEST(OpensshShield, OpensAKeyInFrontOfItAndBehind) {
  const Bytes prekey = test::noise(prekey_size, 21);
  const ShieldedKey key = make_shielded_ed25519();
  for (const std::size_t at : {std::size_t{16}, std::size_t{80'000}}) {
    std::string memory(200'000, '\0');
    memory.replace(40'008, 8, chunk_size).replace(40'016, prekey_size, text_of(prekey));
    const std::string shielded = encrypted(key.encoded, prekey);
    memory.replace(at, shielded.size(), shielded);
    for (const std::size_t own : {1U << 20U, 30'000U}) {
      const Unshielded result = examine_shield(memory, own);
      ASSERT_EQ(result.findings.size(), 1U) << at;
      const Finding& finding = result.findings[0];
      EXPECT_EQ(finding.offset, at);
      EXPECT_EQ(finding.evidence, Evidence::proof);
      EXPECT_EQ(finding.relation, "seed->A");
      EXPECT_EQ(finding.use, KeyUse::signing);
      EXPECT_EQ(finding.representation, "openssh-shielded");
      EXPECT_EQ(finding.public_key_sha256, key.name);
    }
  }
}

// In pages of its own, and where other allocators than glibc's put it: behind a header that says nothing,
// with zeros or short random numbers around it.
TEST(OpensshShield, APrekeyInAStretchOfItsSizeIsFoundAnywhere) {
  const ShieldedKey key = make_shielded_ed25519();
  unsigned seed = 22;
  for (const std::size_t at : {40'960U, 40'976U, 41'040U, 44'944U, 45'056U, 30'008U}) {
    const Bytes prekey = test::noise(prekey_size, seed++);
    const std::string shielded = encrypted(key.encoded, prekey);
    for (const bool is_crowded : {false, true}) {
      std::string memory(200'000, '\0');
      if (is_crowded) {  // numbers before a pointer, and behind one
        memory.replace(at - 56, 48, text_of(test::noise(48, seed++)));
        memory.replace(at - 8, 8, std::string("\x10\x20\x30\x40\x55\x55\0\0", 8));
        memory.replace(at + prekey_size, 8, std::string("\x02\0\x03\0\0\0\0\0", 8));
        memory.replace(at + prekey_size + 8, 48, text_of(test::noise(48, seed++)));
      }
      memory.replace(at, prekey_size, text_of(prekey)).replace(4'096, shielded.size(), shielded);
      for (const std::size_t own : {1U << 20U, 30'000U}) {
        const Unshielded result = examine_shield(memory, own);
        ASSERT_EQ(result.findings.size(), 1U) << at << ' ' << is_crowded;
        EXPECT_EQ(result.findings[0].offset, 4'096U);
        EXPECT_EQ(result.findings[0].public_key_sha256, key.name);
      }
    }
  }
}

// No plain word at either end.
TEST(OpensshShield, APrekeyInPagesBetweenTextIsFound) {
  const ShieldedKey key = make_shielded_ed25519();
  const Bytes prekey = test::noise(prekey_size, 40);
  const std::string shielded = encrypted(key.encoded, prekey);
  std::string memory(200'000, 'x');
  memory.replace(40'960, prekey_size, text_of(prekey)).replace(4'096, shielded.size(), shielded);
  EXPECT_EQ(examine_shield(memory).findings.size(), 1U);
}

TEST(OpensshShield, StretchesOfOtherSizesHoldNoPrekeys) {
  for (const std::size_t size : {16'000U, 16'352U, 16'448U, 20'480U, 32'768U, 65'536U}) {
    for (const std::size_t at : {40'960U, 41'008U}) {
      std::string memory(200'000, '\0');
      memory.replace(at, size, text_of(test::noise(size, size)));
      EXPECT_EQ(examine_shield(memory).oracles, 0U) << size;
    }
  }
}

TEST(OpensshShield, AloneItIsALeadAndNoFinding) {
  std::string memory(300'000, '\0');
  const Bytes prekey = test::noise(prekey_size, 23);
  memory.replace(8, 8, chunk_size).replace(16, prekey_size, text_of(prekey));
  const std::string shielded = encrypted(make_shielded_ed25519().encoded, prekey);
  memory.replace(250'000, shielded.size(), shielded);  // too far to be looked at here
  const Unshielded result = examine_shield(memory);
  EXPECT_TRUE(result.findings.empty());
  EXPECT_EQ(result.oracles, 1U);
}

TEST(OpensshShield, ADamagedKeyIsNoProof) {
  const Bytes prekey = test::noise(prekey_size, 24);
  std::string memory(100'000, '\0');
  memory.replace(8, 8, chunk_size).replace(16, prekey_size, text_of(prekey));
  std::string shielded = encrypted(make_shielded_ed25519().encoded, prekey);
  shielded[60] = static_cast<char>(shielded[60] ^ 1);  // in the seed
  memory.replace(20'000, shielded.size(), shielded);
  for (const Finding& finding : examine_shield(memory).findings) EXPECT_LT(finding.evidence, Evidence::proof);
}

TEST(OpensshShield, RandomDataAndZerosHoldNoPrekeys) {
  EXPECT_EQ(examine_shield(text_of(test::noise(1 << 20, 25))).oracles, 0U);
  EXPECT_EQ(examine_shield(std::string(1 << 20, '\0')).oracles, 0U);
  std::string anchors;
  while (anchors.size() < (1U << 20U))
    anchors += std::string(chunk_size) + text_of(test::noise(56, anchors.size() + 1));
  EXPECT_EQ(examine_shield(anchors).oracles, 0U);
}

}  // namespace
}  // namespace dumpgate
