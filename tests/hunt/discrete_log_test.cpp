// DSA numbers are found by their known public keys; dP alone by its modulus.

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/rsa.h>

#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/hunt/bare_dsa.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/prime_sieve.h"
#include "scanner/proof/bignum.h"
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

BigNumber random_odd(int bits) {
  BigNumber number;
  EXPECT_EQ(BN_rand(number.get(), bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
  return number;
}

hunt_test::Bytes number_bytes(const BigNumber& number) {
  const SecretBytes bytes = number.big_endian();
  return {bytes.begin(), bytes.end()};
}

// Numbers that the filters' stated loss spares, with the private one.
Key spared_dsa_key() {
  for (;;) {
    Key key = dsa_key();
    const auto fine = [&key](const char* name, std::size_t size) {
      const auto number = number_of(key.get(), name, size);
      return (number[0] & std::byte{0xf0}) != std::byte{0} && hunt_test::spared(number);
    };
    if (fine(OSSL_PKEY_PARAM_PRIV_KEY, 32) && fine(OSSL_PKEY_PARAM_FFC_Q, 32) &&
        fine(OSSL_PKEY_PARAM_FFC_P, 128) && fine(OSSL_PKEY_PARAM_FFC_G, 128) &&
        fine(OSSL_PKEY_PARAM_PUB_KEY, 128))
      return key;
  }
}

// Of numbers in digits one in some hundred is lost to the filters (docs/hunt.md): of three two must be found.
TEST(DiscreteLogHunter, FindsDsaByItsPublicKey) {
  const std::array keys{spared_dsa_key(), spared_dsa_key(), spared_dsa_key()};
  std::vector<std::string_view> layouts{limbs_layout, bytes_layout, words_layout};
  for (const DigitLayout& digits : digit_layouts) layouts.push_back(digits.name);
  for (const std::string_view layout : layouts) {
    std::size_t found = 0;
    for (const Key& key : keys) {
      LeadSet leads;
      ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
      Memory memory;
      const auto where = memory.put_in(layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
      for (const Finding& finding : memory.hunt(leads, "discrete-log")) {
        ++found;
        EXPECT_EQ(finding.offset, where) << layout;
        EXPECT_EQ(finding.relation, "g^x=y");
        EXPECT_EQ(finding.representation, layout);
        EXPECT_EQ(finding.use, KeyUse::signing);
        EXPECT_EQ(finding.public_key_sha256, public_of(key.get()).sha256);
      }
    }
    EXPECT_GE(found, 2U) << layout;
    EXPECT_LE(found, 3U) << layout;
  }
}

// No encoding names it: p, q, g and y lie beside x, each in a chunk of its own.
TEST(DiscreteLogHunter, FindsDsaByThePublicNumbersBesideIt) {
  const Key key = spared_dsa_key();
  const auto put_publics = [&](Memory& memory, std::string_view layout,
                               std::initializer_list<const char*> names) {
    for (const char* name : names)
      memory.put_in(layout, number_of(key.get(), name, name == std::string_view("q") ? 32 : 128));
  };
  for (const std::string_view layout : {limbs_layout, bytes_layout, words_layout}) {
    Memory memory;
    memory.junk();
    put_publics(memory, layout, {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q, OSSL_PKEY_PARAM_FFC_G});
    const auto where = memory.put_in(layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
    memory.junk();
    EXPECT_TRUE(memory.hunt({}, "discrete-log").empty()) << layout << ": no y";
    put_publics(memory, layout, {OSSL_PKEY_PARAM_PUB_KEY});
    const auto findings = memory.hunt({}, "discrete-log");
    ASSERT_EQ(findings.size(), 1U) << layout;
    EXPECT_EQ(findings[0].offset, where) << layout;
    EXPECT_EQ(findings[0].relation, "g^x=y");
    EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
    EXPECT_EQ(findings[0].use, KeyUse::unknown) << "x may be a nonce";
    // A certificate says what it is for.
    LeadSet leads;
    ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
    const auto named = memory.hunt(leads, "discrete-log");
    ASSERT_EQ(named.size(), 1U) << layout;
    EXPECT_EQ(named[0].use, KeyUse::signing);
  }
}

struct DsaNumbers {
  BigNumber p, q, g, y, x;
  explicit DsaNumbers(EVP_PKEY* key)
      : p(big_number(key, OSSL_PKEY_PARAM_FFC_P, 128)),
        q(big_number(key, OSSL_PKEY_PARAM_FFC_Q, 32)),
        g(big_number(key, OSSL_PKEY_PARAM_FFC_G, 128)),
        y(big_number(key, OSSL_PKEY_PARAM_PUB_KEY, 128)),
        x(big_number(key, OSSL_PKEY_PARAM_PRIV_KEY, 32)) {}

 private:
  static BigNumber big_number(EVP_PKEY* key, const char* name, std::size_t size) {
    return BigNumber::from_big_endian(number_of(key, name, size));
  }
};

BigNumber product(const BigNumber& a, const BigNumber& b, const BigNumber& modulus) {
  const BigContext context;
  return BigNumber::remainder(BigNumber::product(a, b, context), modulus, context);
}

BigNumber inverse_of(const BigNumber& a, const BigNumber& prime) {
  return BigNumber::power(a, BigNumber::minus(prime, 2), prime, BigContext{});
}

struct Signed {
  BigNumber digest{}, s{}, u1{}, u2{}, t1{}, t2{};  // what is checked, and what checking it computes
};

// A signature by the key, checked: FIPS 186-4 sections 4.6 and 4.7.
Signed checked_signature(EVP_PKEY* key) {
  const BigContext context;
  const DsaNumbers numbers(key);
  const auto& [p, q, g, y, x] = numbers;
  const auto times = [&](const BigNumber& a, const BigNumber& b) { return product(a, b, q); };
  const auto inverse = [&](const BigNumber& a) { return inverse_of(a, q); };
  for (;;) {
    Signed made{.digest = random_odd(256)};
    const BigNumber k = random_odd(254);
    const BigNumber r = BigNumber::remainder(BigNumber::power(g, k, p, context), q, context);
    BigNumber sum = times(x, r);
    EXPECT_EQ(BN_add(sum.get(), sum.get(), made.digest.get()), 1);
    made.s = times(inverse(k), sum);
    const BigNumber w = inverse(made.s);
    made.u1 = times(made.digest, w);
    made.u2 = times(r, w);
    made.t1 = BigNumber::power(g, made.u1, p, context);
    made.t2 = BigNumber::power(y, made.u2, p, context);
    const auto fits = [](const BigNumber& value, std::size_t size) {
      const auto bytes = value.big_endian(size);
      return (bytes[0] & std::byte{0xf0}) != std::byte{0} && hunt_test::spared({bytes.begin(), bytes.end()});
    };
    if (fits(made.digest, 32) && fits(made.s, 32) && fits(made.u1, 32) && fits(made.u2, 32) &&
        fits(made.t1, 128) && fits(made.t2, 128))
      return made;
  }
}

// u1 with g^u1 and u2 with y^u2 are public, but numbers of the memory cannot say so: they are reported like
// others, whatever else of the check lies beside them.
TEST(DiscreteLogHunter, WhatCheckingASignatureLeavesIsOfUnknownUse) {
  const Key key = spared_dsa_key();
  const Signed left = checked_signature(key.get());
  const auto memory_with = [&](bool signature, bool private_number) {
    Memory memory;
    memory.put_in(words_layout, number_of(key.get(), OSSL_PKEY_PARAM_FFC_Q, 32));
    for (const char* name : {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_G, OSSL_PKEY_PARAM_PUB_KEY})
      memory.put_in(words_layout, number_of(key.get(), name, 128));
    for (const BigNumber* number : {&left.u1, &left.u2, &left.t1, &left.t2})
      memory.put_in(words_layout, number_bytes(*number));
    if (signature) memory.put_in(bytes_layout, number_bytes(left.digest));
    if (signature) memory.put_in(words_layout, number_bytes(left.s));
    if (private_number) memory.put_in(words_layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
    return memory;
  };
  for (const bool signature : {false, true}) {
    const auto found = memory_with(signature, false).hunt({}, "discrete-log");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].use, KeyUse::unknown);
    EXPECT_EQ(memory_with(signature, true).hunt({}, "discrete-log").size(), 3U);
  }
}

// Who knows p, q, g and y, and that memory holds c*x for a c that he knows (Montgomery's form, the negative,
// a step of signing), can make the key look like what checking a signature leaves: r = (y*y2 mod p) mod q for
// a y2 of his own, x2 = r/c, g2 = y2^(1/x2), s = c.
TEST(DiscreteLogHunter, NobodyHidesAKeyBehindNumbersOfHisOwn) {
  const Key key = spared_dsa_key();
  const BigContext context;
  const DsaNumbers numbers(key.get());
  const auto& [p, q, g, y, x] = numbers;
  const BigNumber montgomery = BigNumber::power(BigNumber(2), BigNumber(256), q, context);
  for (const BigNumber& c : {BigNumber(1), montgomery, inverse_of(montgomery, q), BigNumber::minus(q, 1)}) {
    const BigNumber known = product(x, c, q), y2 = BigNumber::power(g, random_odd(250), p, context);
    const BigNumber r = BigNumber::remainder(product(y, y2, p), q, context);
    const BigNumber x2 = product(r, inverse_of(c, q), q);
    const BigNumber g2 = BigNumber::power(y2, inverse_of(x2, q), p, context);
    Memory memory;
    for (const BigNumber* small : {&q, &x, &known, &r, &x2, &c})
      memory.put_in(limbs_layout, number_bytes(*small));
    for (const BigNumber* large : {&p, &g, &y, &g2, &y2}) memory.put_in(limbs_layout, number_bytes(*large));
    const auto found = memory.hunt({}, "discrete-log");
    EXPECT_TRUE(std::ranges::any_of(
        found,
        [&](const Finding& finding) { return finding.public_key_sha256 == public_of(key.get()).sha256; }))
        << "of " << found.size();
  }
}

TEST(DiscreteLogHunter, AnRsaKeyOfTheSameNumberHidesNoGroup) {
  const Key key = spared_dsa_key();
  Memory memory;
  memory.put_in(limbs_layout, number_of(key.get(), OSSL_PKEY_PARAM_FFC_Q, 32));
  memory.put_in(limbs_layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
  for (const char* name : {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_G, OSSL_PKEY_PARAM_PUB_KEY})
    memory.put_in(limbs_layout, number_of(key.get(), name, 128));
  LeadSet leads;
  const std::array exponent{std::byte{1}, std::byte{0}, std::byte{1}};
  ASSERT_TRUE(leads.add(*rsa_public_key(number_of(key.get(), OSSL_PKEY_PARAM_FFC_P, 128), exponent),
                        KeyOrigin::spki));
  EXPECT_EQ(memory.hunt(leads, "discrete-log").size(), 1U);
}

// p - 1 is a multiple of q, and neither has a small factor: what somebody writes into a dump.
std::pair<BigNumber, BigNumber> seeming_group() {
  const BigContext context;
  for (;;) {
    const BigNumber q = random_odd(256);
    BigNumber k = random_odd(768);
    EXPECT_EQ(BN_lshift1(k.get(), k.get()), 1);
    BigNumber p = BigNumber::product(q, k, context);
    EXPECT_EQ(BN_add_word(p.get(), 1), 1);
    const auto fits = [](const BigNumber& number, std::size_t bits) {
      const auto limbs = limbs_of(number.big_endian(), bits / 64);
      return number.bits() == bits && hunt_test::spared(number_bytes(number)) &&
             without_small_factor(limbs) && without_factor_up_to_503(limbs);
    };
    if (fits(p, 1024) && fits(q, 256)) return {p, q};
  }
}

TEST(DiscreteLogHunter, SaysWhenADumpHoldsMoreGroupsThanItTries) {
  for (const auto& [groups, left_out] : {std::pair(3U, false), std::pair(20U, true)}) {
    Memory memory;
    for (unsigned i = 0; i < groups; ++i) {
      const auto [p, q] = seeming_group();
      memory.put_in(limbs_layout, number_bytes(p));
      memory.put_in(limbs_layout, number_bytes(q));
    }
    const RunStore runs = memory.runs();
    HuntUnit unit(runs);
    EXPECT_TRUE(bare_dsa_keys_near(unit).empty());
    EXPECT_EQ(unit.has_left_out(), left_out);
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

// A key as an encoding may claim it.
PublicKey claimed_dsa(const BigNumber& p, const BigNumber& q, const BigNumber& g, const BigNumber& y) {
  const auto integer = [](const BigNumber& number) { return der_integer(number.big_endian()); };
  const auto identifier =
      der_element(der::sequence, {der_oid("\x2a\x86\x48\xce\x38\x04\x01"),
                                  der_element(der::sequence, {integer(p), integer(q), integer(g)})});
  const auto key = parse_spki(der_element(der::sequence, {identifier, der_bit_string(integer(y))}));
  EXPECT_TRUE(key.has_value());
  return key.value_or(PublicKey{});
}

// Of p - 1 any odd number is the exponent that gives p - 1.
TEST(DiscreteLogHunter, NothingIsProvenByAGeneratorOfFewNumbers) {
  const BigNumber p = random_odd(1024), q = random_odd(256), minus_one = BigNumber::minus(p, 1);
  LeadSet leads;
  ASSERT_TRUE(leads.add(claimed_dsa(p, q, minus_one, minus_one), KeyOrigin::spki));
  Memory memory;
  for (int i = 0; i < 20; ++i) memory.put_in(limbs_layout, number_bytes(random_odd(256)));
  EXPECT_TRUE(memory.hunt(leads, "discrete-log").empty());
}

// What many groups and many numbers would cost is bounded, and what is left out is said.
TEST(DiscreteLogHunter, SaysWhatItLeavesOutOfAHostileDump) {
  LeadSet leads;
  hunt_test::Bytes least(
      32);  // 2^255 + 1: numbers that begin and end with ones are above it, and cost little
  least.front() = std::byte{0x80};
  least.back() = std::byte{0x01};
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(leads.add(
        claimed_dsa(random_odd(8192), BigNumber::from_big_endian(least), BigNumber(2), random_odd(1000)),
        KeyOrigin::spki));
  Memory memory;
  for (int i = 0; i < 600; ++i) {
    auto number = number_bytes(random_odd(256));
    number.front() = number.back() = std::byte{0xff};
    memory.put_in(limbs_layout, number);
  }
  const RunStore runs = memory.runs();
  HuntUnit unit(runs);
  EXPECT_FALSE(unit.has_left_out());
  std::vector<Finding> findings;
  for (const Hunter* hunter : all_hunters())
    if (hunter->name() == "discrete-log") hunter->prepare(leads)->examine(unit, findings);
  EXPECT_TRUE(unit.has_left_out());
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
