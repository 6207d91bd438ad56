// Which relations between the numbers of an RSA key prove it, and which sets of numbers prove nothing.

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <array>
#include <memory>

#include "scanner/proof/relations.h"
#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

BigNumber number_of(const test::Key& key, const char* name) {
  BIGNUM* raw = nullptr;
  test::require(EVP_PKEY_get_bn_param(key.get(), name, &raw) == 1, name);
  const std::unique_ptr<BIGNUM, decltype(&BN_clear_free)> owner(raw, BN_clear_free);
  test::Bytes bytes(static_cast<std::size_t>(BN_num_bytes(raw)));
  BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
  return BigNumber::from_big_endian(bytes);
}

RsaNumbers numbers_of(const test::Key& key) {
  RsaNumbers numbers;
  numbers.n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  numbers.e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  numbers.d = number_of(key, OSSL_PKEY_PARAM_RSA_D);
  numbers.p = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  numbers.q = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  numbers.dp = number_of(key, OSSL_PKEY_PARAM_RSA_EXPONENT1);
  numbers.dq = number_of(key, OSSL_PKEY_PARAM_RSA_EXPONENT2);
  numbers.qinv = number_of(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
  return numbers;
}

BigNumber junk(unsigned bits, std::uint64_t seed) {
  auto bytes = test::noise(bits / 8, seed * 77 + 1);
  bytes.front() |= std::byte{0x80};
  bytes.back() |= std::byte{1};
  return BigNumber::from_big_endian(bytes);
}

// d as the older standards take it: modulo (p - 1)(q - 1).
BigNumber larger_exponent(const RsaNumbers& key) {
  const BigContext context;
  const auto phi = BigNumber::product(BigNumber::minus(*key.p, 1), BigNumber::minus(*key.q, 1), context);
  BigNumber d;
  test::require(BN_mod_inverse(d.get(), key.e->get(), phi.get(), context.get()) != nullptr, "inverse");
  return d;
}

TEST(RsaRelation, TheExponentsAloneProveAKey) {
  for (const unsigned bits : {512U, 1024U, 2048U, 3072U}) {
    for (int round = 0; round < 4; ++round) {
      const auto key = test::make_rsa(bits);
      const RsaNumbers whole = numbers_of(key);
      for (const auto& d : {*whole.d, larger_exponent(whole)}) {
        RsaNumbers bare;
        bare.n = whole.n;
        bare.e = whole.e;
        bare.d = d;
        const Outcome outcome = relate_rsa(bare);
        EXPECT_EQ(outcome.relation, "e*d=1 mod lcm(p-1,q-1)");
        EXPECT_TRUE(outcome.derived);
        ASSERT_TRUE(outcome.key);
        EXPECT_EQ(outcome.key->sha256, test::name_of(key));
      }
    }
  }
}

TEST(RsaRelation, ExponentsOfAnotherModulusProveNothing) {
  RsaNumbers numbers = numbers_of(test::make_rsa(1024));
  RsaNumbers bare;
  bare.n = number_of(test::make_rsa(1024), OSSL_PKEY_PARAM_RSA_N);
  bare.e = numbers.e;
  bare.d = numbers.d;
  if (!(*bare.d < *bare.n)) bare.d = BigNumber::minus(*bare.n, 2);
  EXPECT_FALSE(relate_rsa(bare).proven);
  // 2^521 - 1 is prime: 2^(e*d) = 2 holds there for each d that is right modulo 521.
  const BigContext context;
  BigNumber prime(1);
  test::require(BN_lshift(prime.get(), prime.get(), 521) == 1, "shift");
  bare.n = BigNumber::minus(prime, 1);
  BigNumber d;
  const BigNumber order(521);
  test::require(BN_mod_inverse(d.get(), bare.e->get(), order.get(), context.get()) != nullptr, "inverse");
  const auto large = BigNumber::product(BigNumber(521), junk(256, 3), context);
  test::require(BN_add(d.get(), d.get(), large.get()) == 1, "add");
  if (!d.odd()) test::require(BN_add_word(d.get(), 521) == 1, "add");
  bare.d = d;
  EXPECT_FALSE(relate_rsa(bare).proven);
}

// Each of these would take seconds if anything were raised to a power of its size.
TEST(RsaRelation, ForgedKeysOfTheLargestSizesProveNothingAndCostLittle) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RsaNumbers forged;
    forged.n = junk(16384, seed);
    forged.e = junk(64, seed + 100);
    forged.d = seed % 2 == 0 ? BigNumber::minus(*forged.n, 2 * seed) : junk(16376, seed + 200);
    EXPECT_FALSE(relate_rsa(forged).proven);
  }
}

TEST(RsaRelation, AProductOfAnyTwoNumbersIsNoKey) {
  const BigContext context;
  RsaNumbers forged;
  forged.p = junk(512, 1);
  forged.q = junk(512, 2);
  forged.n = BigNumber::product(*forged.p, *forged.q, context);
  forged.e = BigNumber(65537);
  forged.d = junk(1024, 3);
  forged.dp = junk(512, 4);
  forged.dq = junk(512, 5);
  forged.qinv = junk(504, 6);
  for (const bool has_even_exponents : {false, true}) {
    if (has_even_exponents) forged.d = forged.dp = forged.dq = BigNumber::minus(junk(504, 7), 1);
    const Outcome outcome = relate_rsa(forged);
    EXPECT_FALSE(outcome.proven);
    EXPECT_FALSE(outcome.refuted) << "the factors of a modulus stay a finding";
    EXPECT_TRUE(outcome.doubtful);
    EXPECT_FALSE(outcome.derived) << "nothing may be exempted by this name";
  }
}

TEST(RsaRelation, OneMoreRelationIsEnough) {
  const auto key = test::make_rsa(1024);
  const RsaNumbers whole = numbers_of(key);
  const std::array damaged{&RsaNumbers::d, &RsaNumbers::dp, &RsaNumbers::dq, &RsaNumbers::qinv};
  for (const auto kept : damaged) {
    RsaNumbers numbers = whole;
    for (const auto each : damaged)
      if (each != kept) numbers.*each = junk(512, 9);
    EXPECT_EQ(relate_rsa(numbers).relation, "n=p*q");
    EXPECT_EQ(relate_rsa(numbers).key->sha256, test::name_of(key));
  }
  RsaNumbers without = whole;  // left out, as programs may: nothing contradicts the factors
  for (const auto each : damaged) (without.*each).reset();
  EXPECT_EQ(relate_rsa(without).relation, "n=p*q");
}

}  // namespace
}  // namespace dumpgate
