// Private keys in SSH's wire format: with their type, without it, and the public keys and signatures that
// look alike.

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/detect/number_set.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& ssh_wire_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string noise(std::size_t size, std::uint64_t seed) {
  const auto bytes = test::noise(size, 0x9e3779b97f4a7c15U * (seed + 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string text(const std::string& content) {
  std::string bytes(2, '\0');
  bytes += static_cast<char>(content.size() >> 8);
  bytes += static_cast<char>(content.size());
  return bytes + content;
}

std::string number(std::size_t size, std::uint64_t seed, bool has_top_bit = true) {
  std::string digits = noise(size, seed);
  digits[0] = static_cast<char>(has_top_bit ? digits[0] | 0x80 : (digits[0] & 0x3f) | 0x20);
  return text(has_top_bit ? '\0' + digits : digits);
}

const std::string exponent = text(std::string("\x01\x00\x01", 3));

std::string rsa(std::uint64_t seed) {
  return text("ssh-rsa") + number(256, seed) + exponent + number(256, seed + 1, false) +
         number(128, seed + 2, false) + number(128, seed + 3) + number(128, seed + 4);
}
std::string dropbear_rsa(std::uint64_t seed) {
  return text("ssh-rsa") + exponent + number(256, seed) + number(256, seed + 1, false) +
         number(128, seed + 2) + number(128, seed + 3);
}
std::string ecdsa(std::size_t bits, std::uint64_t seed) {
  const std::string curve = "nistp" + std::to_string(bits);
  const std::size_t size = (bits + 7) / 8;
  return text("ecdsa-sha2-" + curve) + text(curve) + text('\x04' + noise(2 * size, seed)) +
         number(size, seed + 1, bits != 521);
}
std::string ed25519(std::uint64_t seed) {
  const std::string half = noise(32, seed);
  return text("ssh-ed25519") + text(half) + text(noise(32, seed + 1) + half);
}
std::string dss(std::uint64_t seed) {
  return text("ssh-dss") + number(128, seed) + number(20, seed + 1) + number(128, seed + 2) +
         number(128, seed + 3) + number(20, seed + 4, false);
}

TEST(SshWire, AKeyWithItsTypeIsAStructure) {
  struct Kind {
    std::string bytes{};
    const char* algorithm = nullptr;
    std::size_t numbers = 0;
  };
  for (const Kind& kind :
       {Kind{rsa(1), "rsa", 6}, Kind{dropbear_rsa(1), "rsa", 5}, Kind{ecdsa(256, 1), "ec", 3},
        Kind{ecdsa(384, 1), "ec", 3}, Kind{ecdsa(521, 1), "ec", 3}, Kind{ed25519(1), "ed25519", 3},
        Kind{dss(1), "dsa", 5}}) {
    auto found = find_with(ssh_wire_detector, "before" + kind.bytes + text("comment"));
    std::erase_if(found, [](const Candidate& each) { return each.evidence == Evidence::hint; });
    ASSERT_EQ(found.size(), 1U) << kind.algorithm;
    EXPECT_EQ(found[0].representation, "ssh-wire");
    EXPECT_EQ(found[0].evidence, Evidence::structure) << kind.algorithm;
    EXPECT_EQ(found[0].algorithm, kind.algorithm);
    EXPECT_EQ(found[0].begin, 6U);
    EXPECT_EQ(found[0].size, kind.bytes.size());
    EXPECT_FALSE(found[0].cut);
    EXPECT_EQ(read_number_set(found[0].payload).size(), kind.numbers);
  }
}

TEST(SshWire, WithoutItsFirstBytesItIsACandidateForArithmetic) {
  for (const std::string& bytes : {rsa(1), dropbear_rsa(1), ecdsa(256, 1), ed25519(1)}) {
    for (const std::size_t lost : {5U, 16U, 32U}) {
      const auto found = find_with(ssh_wire_detector, std::string(lost, '\xcc') + bytes.substr(lost));
      ASSERT_EQ(found.size(), 1U) << lost;
      EXPECT_GE(read_number_set(found[0].payload).size(), 2U);
      EXPECT_TRUE(found[0].cut);
    }
  }
}

TEST(SshWire, ACutKeyKeepsWhatIsThere) {
  const std::string bytes = rsa(1);
  const std::size_t least = 11 + 261 + 7 + 260;
  for (std::size_t size = least; size < bytes.size(); size += 13) {
    const auto found = find_with(ssh_wire_detector, bytes.substr(0, size));
    ASSERT_FALSE(found.empty()) << size;
    EXPECT_EQ(found[0].evidence, Evidence::marker);
    EXPECT_TRUE(found[0].cut);
  }
}

TEST(SshWire, PublicKeysAreNone) {
  const std::string comment = text("somebody@somewhere");
  for (const std::string& bytes :
       {text("ssh-rsa") + exponent + number(256, 1) + comment,
        text("ssh-ed25519") + text(noise(32, 1)) + comment,
        text("ecdsa-sha2-nistp256") + text("nistp256") + text('\x04' + noise(64, 1)) + comment,
        text("ssh-dss") + number(128, 1) + number(20, 2) + number(128, 3) + number(128, 4) + comment})
    for (const auto& each : find_with(ssh_wire_detector, bytes)) EXPECT_EQ(each.evidence, Evidence::hint);
  // A signature has the sizes of a Dropbear key: arithmetic refutes it.
  const auto signature =
      find_with(ssh_wire_detector, text("signature") + text("ssh-ed25519") + text(noise(64, 1)));
  ASSERT_EQ(signature.size(), 1U);
  EXPECT_EQ(signature[0].evidence, Evidence::hint);
}

TEST(SshWire, WhatAnOpensshKeyHoldsIsLeftToItsOwnDetector) {
  for (const std::string& key : {rsa(1), ed25519(1), ecdsa(256, 1)}) {
    const std::string part = noise(4, 9) + noise(4, 9) + key + text("comment");
    const std::string whole = std::string("openssh-key-v1\0", 15) + text("none") + text("none") + text("") +
                              std::string("\0\0\0\1", 4) + text(noise(300, 8)) + text(part);
    EXPECT_TRUE(find_with(ssh_wire_detector, whole).empty());
    EXPECT_EQ(find_with(ssh_wire_detector, whole.substr(40)).size(), 1U);
  }
}

TEST(SshWire, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 60; ++i) {
    const std::string key = i % 3 == 0 ? rsa(10 * i) : i % 3 == 1 ? ed25519(10 * i) : ecdsa(256, 10 * i);
    bytes += noise(1000 + 17 * i, i) + key.substr(i % 2 == 0 ? 0 : 20);
  }
  const auto whole = summaries(find_with(ssh_wire_detector, bytes));
  EXPECT_EQ(whole.size(), 60U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(ssh_wire_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
