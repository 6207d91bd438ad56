// The key of a JSON Web Token is found around it as bytes, text, base64 and hexadecimal, and named alike.

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "scanner/base/hex.h"
#include "scanner/detect/detector.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& jws_token_detector;

namespace {

using test::random_key;

std::string base64url(const std::string& bytes) {
  std::string text(bytes.size() * 2 + 8, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                                       static_cast<int>(bytes.size()))));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text.substr(0, text.find('='));
}

std::string token(const std::string& key, unsigned bits, const std::string& subject = "1234567890") {
  const std::string head = base64url(R"({"alg":"HS)" + std::to_string(bits) + R"(","typ":"JWT"})");
  const std::string both = head + "." + base64url(R"({"sub":")" + subject + R"(","iat":1516239022})");
  std::string mac(64, '\0');
  unsigned size = 0;
  const EVP_MD* const digest = bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
  test::require(HMAC(digest, key.data(), static_cast<int>(key.size()),
                     reinterpret_cast<const unsigned char*>(both.data()), both.size(),
                     reinterpret_cast<unsigned char*>(mac.data()), &size) != nullptr,
                "HMAC");
  return both + "." + base64url(mac.substr(0, size));
}

struct TokenResult {
  std::size_t tokens = 0;
  std::vector<Finding> findings{};
};
TokenResult examine_token(const std::string& memory, std::size_t own = 1 << 22) {
  TokenResult result;
  test::through_windows(std::as_bytes(std::span(memory)), own, [&](const Window& window) {
    CandidateSink sink(1000);
    jws_token_detector.sweep(window, sink);
    for (const Candidate& candidate : sink.found()) {
      const Judgement judgement = prove(window, candidate);
      ++result.tokens;
      if (judgement.finding) result.findings.push_back(*judgement.finding);
    }
  });
  return result;
}

std::string memory_with_token(const std::string& token_text, const std::string& key_text,
                              std::size_t size = 60'000) {
  std::string memory(size, '\0');
  memory.replace(5'003, token_text.size(), token_text);
  return memory.replace(40'000, key_text.size(), key_text);
}

TEST(JwsToken, TellsTheKeyInEachReading) {
  for (const unsigned bits : {256U, 384U, 512U}) {
    const std::string key = random_key(bits / 8, bits + 1);
    const std::string signed_token = token(key, bits);
    const std::pair<std::string, std::string> readings[] = {
        {"bytes", key},
        {"hex", "JWT_SECRET=" + to_hex(std::as_bytes(std::span(key)))},
        {"base64", "{\"k\":\"" + base64url(key) + "\"}"}};
    std::string id;
    for (const auto& [reading, text] : readings) {
      const TokenResult result = examine_token(memory_with_token(signed_token, text));
      EXPECT_EQ(result.tokens, 1U);
      ASSERT_EQ(result.findings.size(), 1U) << reading << bits;
      const Finding& finding = result.findings[0];
      EXPECT_EQ(finding.representation, reading);
      EXPECT_EQ(finding.evidence, Evidence::proof);
      EXPECT_EQ(finding.relation, "hmac(token)");
      EXPECT_EQ(finding.bits, bits);
      if (id.empty()) id = finding.secret_id;
      EXPECT_EQ(finding.secret_id, id);
    }
  }
}

TEST(JwsToken, TellsKeysThatAreText) {
  const std::string spaced = "correct horse battery staple";
  const std::string plain = "s3cr3t-k3y!";
  const std::string padded = "c2VjcmV0IGtleSBvZiBtaW5l==";
  const std::pair<std::string, std::string> places[] = {{spaced, spaced},
                                                        {spaced, "\"" + spaced + "\""},
                                                        {plain, "SECRET=" + plain},
                                                        {plain, "{\"secret\":\"" + plain + "\"}"},
                                                        {padded, "SECRET " + padded + "\n"}};
  for (const auto& [key, text] : places) {
    const TokenResult result = examine_token(memory_with_token(token(key, 256), text));
    ASSERT_EQ(result.findings.size(), 1U) << text;
    EXPECT_EQ(result.findings[0].representation, "text");
    EXPECT_EQ(result.findings[0].bits, key.size() * 8);
  }
}

TEST(JwsToken, OfAnotherKeySaysNothing) {
  const TokenResult result =
      examine_token(memory_with_token(token(random_key(32, 1), 256), random_key(64, 2)));
  EXPECT_EQ(result.tokens, 1U);
  EXPECT_TRUE(result.findings.empty());
}

TEST(JwsToken, DamagedTokensAreNone) {
  const std::string sound = token("correct horse battery staple", 256);
  for (const std::string& bad :
       {sound.substr(0, sound.size() - 1), sound + "A", sound.substr(1), sound.substr(0, sound.find('.')),
        std::string("eyJhbGciOiJub25lIn0.e30.") + std::string(43, 'A')})
    EXPECT_EQ(examine_token(memory_with_token(bad, "")).tokens, 0U) << bad.size();
}

TEST(JwsToken, AMemoryFullOfThemCostsLittleAndWindowsDoNotMatter) {
  const std::string key = random_key(32, 77);
  std::string memory;
  for (int i = 0; memory.size() < (2U << 20U); ++i) memory += token(key, 256, std::to_string(i)) + "\n";
  const TokenResult whole = examine_token(memory);
  EXPECT_LE(whole.tokens, memory.size() / 65536 + 1);
  EXPECT_TRUE(whole.findings.empty());
  for (const std::size_t own : {70'001U, 300'000U})
    EXPECT_EQ(examine_token(memory, own).tokens, whole.tokens) << own;
  std::string hostile;
  while (hostile.size() < (2U << 20U)) hostile += "eyJhbGciOiJIUzI1NiJ9.";
  EXPECT_EQ(examine_token(hostile).tokens, 0U);
}

}  // namespace
}  // namespace dumpgate
