// Keys that a text gives number by number (JWK, XML, BIND): made by OpenSSL, written as such texts, found by
// their detector and proven by the proofs of DER.

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <map>

#include "scanner/detect/detector.h"
#include "scanner/detect/signature.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& jwk_detector;

namespace {

std::string base64url(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

test::Bytes number_of(const test::Key& key, const char* name) {
  BIGNUM* number = nullptr;
  test::require(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1, name);
  test::Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_clear_free(number);
  return bytes;
}

test::Bytes octets_of(const test::Key& key, const char* name) {
  std::size_t size = 0;
  test::require(EVP_PKEY_get_octet_string_param(key.get(), name, nullptr, 0, &size) == 1, name);
  test::Bytes bytes(size);
  auto* const at = reinterpret_cast<unsigned char*>(bytes.data());
  test::require(EVP_PKEY_get_octet_string_param(key.get(), name, at, size, &size) == 1, name);
  return bytes;
}

constexpr std::pair<const char*, const char*> rsa_names[] = {
    {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

std::vector<Judgement> judge(const Detector& detector, const std::string& text) {
  static const SignatureSet signatures = std::move(*SignatureSet::builtin());
  Window window;
  window.bytes = std::as_bytes(std::span(text));
  window.own_end = text.size();
  window.signatures = &signatures;
  CandidateSink sink(100);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (std::size_t which = 0; which < detector.anchors().size(); ++which)
      if (std::string_view(text).substr(at).starts_with(detector.anchors()[which]))
        detector.at(window, at, which, sink);
  }
  std::vector<Judgement> all;
  for (const Candidate& each : sink.found()) all.push_back(prove(window, each));
  return all;
}

Finding only(const std::vector<Judgement>& judged) {
  test::require(judged.size() == 1 && judged[0].finding, "exactly one finding");
  return *judged[0].finding;
}

std::string member(const std::string& name, std::span<const std::byte> bytes) {
  return ",\"" + name + "\":\"" + base64url(bytes) + "\"";
}

std::string rsa_jwk(const test::Key& key, const std::string& names_left_out) {
  std::string text = R"({"kty":"RSA","alg":"RS256")";
  for (const auto& [name, parameter] : rsa_names) {
    if (names_left_out.find("," + std::string(name) + ",") == std::string::npos)
      text += member(name, number_of(key, parameter));
  }
  return text + "}";
}

TEST(NamedKeys, AnRsaJwkProvesItselfWithWhateverIsThere) {
  const auto key = test::make_rsa(2048);
  for (const char* const left_out : {"", ",p,q,dp,dq,qi,", ",d,dp,dq,qi,", ",n,d,dp,dq,", ",n,e,d,q,dq,qi,",
                                     ",q,d,dp,dq,qi,", ",n,e,d,"}) {
    const auto finding = only(judge(jwk_detector, rsa_jwk(key, left_out)));
    EXPECT_EQ(finding.evidence, Evidence::proof) << left_out;
    EXPECT_EQ(finding.use, KeyUse::signing);
    EXPECT_EQ(finding.representation, "jwk");
    if (std::string_view(left_out).find(",n,e,d,q") == std::string_view::npos) {
      EXPECT_EQ(finding.public_key_sha256, test::name_of(key)) << left_out;
    }
  }
  const auto leads = judge(jwk_detector, rsa_jwk(key, ",d,p,q,dp,dq,qi,"));
  ASSERT_EQ(leads.size(), 1U);
  EXPECT_FALSE(leads[0].finding);
  ASSERT_EQ(leads[0].leads.size(), 1U);
  EXPECT_EQ(leads[0].leads[0].key.sha256, test::name_of(key));
}

TEST(NamedKeys, EcJwksProveThemselves) {
  for (const auto& [curve, name] : std::map<std::string, std::string>{{"P-256", "prime256v1"},
                                                                      {"P-384", "secp384r1"},
                                                                      {"P-521", "secp521r1"},
                                                                      {"secp256k1", "secp256k1"}}) {
    const auto key = test::make_ec(name);
    const std::string half = member("x", number_of(key, OSSL_PKEY_PARAM_EC_PUB_X)) +
                             member("y", number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y));
    const std::string secret = member("d", number_of(key, OSSL_PKEY_PARAM_PRIV_KEY));
    const std::string crv = R"(,"crv":")" + curve + "\"";
    for (const std::string& text : {crv + half + secret, half + secret, secret + half + crv}) {
      const auto finding = only(judge(jwk_detector, R"({"kty":"EC")" + text + "}"));
      EXPECT_EQ(finding.relation, "d*G=Q") << curve;
      EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
    }
    const auto alone = only(judge(jwk_detector, R"({"kty":"EC")" + crv + secret + "}"));
    EXPECT_EQ(alone.evidence, Evidence::structure);
    EXPECT_EQ(alone.public_key_sha256, test::name_of(key));
    const auto leads = judge(jwk_detector, R"({"kty":"EC")" + crv + half + "}");
    ASSERT_EQ(leads.size(), 1U);
    ASSERT_EQ(leads[0].leads.size(), 1U);
    EXPECT_EQ(leads[0].leads[0].key.sha256, test::name_of(key));
  }
}

TEST(NamedKeys, OkpJwksProveThemselves) {
  for (const char* const curve : {"Ed25519", "Ed448", "X25519", "X448"}) {
    const auto key = test::make_key(curve);
    const auto half = member("x", octets_of(key, OSSL_PKEY_PARAM_PUB_KEY));
    const auto secret = member("d", octets_of(key, OSSL_PKEY_PARAM_PRIV_KEY));
    const std::string head = R"({"kty":"OKP","crv":")" + std::string(curve) + "\"";
    const auto finding = only(judge(jwk_detector, head + half + secret + "}"));
    EXPECT_EQ(finding.evidence, Evidence::proof) << curve;
    EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
    EXPECT_EQ(finding.use, curve[0] == 'E' ? KeyUse::signing : KeyUse::agreement);
    const auto leads = judge(jwk_detector, head + half + "}");
    ASSERT_EQ(leads.size(), 1U);
    ASSERT_EQ(leads[0].leads.size(), 1U) << curve;
  }
}

TEST(NamedKeys, ForeignNumbersProveNothing) {
  const auto key = test::make_ec("prime256v1");
  const auto other = test::make_ec("prime256v1");
  const auto finding = only(judge(
      jwk_detector, R"({"kty":"EC","crv":"P-256")" + member("x", number_of(key, OSSL_PKEY_PARAM_EC_PUB_X)) +
                        member("y", number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y)) +
                        member("d", number_of(other, OSSL_PKEY_PARAM_PRIV_KEY)) + "}"));
  EXPECT_EQ(finding.evidence, Evidence::marker);
  EXPECT_TRUE(finding.relation.empty());
}

}  // namespace
}  // namespace dumpgate
