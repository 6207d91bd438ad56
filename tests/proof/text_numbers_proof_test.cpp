// Keys of OpenSSL printed as text: found as numbers, proven by their relation to each other.

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/bn.h>

#include <array>
#include <utility>

#include "scanner/detect/detector.h"
#include "scanner/detect/signature.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& text_numbers_detector;

namespace {

std::vector<Finding> judge_numbers(const std::string& text) {
  static const SignatureSet signatures = std::move(*SignatureSet::builtin());
  Window window = test::whole_window(std::as_bytes(std::span(text)));
  window.signatures = &signatures;
  CandidateSink sink(1000);
  text_numbers_detector.sweep(window, sink);
  std::vector<Finding> all;
  for (const Candidate& each : sink.found()) {
    if (auto judged = prove(window, each); judged.finding) all.push_back(std::move(*judged.finding));
  }
  return all;
}

// `openssl pkey -text`, or with its public half alone.
std::string printed(const test::Key& key, bool is_private) {
  BIO* const bio = BIO_new(BIO_s_mem());
  const auto print = is_private ? EVP_PKEY_print_private : EVP_PKEY_print_public;
  test::require(bio != nullptr && print(bio, key.get(), 4, nullptr) == 1, "EVP_PKEY_print");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string copy(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return copy;
}

std::string decimal(const test::Key& key, const char* name) {
  BIGNUM* number = nullptr;
  test::require(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1, name);
  char* const text = BN_bn2dec(number);
  std::string copy = text;
  OPENSSL_free(text);
  BN_clear_free(number);
  return copy;
}

TEST(TextNumbersProof, PrintedKeysProveThemselves) {
  std::vector<test::Key> keys;
  keys.push_back(test::make_rsa(1024));
  keys.push_back(test::make_rsa(2048));
  keys.push_back(test::make_rsa(4096));
  for (const char* const curve : {"prime256v1", "secp384r1", "secp521r1", "secp256k1"})
    keys.push_back(test::make_ec(curve));
  for (const char* const name : {"ED25519", "ED448", "X25519"}) keys.push_back(test::make_key(name));
  for (const auto& key : keys) {
    const auto findings = judge_numbers(std::string(100, '\0') + printed(key, true));
    ASSERT_EQ(findings.size(), 1U) << printed(key, false);
    EXPECT_EQ(findings[0].evidence, Evidence::proof);
    EXPECT_EQ(findings[0].representation, "text-hex");
    EXPECT_EQ(findings[0].public_key_sha256, test::name_of(key));
    EXPECT_TRUE(judge_numbers(printed(key, false)).empty());
  }
}

// 57 bytes that begin with 04 may be a point on P-224 or a public half on Ed448.
TEST(TextNumbersProof, APublicHalfOnEd448MayLookLikeAPoint) {
  const auto begins_with_04 = [](const test::Key& key) {
    std::array<unsigned char, 57> bytes{};
    std::size_t size = bytes.size();
    return EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) == 1 && bytes[0] == 4;
  };
  test::Key on_ed448 = test::make_key("ED448");
  while (!begins_with_04(on_ed448)) on_ed448 = test::make_key("ED448");
  const test::Key on_p224 = test::make_ec("secp224r1");
  for (const test::Key* const key : {&std::as_const(on_ed448), &on_p224}) {
    const auto findings = judge_numbers(std::string(100, '\0') + printed(*key, true));
    ASSERT_EQ(findings.size(), 1U) << printed(*key, false);
    EXPECT_EQ(findings[0].evidence, Evidence::proof);
    EXPECT_EQ(findings[0].public_key_sha256, test::name_of(*key));
  }
}

TEST(TextNumbersProof, DecimalsProveThemselves) {
  const auto key = test::make_rsa(2048);
  const std::string n = decimal(key, OSSL_PKEY_PARAM_RSA_N);
  const std::string d = decimal(key, OSSL_PKEY_PARAM_RSA_D);
  const std::string p = decimal(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  const std::string q = decimal(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  for (const std::string& text :
       {"{" + n + ",65537," + d + "," + p + "," + q + "}", n + "," + p, n + " e=65537 " + d}) {
    const auto findings = judge_numbers(text);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].evidence, Evidence::proof);
    EXPECT_EQ(findings[0].use, KeyUse::signing);
    EXPECT_EQ(findings[0].public_key_sha256, test::name_of(key));
  }
  EXPECT_TRUE(judge_numbers(n + "," + decimal(test::make_rsa(2048), OSSL_PKEY_PARAM_RSA_FACTOR1)).empty());
}

}  // namespace
}  // namespace dumpgate
