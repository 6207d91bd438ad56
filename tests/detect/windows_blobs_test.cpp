// CNG and CryptoAPI blobs and PVK files, whole, headless and cut.

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "scanner/detect/number_set.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& windows_blobs_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string noise(std::size_t size, std::uint64_t seed) {
  const auto bytes = test::noise(size, 0x9e3779b97f4a7c15U * (seed + 1));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string u32(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {0U, 8U, 16U, 24U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string cng_rsa(bool full) {
  std::string bytes = full ? "RSA3" : "RSA2";
  for (const std::uint32_t size : {2048U, 3U, 256U, 128U, 128U}) bytes += u32(size);
  bytes += std::string("\x01\x00\x01", 3) + noise(256, 1) + noise(128, 2) + noise(128, 3);
  if (full) bytes += noise(128, 4) + noise(128, 5) + noise(128, 6) + noise(256, 7);
  return bytes;
}

std::string cng_ecc(const std::string& magic, std::uint32_t size) {
  return magic + u32(size) + noise(3 * size, size);
}

using BlobWriter = int (*)(BIO*, const EVP_PKEY*);

std::string written(BlobWriter writer) {
  BIO* const bio = BIO_new(BIO_s_mem());
  const auto key = test::make_rsa(1024);
  test::require(bio != nullptr && writer(bio, key.get()) > 0, "blob");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string bytes(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return bytes;
}

const std::string& capi() {
  static const std::string bytes = written(i2b_PrivateKey_bio);
  return bytes;
}
const std::string& pvk() {
  static const std::string bytes =
      written([](BIO* bio, const EVP_PKEY* key) { return i2b_PVK_bio(bio, key, 0, nullptr, nullptr); });
  return bytes;
}

TEST(WindowsBlobs, CngKeysAreStructures) {
  struct Kind {
    std::string bytes{};
    const char* algorithm = nullptr;
    std::size_t numbers = 0;
  };
  for (const Kind& kind :
       {Kind{cng_rsa(false), "rsa", 4}, Kind{cng_rsa(true), "rsa", 8}, Kind{cng_ecc("ECS2", 32), "ec", 3},
        Kind{cng_ecc("ECK4", 48), "ec", 3}, Kind{cng_ecc("ECS6", 66), "ec", 3},
        Kind{cng_ecc("ECDV", 32), "ec", 2},
        Kind{"DSPV" + u32(128) + noise(24 + 20 + 3 * 128 + 20, 9), "dsa", 5},
        Kind{"DPV2" + u32(256) + u32(1) + u32(1) + u32(32) + u32(32) + noise(4 + 64 + 3 * 256 + 32, 9), "dsa",
             5},
        Kind{"DHPV" + u32(256) + noise(4 * 256, 9), "dh", 4}}) {
    const auto found = find_with(windows_blobs_detector, "before" + kind.bytes + "after");
    ASSERT_EQ(found.size(), 1U) << kind.bytes.substr(0, 4);
    EXPECT_EQ(found[0].representation, "cng-blob");
    EXPECT_EQ(found[0].evidence, Evidence::structure);
    EXPECT_EQ(found[0].algorithm, kind.algorithm);
    EXPECT_EQ(found[0].begin, 6U);
    EXPECT_EQ(found[0].size, kind.bytes.size());
    EXPECT_EQ(read_number_set(found[0].payload).size(), kind.numbers);
  }
}

TEST(WindowsBlobs, WhatOpensslWritesIsFoundWholeAndWithoutItsHead) {
  for (const bool is_pvk : {true, false}) {
    const std::string& bytes = is_pvk ? pvk() : capi();
    const std::size_t head = is_pvk ? 32 : 8;
    const auto whole = find_with(windows_blobs_detector, "x" + bytes + "y");
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_EQ(whole[0].representation, is_pvk ? "pvk" : "capi-blob");
    EXPECT_EQ(whole[0].evidence, Evidence::structure);
    EXPECT_EQ(whole[0].begin, 1U);
    EXPECT_EQ(whole[0].size, bytes.size());
    EXPECT_FALSE(whole[0].cut);
    const auto headless = find_with(windows_blobs_detector, std::string(32, '\0') + bytes.substr(head));
    ASSERT_EQ(headless.size(), 1U);
    EXPECT_EQ(headless[0].representation, "capi-blob");
    EXPECT_EQ(headless[0].evidence, Evidence::marker);
    EXPECT_TRUE(headless[0].cut);
    EXPECT_EQ(headless[0].payload, whole[0].payload);
  }
}

TEST(WindowsBlobs, CutKeysKeepTheNumbersThatAreThere) {
  for (const std::string& bytes : {cng_rsa(true), capi(), cng_ecc("ECS2", 32)}) {
    std::size_t numbers = 0;
    for (std::size_t size = bytes.size() / 2; size < bytes.size(); ++size) {
      const auto found = find_with(windows_blobs_detector, bytes.substr(0, size));
      ASSERT_LE(found.size(), 1U);
      if (found.empty()) continue;
      EXPECT_TRUE(found[0].cut);
      EXPECT_EQ(found[0].evidence, Evidence::marker);
      EXPECT_EQ(found[0].begin + found[0].size, size);
      const auto there = read_number_set(found[0].payload).size();
      EXPECT_GE(there, numbers);
      numbers = there;
    }
    EXPECT_GE(numbers, 2U);
  }
}

TEST(WindowsBlobs, AnEncryptedPvkIsEncrypted) {
  const std::string head("\x1e\xf1\xb5\xb0\0\0\0\0\x01\0\0\0\x01\0\0\0\x10\0\0\0\x94\x04\0\0", 24);
  const std::string bytes = head + noise(16, 1) + std::string("\x07\x02\0\0\0\xa4\0\0", 8) + noise(1164, 2);
  const auto found = find_with(windows_blobs_detector, "x" + bytes + "y");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].encrypted);
  EXPECT_EQ(found[0].evidence, Evidence::structure);
  EXPECT_EQ(found[0].size, bytes.size());
  EXPECT_EQ(found[0].representation, "pvk");
}

TEST(WindowsBlobs, MagicsInTextAndPublicBlobsAreNothing) {
  for (const std::string& bytes :
       {std::string("RSA2RSA3ECS2ECS4DSPVDHPVDSS2"), "RSA2" + std::string(600, '\0'), "RSA2" + noise(600, 3),
        "RSA1" + cng_rsa(false).substr(4), "ECS2" + u32(48) + noise(200, 1),
        "ECS2" + u32(32) + std::string(96, 'a'), std::string("\x1e\xf1\xb5\xb0", 4) + noise(400, 4)})
    EXPECT_TRUE(find_with(windows_blobs_detector, bytes).empty());
}

TEST(WindowsBlobs, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 40; ++i)
    bytes += noise(3000, i) + (i % 3 == 0 ? pvk() : i % 3 == 1 ? cng_rsa(true) : capi().substr(8));
  const auto whole = summaries(find_with(windows_blobs_detector, bytes));
  EXPECT_EQ(whole.size(), 40U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(windows_blobs_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
