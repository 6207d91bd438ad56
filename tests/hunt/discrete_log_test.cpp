// DSA numbers are found by their known public keys; dP alone by its modulus.

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/rsa.h>

#include "tests/hunt/memory.h"

namespace dumpgate {
namespace {

using hunt_test::Memory;
using hunt_test::number_of;
using hunt_test::public_of;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key dsa_key() {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> parameters(
      EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY_paramgen_init(parameters.get());
  EVP_PKEY_CTX_set_dsa_paramgen_bits(parameters.get(), 1024);
  EVP_PKEY_CTX_set_dsa_paramgen_q_bits(parameters.get(), 256);
  EVP_PKEY* group = nullptr;
  EVP_PKEY_paramgen(parameters.get(), &group);
  const Key domain(group, &EVP_PKEY_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, domain.get(), nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY_keygen_init(context.get());
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen(context.get(), &key);
  return {key, &EVP_PKEY_free};
}

TEST(DiscreteLogHunter, FindsDsaByItsPublicKey) {
  const Key key = dsa_key();
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  for (const std::string_view layout : {limbs_layout, bytes_layout}) {
    Memory memory;
    const auto where = memory.put_in(layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
    const auto findings = memory.hunt(leads, "discrete-log");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].offset, where);
    EXPECT_EQ(findings[0].relation, "g^x=y");
    EXPECT_EQ(findings[0].representation, layout);
  }
}

// Keys of one group share its powers: each is still told from the others.
TEST(DiscreteLogHunter, FindsTheRightKeyOfAGroup) {
  const Key first = dsa_key();
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, first.get(), nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  EVP_PKEY_keygen_init(context.get());
  EVP_PKEY_keygen(context.get(), &made);
  const Key second(made, &EVP_PKEY_free);
  LeadSet leads;
  for (const Key* key : {&first, &second})
    ASSERT_TRUE(leads.add(public_of(key->get()), KeyOrigin::certificate));
  for (const Key* key : {&first, &second}) {
    Memory memory;
    memory.put_in(limbs_layout, number_of(key->get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
    const auto findings = memory.hunt(leads, "discrete-log");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].public_key_sha256, public_of(key->get()).sha256);
  }
}

TEST(RsaCrtExponentHunter, FindsEitherExponentAlone) {
  const Key key(EVP_RSA_gen(1024), &EVP_PKEY_free);
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  for (const char* name : {OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2}) {
    Memory memory;
    memory.junk();
    const auto where = memory.put_in(limbs_layout, number_of(key.get(), name, 64));
    const auto findings = memory.hunt(leads, "rsa-crt-exponent");
    ASSERT_EQ(findings.size(), 1U) << name;
    EXPECT_EQ(findings[0].offset, where);
  }
}

}  // namespace
}  // namespace dumpgate
