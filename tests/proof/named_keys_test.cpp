// Keys that a text gives number by number (JWK, XML, BIND): made by OpenSSL, written as such texts, found by
// their detector and proven by the proofs of DER.

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <algorithm>
#include <map>

#include "scanner/detect/detector.h"
#include "scanner/detect/signature.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& jwk_detector;
extern const Detector& xml_rsa_detector;
extern const Detector& bind_key_detector;

namespace {

std::string base64(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string url_text(std::span<const std::byte> bytes) {
  std::string text = base64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// Big-endian, with leading zeros up to `size` bytes.
test::Bytes number_of(const test::Key& key, const char* name, std::size_t size = 0) {
  BIGNUM* number = nullptr;
  test::require(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1, name);
  test::Bytes bytes(std::max(size, static_cast<std::size_t>(BN_num_bytes(number))));
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
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

std::vector<Judgement> judge_text(const Detector& detector, const std::string& text) {
  static const SignatureSet signatures = std::move(*SignatureSet::builtin());
  Window window = test::whole_window(std::as_bytes(std::span(text)));
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

Finding only_finding(const std::vector<Judgement>& judged) {
  test::require(judged.size() == 1 && judged[0].finding, "exactly one finding");
  return *judged[0].finding;
}

std::string member(const std::string& name, std::span<const std::byte> bytes) {
  return ",\"" + name + "\":\"" + url_text(bytes) + "\"";
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
    const auto finding = only_finding(judge_text(jwk_detector, rsa_jwk(key, left_out)));
    EXPECT_EQ(finding.evidence, Evidence::proof) << left_out;
    EXPECT_EQ(finding.use, KeyUse::signing);
    EXPECT_EQ(finding.representation, "jwk");
    if (std::string_view(left_out).find(",n,e,d,q") == std::string_view::npos) {
      EXPECT_EQ(finding.public_key_sha256, test::name_of(key)) << left_out;
    }
  }
  const auto leads = judge_text(jwk_detector, rsa_jwk(key, ",d,p,q,dp,dq,qi,"));
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
    // RFC 7518 section 6.2: of the field's length.
    const auto size = static_cast<std::size_t>((EVP_PKEY_get_bits(key.get()) + 7) / 8);
    const std::string half = member("x", number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size)) +
                             member("y", number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
    const std::string secret = member("d", number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, size));
    const std::string crv = R"(,"crv":")" + curve + "\"";
    for (const std::string& text : {crv + half + secret, half + secret, secret + half + crv}) {
      const auto finding = only_finding(judge_text(jwk_detector, R"({"kty":"EC")" + text + "}"));
      EXPECT_EQ(finding.relation, "d*G=Q") << curve;
      EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
    }
    const auto alone = only_finding(judge_text(jwk_detector, R"({"kty":"EC")" + crv + secret + "}"));
    EXPECT_EQ(alone.evidence, Evidence::structure);
    EXPECT_EQ(alone.public_key_sha256, test::name_of(key));
    const auto leads = judge_text(jwk_detector, R"({"kty":"EC")" + crv + half + "}");
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
    const auto finding = only_finding(judge_text(jwk_detector, head + half + secret + "}"));
    EXPECT_EQ(finding.evidence, Evidence::proof) << curve;
    EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
    EXPECT_EQ(finding.use, curve[0] == 'E' ? KeyUse::signing : KeyUse::agreement);
    const auto leads = judge_text(jwk_detector, head + half + "}");
    ASSERT_EQ(leads.size(), 1U);
    ASSERT_EQ(leads[0].leads.size(), 1U) << curve;
  }
}

TEST(NamedKeys, ForeignNumbersProveNothing) {
  const auto key = test::make_ec("prime256v1");
  const auto other = test::make_ec("prime256v1");
  const auto finding = only_finding(judge_text(
      jwk_detector, R"({"kty":"EC","crv":"P-256")" + member("x", number_of(key, OSSL_PKEY_PARAM_EC_PUB_X)) +
                        member("y", number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y)) +
                        member("d", number_of(other, OSSL_PKEY_PARAM_PRIV_KEY)) + "}"));
  EXPECT_EQ(finding.evidence, Evidence::marker);
  EXPECT_TRUE(finding.relation.empty());
}

constexpr std::pair<const char*, const char*> xml_names[] = {{"Modulus", OSSL_PKEY_PARAM_RSA_N},
                                                             {"Exponent", OSSL_PKEY_PARAM_RSA_E},
                                                             {"P", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                                             {"Q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                                             {"DP", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                                             {"DQ", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                                             {"InverseQ", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
                                                             {"D", OSSL_PKEY_PARAM_RSA_D}};

std::string xml_of(const test::Key& key, std::size_t count, const std::string& space) {
  std::string text = "<RSAKeyValue>";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = xml_names[i].first;
    text += space + "<" + name + ">" + base64(number_of(key, xml_names[i].second)) + "</" + name + ">";
  }
  return text + space + "</RSAKeyValue>";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

TEST(NamedKeys, XmlKeysProveThemselves) {
  const auto key = test::make_rsa(2048);
  const std::string plain = xml_of(key, 8, "");
  std::string wide;
  for (const char c : plain) wide += {c, '\0'};
  for (const std::string& text : {plain, xml_of(key, 8, "\n  "), wide, std::string(1, '\0') + wide,
                                  replaced(replaced(plain, "<", "&lt;"), ">", "&gt;"),
                                  replaced(replaced(plain, "<", "\\u003c"), ">", "\\u003e"),
                                  plain.substr(0, plain.find("<DP>") + 40)}) {
    const auto finding = only_finding(judge_text(xml_rsa_detector, text));
    EXPECT_EQ(finding.evidence, Evidence::proof) << text.substr(0, 20);
    EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
  }
  const auto tail = only_finding(judge_text(xml_rsa_detector, plain.substr(plain.find("<Modulus>") + 10)));
  EXPECT_EQ(tail.evidence, Evidence::proof);
  const auto leads = judge_text(xml_rsa_detector, xml_of(key, 2, ""));
  ASSERT_EQ(leads.size(), 1U);
  EXPECT_FALSE(leads[0].finding);
  ASSERT_EQ(leads[0].leads.size(), 1U);
  EXPECT_EQ(leads[0].leads[0].key.sha256, test::name_of(key));
}

TEST(NamedKeys, BindKeysProveThemselves) {
  const auto key = test::make_rsa(2048);
  constexpr std::pair<const char*, const char*> names[] = {
      {"Modulus", OSSL_PKEY_PARAM_RSA_N},           {"PublicExponent", OSSL_PKEY_PARAM_RSA_E},
      {"PrivateExponent", OSSL_PKEY_PARAM_RSA_D},   {"Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2},      {"Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
  std::string text = "Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\n";
  for (const auto& [name, parameter] : names)
    text += std::string(name) + ": " + base64(number_of(key, parameter)) + "\n";
  text += "Created: 20250101000000\n";
  for (const std::size_t begin : {std::size_t{0}, text.find("PrivateE") + 30}) {
    const auto finding = only_finding(judge_text(bind_key_detector, text.substr(begin)));
    EXPECT_EQ(finding.evidence, Evidence::proof) << begin;
    EXPECT_EQ(finding.public_key_sha256, test::name_of(key)) << begin;
  }
}

TEST(NamedKeys, BindCurvesAreNamedAndTheirRecordsAreLeads) {
  const std::string head = "Private-key-format: v1.3\nAlgorithm: ";
  const auto ec = test::make_ec("prime256v1");
  const auto ed = test::make_key("ED25519");
  const std::string texts[] = {
      head + "13 (ECDSAP256SHA256)\nPrivateKey: " + base64(number_of(ec, OSSL_PKEY_PARAM_PRIV_KEY)) + "\n",
      head + "15 (ED25519)\nPrivateKey: " + base64(octets_of(ed, OSSL_PKEY_PARAM_PRIV_KEY)) + "\n"};
  const test::Key* const keys[] = {&ec, &ed};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto finding = only_finding(judge_text(bind_key_detector, texts[i]));
    EXPECT_GE(finding.evidence, Evidence::structure);
    EXPECT_TRUE(finding.public_key_derived);
    EXPECT_EQ(finding.public_key_sha256, test::name_of(*keys[i]));
    EXPECT_EQ(finding.use, KeyUse::signing);
  }
  const auto half = base64(octets_of(ed, OSSL_PKEY_PARAM_PUB_KEY));
  const auto leads = judge_text(bind_key_detector, "example. 3600 IN DNSKEY 257 3 15 " + half.substr(0, 20) +
                                                       " " + half.substr(20) + "\n");
  ASSERT_EQ(leads.size(), 1U);
  ASSERT_EQ(leads[0].leads.size(), 1U);
  EXPECT_EQ(leads[0].leads[0].key.sha256, test::name_of(ed));
}

}  // namespace
}  // namespace dumpgate
