// DER keys from bytes to finding: every kind that OpenSSL can make is planted in noise, found by the anchors,
// and proven.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <array>
#include <map>

#include "scanner/base/der_writer.h"
#include "scanner/detect/anchor_scan.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

using test::Bytes;
using test::Key;

const AnchorScan& anchors() {
  static const auto scan = AnchorScan::compile(all_detectors());
  return *scan.value();
}

const SignatureSet& signatures() {
  static const auto set = SignatureSet::builtin();
  return set.value();
}

struct Seen {
  std::vector<Finding> findings{};
  std::vector<Lead> leads{};
};

Seen scan(std::span<const std::byte> bytes) {
  static AnchorScan::Scratch scratch(anchors());
  const Window window{.bytes = bytes, .own_begin = 0, .own_end = bytes.size(), .signatures = &signatures()};
  CandidateSink sink(10000);
  EXPECT_TRUE(anchors().scan(window, scratch, sink).has_value());
  Seen seen;
  for (const auto& candidate : sink.found()) {
    if (candidate.signature == "random-data")
      continue;  // a key is also an island of random bytes: not the subject here
    if (candidate.form == Form::bare_point) continue;  // and its point is a lead of its own
    auto judgement = prove(window, candidate);
    if (judgement.finding) seen.findings.push_back(std::move(*judgement.finding));
    for (auto& lead : judgement.leads) seen.leads.push_back(std::move(lead));
  }
  return seen;
}

// Zeros end no number and begin none, so they show what lies at the edges of an encoding.
Bytes planted(std::span<const std::byte> encoding, std::size_t before = 100, std::size_t after = 100) {
  Bytes bytes(before + encoding.size() + after);
  std::copy(encoding.begin(), encoding.end(), bytes.begin() + static_cast<std::ptrdiff_t>(before));
  return bytes;
}

Evidence strongest(const Seen& seen) {
  Evidence best = Evidence::hint;
  for (const auto& finding : seen.findings) best = std::max(best, finding.evidence);
  return best;
}

// The one finding of a planted encoding.
Finding only(const Seen& seen) {
  EXPECT_EQ(seen.findings.size(), 1U);
  return seen.findings.empty() ? Finding{} : seen.findings.front();
}

void expect_proven(const Bytes& encoding, const Key& key, std::string_view relation) {
  const auto finding = only(scan(planted(encoding)));
  EXPECT_EQ(finding.evidence, Evidence::proof);
  EXPECT_EQ(finding.relation, relation);
  EXPECT_EQ(finding.offset, 100U);
  EXPECT_EQ(finding.length, encoding.size());
  EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
  EXPECT_TRUE(finding.public_key_derived);
  EXPECT_EQ(finding.use, KeyUse::signing);
  EXPECT_FALSE(finding.cut);
}

std::vector<std::string> curves() {
  std::vector<EC_builtin_curve> all(EC_get_builtin_curves(nullptr, 0));
  EC_get_builtin_curves(all.data(), all.size());
  std::vector<std::string> names;
  for (const auto& curve : all) {
    // The two Oakley curves have no OID, so that OpenSSL itself cannot write their keys.
    if (OBJ_length(OBJ_nid2obj(curve.nid)) != 0) names.emplace_back(OBJ_nid2sn(curve.nid));
  }
  return names;
}

class RsaSize : public testing::TestWithParam<unsigned> {};

TEST_P(RsaSize, IsProvenInPkcs1AndPkcs8) {
  const auto key = test::make_rsa(GetParam());
  expect_proven(test::traditional_of(key), key, "n=p*q");
  expect_proven(test::pkcs8_of(key), key, "n=p*q");
  EXPECT_EQ(only(scan(planted(test::pkcs8_of(key)))).bits, GetParam());
}
INSTANTIATE_TEST_SUITE_P(All, RsaSize, testing::Values(512, 768, 1024, 1536, 2048, 3072));

TEST(DerKeys, MultiPrimeRsaIsProven) {
  const auto key = test::make_rsa(2048, 3);
  expect_proven(test::traditional_of(key), key, "n=p*q*r");
  expect_proven(test::pkcs8_of(key), key, "n=p*q*r");
}

TEST(DerKeys, RsaPssIsProvenAndKeepsItsName) {
  const auto plain = test::make_key("RSA-PSS", {{"rsa_keygen_bits", "1024"}});
  expect_proven(test::pkcs8_of(plain), plain, "n=p*q");
  const auto restricted = test::make_key("RSA-PSS", {{"rsa_keygen_bits", "1024"},
                                                     {"rsa_pss_keygen_md", "sha256"},
                                                     {"rsa_pss_keygen_mgf1_md", "sha256"},
                                                     {"rsa_pss_keygen_saltlen", "32"}});
  expect_proven(test::pkcs8_of(restricted), restricted, "n=p*q");
}

// Second names of curves: explicit parameters give the first name.
const std::map<std::string, std::string>& aliases() {
  static const std::map<std::string, std::string> names{
      {"wap-wsg-idm-ecid-wtls3", "sect163k1"},  {"wap-wsg-idm-ecid-wtls4", "sect113r1"},
      {"wap-wsg-idm-ecid-wtls5", "c2pnb163v1"}, {"wap-wsg-idm-ecid-wtls6", "secp112r1"},
      {"wap-wsg-idm-ecid-wtls7", "secp160r2"},  {"wap-wsg-idm-ecid-wtls10", "sect233k1"},
      {"wap-wsg-idm-ecid-wtls11", "sect233r1"}, {"wap-wsg-idm-ecid-wtls12", "secp224r1"}};
  return names;
}

class Curve : public testing::TestWithParam<std::string> {};

TEST_P(Curve, IsProvenInSec1AndPkcs8) {
  const auto key = test::make_ec(GetParam());
  expect_proven(test::traditional_of(key), key, "d*G=Q");
  expect_proven(test::pkcs8_of(key), key, "d*G=Q");
  EXPECT_EQ(only(scan(planted(test::pkcs8_of(key)))).curve, GetParam());
}

// Explicit parameters of a known curve are that curve: one key has one name.
TEST_P(Curve, IsProvenWithExplicitParameters) {
  const std::string expected = aliases().contains(GetParam()) ? aliases().at(GetParam()) : GetParam();
  const auto key = test::make_ec(GetParam(), true);
  for (const auto& encoding : {test::traditional_of(key), test::pkcs8_of(key)}) {
    const auto finding = only(scan(planted(encoding)));
    EXPECT_EQ(finding.relation, "d*G=Q");
    EXPECT_EQ(finding.curve, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Curve, testing::ValuesIn(curves()), [](const auto& curve) {
  std::string name = curve.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// Those whose field size is an anchor of the detector of lost heads.
class CurveInUse : public testing::TestWithParam<std::string> {};

TEST_P(CurveInUse, TailWithoutHeadIsProven) {
  const auto key = test::make_ec(GetParam());
  const auto whole = test::traditional_of(key);
  const auto secret = static_cast<std::ptrdiff_t>(whole[1] == std::byte{0x81} ? 6 : 5);
  const auto finding = only(scan(planted(Bytes(whole.begin() + secret, whole.end()))));
  EXPECT_EQ(finding.relation, "d*G=Q");
  EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
}

INSTANTIATE_TEST_SUITE_P(All, CurveInUse,
                         testing::Values("prime192v1", "secp224r1", "prime256v1", "secp256k1", "SM2",
                                         "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1",
                                         "brainpoolP512r1", "sect233r1", "sect283k1", "sect409r1",
                                         "sect571r1"));

TEST(DerKeys, RawCurvesAreNamedAndTheirUseIsKnown) {
  const std::map<std::string, KeyUse> uses{{"ED25519", KeyUse::signing},
                                           {"ED448", KeyUse::signing},
                                           {"X25519", KeyUse::agreement},
                                           {"X448", KeyUse::agreement}};
  for (const auto& [algorithm, use] : uses) {
    const auto key = test::make_key(algorithm.c_str());
    const auto finding = only(scan(planted(test::pkcs8_of(key))));
    EXPECT_EQ(finding.evidence, Evidence::structure) << algorithm;
    EXPECT_EQ(finding.public_key_sha256, test::name_of(key)) << algorithm;
    EXPECT_EQ(finding.use, use) << algorithm;
  }
}

// RFC 5958 version 2 carries the public key behind the private one.
Bytes version_two(const Key& key) {
  const auto v1 = test::pkcs8_of(key);
  const auto spki = test::spki_of(key);
  const std::span<const std::byte> raw = std::span(spki).last(32);
  const std::byte version[] = {std::byte{2}, std::byte{1}, std::byte{1}};
  const std::byte no_unused_bits{0};
  const auto half = der_element(0x81, {std::span(&no_unused_bits, 1), raw});
  return der_element(0x30, {version, std::span(v1).subspan(5), half});
}

TEST(DerKeys, VersionTwoProvesItself) {
  const auto key = test::make_key("ED25519");
  expect_proven(version_two(key), key, "seed->A");
}

TEST(DerKeys, VersionTwoWithAForeignPublicKeyIsNotProven) {
  const auto key = test::make_key("ED25519");
  auto encoding = version_two(key);
  encoding.back() ^= std::byte{1};
  const auto finding = only(scan(planted(encoding)));
  EXPECT_EQ(finding.evidence, Evidence::marker);
  EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
}

TEST(DerKeys, HeaderBeforeZerosIsOnlyAHint) {
  auto encoding = test::pkcs8_of(test::make_key("X25519"));
  std::fill(encoding.end() - 31, encoding.end(), std::byte{0});
  EXPECT_EQ(only(scan(planted(encoding))).evidence, Evidence::hint);
}

TEST(DerKeys, DsaIsProven) {
  const auto key =
      test::make_key_with_parameters("DSA", {{"dsa_paramgen_bits", "1024"}, {"dsa_paramgen_q_bits", "160"}});
  expect_proven(test::traditional_of(key), key, "g^x=y");
  const auto finding = only(scan(planted(test::pkcs8_of(key))));
  EXPECT_EQ(finding.evidence, Evidence::structure);
  EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
}

// What is left behind the head names the key as long as p is whole: in PKCS #8 its header begins at 24.
TEST(DerKeys, ADsaKeyWithoutItsHeadIsKnown) {
  for (const auto& [p_bits, q_bits] :
       {std::pair("1024", "160"), std::pair("2048", "224"), std::pair("2048", "256")}) {
    const auto key = test::make_key_with_parameters(
        "DSA", {{"dsa_paramgen_bits", p_bits}, {"dsa_paramgen_q_bits", q_bits}});
    for (const std::size_t lost : {8U, 16U, 20U, 24U}) {
      auto encoding = test::pkcs8_of(key);
      std::fill_n(encoding.begin(), lost, std::byte{0xa5});
      const auto finding = only(scan(planted(encoding)));
      EXPECT_EQ(finding.evidence, Evidence::structure) << lost;
      EXPECT_EQ(finding.public_key_sha256, test::name_of(key)) << lost;
    }
    for (const std::size_t lost : {1U, 4U, 7U}) {
      auto encoding = test::traditional_of(key);
      std::fill_n(encoding.begin(), lost, std::byte{0xa5});
      const auto finding = only(scan(planted(encoding)));
      EXPECT_EQ(finding.evidence, Evidence::proof) << lost;
      EXPECT_EQ(finding.public_key_sha256, test::name_of(key)) << lost;
    }
  }
}

TEST(DerKeys, DsaParametersAndNumbersThatDoNotBelongToThemAreNoKey) {
  const auto key =
      test::make_key_with_parameters("DSA", {{"dsa_paramgen_bits", "1024"}, {"dsa_paramgen_q_bits", "160"}});
  const auto encoding = test::pkcs8_of(key);
  const std::size_t x = 2 + 2 + 20;  // headers of OCTET STRING and INTEGER, and at most so many bytes
  EXPECT_TRUE(
      scan(planted(std::span(encoding).subspan(24).first(encoding.size() - 24 - x))).findings.empty());
  auto foreign = encoding;
  foreign[60] ^= std::byte{1};  // inside p
  std::fill_n(foreign.begin(), 16, std::byte{0xa5});
  EXPECT_EQ(only(scan(planted(foreign))).evidence, Evidence::marker);
}

TEST(DerKeys, DiffieHellmanIsAgreement) {
  const auto key = test::make_key("DH", {{"group", "ffdhe2048"}});
  const auto finding = only(scan(planted(test::pkcs8_of(key))));
  EXPECT_EQ(finding.evidence, Evidence::structure);
  EXPECT_EQ(finding.use, KeyUse::agreement);
  EXPECT_EQ(finding.public_key_sha256, test::name_of(key));
}

// Algorithms that OpenSSL 3.0 does not know, as their standards encode them.
TEST(DerKeys, UnknownToOpensslIsAStructureWithADigestOfTheEncoding) {
  const std::map<std::string, std::pair<std::string, std::size_t>> kinds{
      {"ml-dsa", {"\x60\x86\x48\x01\x65\x03\x04\x03\x12", 4032}},
      {"slh-dsa", {"\x60\x86\x48\x01\x65\x03\x04\x03\x14", 64}},
      {"ml-kem", {"\x60\x86\x48\x01\x65\x03\x04\x04\x02", 2400}},
      {"gost", {"\x2a\x85\x03\x07\x01\x01\x01\x01", 32}},
  };
  const std::byte version[] = {std::byte{2}, std::byte{1}, std::byte{0}};
  for (const auto& [algorithm, kind] : kinds) {
    const auto identifier = der_element(0x30, {der_oid(kind.first)});
    const auto body = der_element(0x04, {test::noise(kind.second, 7)});
    const auto encoding = der_element(
        0x30, {version, identifier, der_element(0x04, {kind.second == 64 ? test::noise(64, 7) : body})});
    const auto finding = only(scan(planted(encoding)));
    EXPECT_EQ(finding.evidence, Evidence::structure) << algorithm;
    EXPECT_EQ(finding.algorithm, algorithm);
    EXPECT_EQ(finding.encoding_sha256, to_hex(Sha256::of(encoding))) << algorithm;
  }
}

TEST(DerKeys, AreFoundAtEveryAlignment) {
  const auto encoding = test::pkcs8_of(test::make_ec("prime256v1"));
  for (std::size_t before = 0; before < 64; ++before) {
    const auto finding = only(scan(planted(encoding, before)));
    EXPECT_EQ(finding.offset, before);
    EXPECT_EQ(finding.relation, "d*G=Q");
  }
}

// free() overwrites the first 16 bytes of a buffer, or the first 32.
TEST(DerKeys, WithADestroyedHeadAreStillProven) {
  const auto rsa = test::make_rsa(2048);
  const auto ec = test::make_ec("prime256v1");
  for (const std::size_t lost : {1U, 2U, 4U, 16U, 32U}) {
    for (const auto* key : {&rsa, &ec}) {
      for (auto encoding : {test::traditional_of(*key), test::pkcs8_of(*key)}) {
        if (key == &ec && lost >= 16 && encoding.size() < 130) continue;  // SEC 1: part of the scalar is gone
        std::fill_n(encoding.begin(), lost, std::byte{0xa5});
        const auto seen = scan(planted(encoding));
        EXPECT_EQ(strongest(seen), Evidence::proof) << lost << " of " << encoding.size();
        EXPECT_EQ(only(seen).public_key_sha256, test::name_of(*key)) << lost << " of " << encoding.size();
      }
    }
  }
}

// How much of an RSA key must be there for a proof: n, e and d.
TEST(DerKeys, CutAnywhereStayFoundAndProvenWhileTheNumbersSuffice) {
  const auto key = test::make_rsa(1024);
  for (const auto& encoding : {test::traditional_of(key), test::pkcs8_of(key)}) {
    const std::size_t head = encoding.size() == test::traditional_of(key).size() ? 0 : 26;
    const std::size_t n_end = head + 4 + 3 + 132;
    const std::size_t d_end = n_end + 5 + 132;
    for (std::size_t size = 0; size < encoding.size(); ++size) {
      const Bytes cut(encoding.begin(), encoding.begin() + static_cast<std::ptrdiff_t>(size));
      const auto seen = scan(planted(cut, 64, 0));
      if (size >= n_end + 8) {
        EXPECT_GE(strongest(seen), Evidence::marker) << size;
        EXPECT_TRUE(only(seen).cut) << size;
      }
      if (size >= d_end) {
        EXPECT_EQ(only(seen).evidence, Evidence::proof) << size;
        EXPECT_EQ(only(seen).public_key_sha256, test::name_of(key)) << size;
      }
    }
  }
}

// Only the end of the key is left: as long as a prime and its exponent are there, it is proven.
TEST(DerKeys, WithoutTheirBeginningStayProvenWhileTheNumbersSuffice) {
  const auto key = test::make_rsa(1024);
  const auto encoding = test::traditional_of(key);
  std::size_t proven = 0;
  for (std::size_t lost = 1; lost < encoding.size(); ++lost) {
    const auto seen = scan(planted(std::span(encoding).subspan(lost)));
    if (strongest(seen) == Evidence::proof) proven = lost;
  }
  // q, dP, dQ and qInv are the last four numbers, of 64 bytes each.
  EXPECT_GE(proven, encoding.size() - 4 * 68);
}

TEST(DerKeys, TheModulusIsComputedAgainFromTheLastFourNumbers) {
  const auto key = test::make_rsa(1024);
  const auto encoding = test::traditional_of(key);
  // Cut inside p: what is left is its tail and then q, dP, dQ, qInv.
  const std::size_t inside_p = 4 + 3 + 132 + 5 + 131 + 40;
  const auto seen = scan(planted(std::span(encoding).subspan(inside_p)));
  ASSERT_EQ(strongest(seen), Evidence::proof);
  EXPECT_EQ(only(seen).public_key_sha256, test::name_of(key));
}

TEST(DerKeys, AnOverwrittenMiddleStillProves) {
  const auto key = test::make_rsa(2048);
  for (std::size_t at = 40; at + 64 < 1190; at += 64) {
    auto encoding = test::traditional_of(key);
    const auto junk = test::noise(32, at + 1);
    std::copy(junk.begin(), junk.end(), encoding.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(strongest(scan(planted(encoding))), Evidence::proof) << at;
  }
}

TEST(DerKeys, NumbersThatDoNotBelongTogetherAreNoKey) {
  auto encoding = test::traditional_of(test::make_rsa(1024));
  // Every number is replaced by noise of its size, with its sign and parity kept.
  const auto junk = test::noise(encoding.size(), 99);
  for (std::size_t i = 8; i < encoding.size(); ++i) {
    const bool inside = encoding[i - 1] != std::byte{2} && i % 66 > 8;
    if (inside && i > 160) encoding[i] = junk[i] | std::byte{1};
  }
  EXPECT_LT(strongest(scan(planted(encoding))), Evidence::structure);
}

TEST(DerKeys, EncryptedKeysAreContainers) {
  const auto key = test::make_ec("prime256v1");
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, test::FreeKey> info(EVP_PKEY2PKCS8(key.get()));
  for (const int algorithm : {-1, NID_pbe_WithSHA1And3_Key_TripleDES_CBC}) {
    X509_SIG* const sealed = PKCS8_encrypt(algorithm, algorithm == -1 ? EVP_aes_256_cbc() : nullptr, "pass",
                                           4, nullptr, 0, 100, info.get());
    ASSERT_NE(sealed, nullptr);
    const auto encoding =
        test::written("i2d_X509_SIG", [&](unsigned char** at) { return i2d_X509_SIG(sealed, at); });
    X509_SIG_free(sealed);
    const auto finding = only(scan(planted(encoding)));
    EXPECT_EQ(finding.evidence, Evidence::structure);
    EXPECT_EQ(finding.kind, KeyKind::encrypted_private_key);
    EXPECT_EQ(finding.use, KeyUse::container);
  }
}

// The encrypted key inside is part of the store and not reported again.
TEST(DerKeys, AKeystoreIsOneContainer) {
  const auto key = test::make_ec("prime256v1");
  PKCS12* const store = PKCS12_create("pass", "name", key.get(), nullptr, nullptr, 0, 0, 100, 100, 0);
  ASSERT_NE(store, nullptr);
  const auto encoding =
      test::written("i2d_PKCS12", [&](unsigned char** at) { return i2d_PKCS12(store, at); });
  PKCS12_free(store);
  const auto finding = only(scan(planted(encoding)));
  EXPECT_EQ(finding.evidence, Evidence::structure);
  EXPECT_EQ(finding.kind, KeyKind::keystore);
  EXPECT_EQ(finding.length, encoding.size());
  for (std::size_t size = 40; size < encoding.size(); size += 13) {
    const auto seen = scan(planted(std::span(encoding).first(size), 100, 0));
    EXPECT_EQ(only(seen).evidence, Evidence::marker) << size;
  }
}

TEST(DerKeys, AKeystoreOfIndefiniteLengthIsFound) {
  const auto body = der_element(0x04, {test::noise(200, 3)});
  auto encoding = from_hex(
                      "30800201033080"
                      "06092a864886f70d010701"
                      "a0802480")
                      .value();
  encoding.insert(encoding.end(), body.begin(), body.end());
  encoding.resize(encoding.size() + 8);  // the ends of four indefinite forms
  const auto finding = only(scan(planted(encoding)));
  EXPECT_EQ(finding.kind, KeyKind::keystore);
  EXPECT_EQ(finding.evidence, Evidence::structure);
}

TEST(DerKeys, PublicKeysAreLeadsAndNoFindings) {
  std::vector<Key> keys;
  keys.push_back(test::make_rsa(1024));
  keys.push_back(test::make_key("RSA-PSS", {{"rsa_keygen_bits", "1024"}}));
  for (const auto& curve : curves()) keys.push_back(test::make_ec(curve));
  for (const char* const raw : {"ED25519", "ED448", "X25519", "X448"}) keys.push_back(test::make_key(raw));
  keys.push_back(test::make_key("DH", {{"group", "ffdhe2048"}}));
  for (const auto& key : keys) {
    const auto seen = scan(planted(test::spki_of(key)));
    EXPECT_TRUE(seen.findings.empty());
    ASSERT_EQ(seen.leads.size(), 1U);
    EXPECT_EQ(seen.leads[0].key.sha256, test::name_of(key));
    EXPECT_EQ(seen.leads[0].key.spki, test::spki_of(key));
    EXPECT_EQ(seen.leads[0].origin, KeyOrigin::spki);
  }
}

TEST(DerKeys, TheKeyOfACertificateIsKnownToComeFromOne) {
  const auto key = test::make_ec("prime256v1");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 77);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
  X509_set_pubkey(certificate, key.get());
  X509_sign(certificate, key.get(), EVP_sha256());
  const auto encoding =
      test::written("i2d_X509", [&](unsigned char** at) { return i2d_X509(certificate, at); });
  X509_free(certificate);
  const auto seen = scan(planted(encoding));
  EXPECT_TRUE(seen.findings.empty());
  ASSERT_EQ(seen.leads.size(), 1U);
  EXPECT_EQ(seen.leads[0].origin, KeyOrigin::certificate);
  EXPECT_EQ(seen.leads[0].key.sha256, test::name_of(key));
}

TEST(DerKeys, BareRsaPublicKeyIsALead) {
  const auto key = test::make_rsa(2048);
  const auto spki = test::spki_of(key);
  const auto seen = scan(planted(std::span(spki).subspan(24)));
  ASSERT_EQ(seen.leads.size(), 1U);
  EXPECT_EQ(seen.leads[0].key.sha256, test::name_of(key));
  EXPECT_EQ(seen.leads[0].origin, KeyOrigin::pkcs1);
}

TEST(DerKeys, NoiseAndTablesGiveNothing) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    EXPECT_TRUE(scan(test::noise(1 << 20, seed)).findings.empty());
  }
  Bytes table(1 << 16);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::byte>(i & 0xffU);
  EXPECT_TRUE(scan(table).findings.empty());
}

// Anchors in noise, so that each detector's checks are what refuses it.
TEST(DerKeys, AnchorsInNoiseGiveNothingAboveAHint) {
  auto bytes = test::noise(1 << 20, 5);
  std::size_t at = 0;
  for (const Detector* const detector : all_detectors()) {
    for (const auto anchor : detector->anchors()) {
      for (int copies = 0; copies < 20 && at + anchor.size() < bytes.size(); ++copies, at += 200) {
        const auto literal = std::as_bytes(std::span(anchor));
        std::copy(literal.begin(), literal.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
  }
  for (const auto& finding : scan(bytes).findings) {
    EXPECT_LE(finding.evidence, Evidence::hint) << finding.signature << ' ' << finding.representation;
  }
}

}  // namespace
}  // namespace dumpgate
