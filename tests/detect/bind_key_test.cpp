// Key files of BIND: which lines belong together, and what is no key. Real keys:
// tests/proof/named_keys_test.cpp.

#include <gtest/gtest.h>

#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& bind_key_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

constexpr std::string_view secret = "q7Rk0mVnQz3pX9sLw2TfHy8JbUeGcD5aKoN1iMvZ4x6=";  // made up for this test

TEST(BindKey, SecretsOfTransactionSignatures) {
  for (const std::string_view algorithm : {"algorithm hmac-sha256;", "algorithm \"hmac-sha512\";"}) {
    const std::string text =
        "key \"k\" {\n\t" + std::string(algorithm) + "\n\tsecret \"" + std::string(secret) + "\";\n};\n";
    const auto found = find_with(bind_key_detector, text);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].signature, "hmac-key");
    EXPECT_EQ(found[0].evidence, Evidence::structure);
  }
  for (const std::string_view text :
       {"key:\n  - id: k\n    algorithm: hmac-sha256\n    secret: ",
        "key:\n\tname: \"k\"\n\talgorithm: \"hmac-sha512\"\n\tsecret: \"",
        "nsupdate -y hmac-sha256:k.example:", "dig -y hmac-sha512:k.example.com:"}) {
    const auto found = find_with(bind_key_detector, std::string(text) + std::string(secret) + "\"\n");
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_EQ(found[0].signature, "hmac-key");
    EXPECT_EQ(found[0].evidence, Evidence::structure);
  }
  const auto file =
      find_with(bind_key_detector, "Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: " +
                                       std::string(secret) + "\nBits: AAA=\n");
  ASSERT_EQ(file.size(), 1U);
  EXPECT_EQ(file[0].signature, "hmac-key");
}

TEST(BindKey, AKeyWithoutItsAlgorithmIsAMarker) {
  const auto found =
      find_with(bind_key_detector, "\nPrivateKey: " + std::string(secret) + "\nCreated: 20250101000000\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].evidence, Evidence::marker);
  EXPECT_TRUE(found[0].cut);
}

TEST(BindKey, OtherTextIsNoKey) {
  for (const std::string_view text :
       {"Modulus: ", "Modulus: yes\n", "the PrivateKey: ", "PrivateKey: none\nAlgorithm: 13\n",
        "Private-key-format: v1.%d\n", "algorithm hmac-md5;", "algorithm hmac-%s; secret \"%s\";",
        "algorithm: hmac-sha256\nsecret: %s", "hmac-sha256:name:%s",
        "hmac-sha256::", "hmac-sha256: none: here", "DNSKEY 257 3 8 ", "DNSKEY 257 3 13 AAAA",
        "Coefficient: AAAA\nPrime1: AAAA\n"})
    EXPECT_TRUE(find_with(bind_key_detector, text).empty()) << text;
}

TEST(BindKey, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (int i = 0; i < 40; ++i)
    bytes += std::string(900, '\n') + "Algorithm: 15 (ED25519)\nPrivateKey: " + std::string(secret) +
             "\nActivate: 1\n";
  const auto whole = summaries(find_with(bind_key_detector, bytes));
  EXPECT_EQ(whole.size(), 40U);
  for (const std::size_t own : {512U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(bind_key_detector, bytes, own)) == whole) << own;
}

TEST(BindKey, ATextFullOfAnchorsStaysCheap) {
  for (const std::string_view piece : {"Modulus: ", "Modulus: A\nCoefficient: B\nPrivateKey: C\n",
                                       "algorithm hmac-", "hmac-sha256:a:", "algorithm: hmac-x secret: "}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    EXPECT_TRUE(find_with(bind_key_detector, text).empty());
  }
}

}  // namespace
}  // namespace dumpgate
