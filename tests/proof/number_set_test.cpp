// Numbers out of any structure: named ones prove themselves whole and in part, unnamed ones in any order, and
// numbers that do not belong together prove nothing.

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <algorithm>
#include <map>
#include <string>

#include "scanner/detect/number_set.h"
#include "scanner/proof/bignum.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

using Role = NumberRole;

SecretBytes parameter(const test::Key& key, const char* name) {
  BIGNUM* value = nullptr;
  test::require(EVP_PKEY_get_bn_param(key.get(), name, &value) == 1, name);
  SecretBytes bytes(static_cast<std::size_t>(BN_num_bytes(value)));
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_clear_free(value);
  return bytes;
}

std::map<Role, SecretBytes> rsa_numbers(const test::Key& key) {
  return {{Role::n, parameter(key, OSSL_PKEY_PARAM_RSA_N)},
          {Role::e, parameter(key, OSSL_PKEY_PARAM_RSA_E)},
          {Role::d, parameter(key, OSSL_PKEY_PARAM_RSA_D)},
          {Role::p, parameter(key, OSSL_PKEY_PARAM_RSA_FACTOR1)},
          {Role::q, parameter(key, OSSL_PKEY_PARAM_RSA_FACTOR2)},
          {Role::dp, parameter(key, OSSL_PKEY_PARAM_RSA_EXPONENT1)},
          {Role::dq, parameter(key, OSSL_PKEY_PARAM_RSA_EXPONENT2)},
          {Role::qinv, parameter(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1)}};
}

std::optional<Finding> judge(NumberSetWriter& writer, Evidence evidence = Evidence::marker) {
  const Window window{};
  const Candidate candidate{
      .signature = "private-key", .evidence = evidence, .form = Form::number_set, .payload = writer.take()};
  return prove(window, candidate).finding;
}

const test::Key& rsa_key() {
  static const auto key = test::make_rsa(2048);
  return key;
}

TEST(NumberSet, NamedNumbersOfAnRsaKeyProveThemselves) {
  const auto numbers = rsa_numbers(rsa_key());
  const std::vector<std::vector<Role>> sets{{Role::n, Role::e, Role::d, Role::p, Role::q, Role::qinv},
                                            {Role::p, Role::q, Role::qinv, Role::d},
                                            {Role::e, Role::d, Role::n},
                                            {Role::n, Role::e, Role::p},
                                            {Role::e, Role::d, Role::p},
                                            {Role::e, Role::p, Role::dp, Role::q, Role::qinv}};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    NumberSetWriter writer;
    for (const Role role : sets[i]) writer.add(role, numbers.at(role));
    const auto finding = judge(writer);
    ASSERT_TRUE(finding) << i;
    EXPECT_EQ(finding->evidence, Evidence::proof) << i;
    EXPECT_EQ(finding->algorithm, "rsa");
    if (i != 4) {
      EXPECT_EQ(finding->public_key_sha256, test::name_of(rsa_key())) << i;
    }
  }
}

TEST(NumberSet, UnnamedNumbersProveThemselvesInAnyOrder) {
  const auto numbers = rsa_numbers(rsa_key());
  const std::vector<std::vector<Role>> sets{{Role::d, Role::qinv, Role::p, Role::q},
                                            {Role::qinv, Role::q, Role::p},
                                            {Role::n, Role::p},
                                            {Role::q, Role::n},
                                            {Role::p, Role::dp},
                                            {Role::dq, Role::q},
                                            {Role::p, Role::d},
                                            {Role::n, Role::d},
                                            {Role::d, Role::e, Role::n},
                                            {Role::q, Role::n, Role::e, Role::d, Role::p}};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (const bool has_strangers : {false, true}) {
      NumberSetWriter writer;
      for (const Role role : sets[i]) writer.add(Role::any, numbers.at(role));
      for (unsigned seed = 1; has_strangers && seed <= 4; ++seed)
        writer.add(Role::any, test::noise(128 * (1 + seed % 2), seed * 0x9e3779b97f4a7c15U));
      const auto finding = judge(writer, Evidence::hint);
      ASSERT_TRUE(finding) << i;
      EXPECT_EQ(finding->evidence, Evidence::proof) << i;
      EXPECT_FALSE(finding->relation.empty());
      const bool names_modulus = i != 4 && i != 5 && i != 6;
      if (names_modulus) {
        EXPECT_EQ(finding->public_key_sha256, test::name_of(rsa_key())) << i;
      }
    }
  }
}

TEST(NumberSet, StrangersProveNothing) {
  const auto one = rsa_numbers(rsa_key());
  const auto other = rsa_numbers(test::make_rsa(2048));
  NumberSetWriter unnamed;
  for (const auto* const each : {&one.at(Role::n), &one.at(Role::e), &other.at(Role::p), &other.at(Role::q)})
    unnamed.add(Role::any, *each);
  EXPECT_FALSE(judge(unnamed, Evidence::hint)) << "nothing names these numbers, and they do not relate";
  NumberSetWriter named;
  named.add(Role::n, one.at(Role::n));
  named.add(Role::p, other.at(Role::p));
  named.add(Role::q, other.at(Role::q));
  named.add(Role::qinv, one.at(Role::qinv));
  const auto finding = judge(named);
  ASSERT_TRUE(finding) << "a structure named them: it stays with less evidence";
  EXPECT_EQ(finding->evidence, Evidence::marker);
}

// A pair of inverses modulo a composite is a blinding pair, which everybody may know.
TEST(NumberSet, InversesModuloACompositeAreNoPrimes) {
  const BigContext context;
  const auto n = BigNumber::from_big_endian(parameter(rsa_key(), OSSL_PKEY_PARAM_RSA_N));
  const auto a = BigNumber::from_big_endian(test::noise(255, 77));
  BigNumber odd = a;
  BN_set_bit(odd.get(), 0);
  BigNumber inverse;
  ASSERT_NE(BN_mod_inverse(inverse.get(), odd.get(), n.get(), context.get()), nullptr);
  NumberSetWriter writer;
  writer.add(Role::any, n.big_endian());
  writer.add(Role::any, odd.big_endian());
  writer.add(Role::any, inverse.big_endian());
  EXPECT_FALSE(judge(writer, Evidence::hint));
}

TEST(NumberSet, ScalarsReachTheirPoints) {
  const std::pair<const char*, const char*> curves[] = {{"prime256v1", "NIST P-256"},
                                                        {"secp384r1", "nistp384"},
                                                        {"secp521r1", "NIST P-521"},
                                                        {"secp256k1", "secp256k1"},
                                                        {"brainpoolP256r1", "brainpoolP256r1"}};
  for (const auto& [curve, name] : curves) {
    const auto key = test::make_ec(curve);
    const auto spki = test::spki_of(key);
    const auto scalar = parameter(key, OSSL_PKEY_PARAM_PRIV_KEY);
    const std::size_t size = 1 + 2 * ((static_cast<std::size_t>(EVP_PKEY_get_bits(key.get())) + 7) / 8);
    for (const bool is_named : {true, false}) {
      NumberSetWriter writer;
      if (is_named) writer.add(Role::curve, std::string_view(name));
      writer.add(Role::point, std::span(spki).last(size));
      writer.add(Role::d, scalar);
      const auto finding = judge(writer);
      ASSERT_TRUE(finding);
      EXPECT_EQ(finding->relation, "d*G=Q") << name;
      EXPECT_EQ(finding->public_key_sha256, test::name_of(key)) << name;
    }
  }
}

TEST(NumberSet, SeedsReachTheirPublicHalves) {
  struct Kind {
    const char* algorithm = nullptr;
    const char* name = nullptr;
    std::size_t size = 0;
    bool reversed = false;  // libgcrypt's Curve25519
  };
  for (const Kind& kind : {Kind{"ED25519", "Ed25519", 32, false}, Kind{"ED448", "Ed448", 57, false},
                           Kind{"X25519", "Curve25519", 32, true}}) {
    const auto key = test::make_key(kind.algorithm);
    const auto spki = test::spki_of(key);
    auto secret = test::pkcs8_of(key);
    secret.erase(secret.begin(), secret.end() - static_cast<std::ptrdiff_t>(kind.size));
    if (kind.reversed) std::ranges::reverse(secret);
    test::Bytes point{std::byte{0x40}};
    point.insert(point.end(), spki.end() - static_cast<std::ptrdiff_t>(kind.size), spki.end());
    for (const bool is_named : {true, false}) {
      NumberSetWriter writer;
      if (is_named) writer.add(Role::curve, std::string_view(kind.name));
      writer.add(Role::point, point);
      writer.add(Role::d, secret);
      const auto finding = judge(writer);
      ASSERT_TRUE(finding);
      EXPECT_EQ(finding->evidence, Evidence::proof) << kind.name;
      EXPECT_EQ(finding->public_key_sha256, test::name_of(key)) << kind.name;
    }
  }
}

TEST(NumberSet, ACutPayloadIsReadAsFarAsItGoes) {
  NumberSetWriter writer;
  writer.add(Role::n, test::noise(256, 1));
  writer.add(Role::p, test::noise(128, 2));
  const auto payload = writer.take();
  for (std::size_t size = 0; size < payload.size(); ++size)
    EXPECT_LE(read_number_set(std::span(payload).first(size)).size(), 1U);
  EXPECT_EQ(read_number_set(payload).size(), 2U);
}

}  // namespace
}  // namespace dumpgate
