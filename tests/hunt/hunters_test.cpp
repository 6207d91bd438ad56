// Keys laid out as bare limbs are found by their relation to a public number, wherever a heap may put them.

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "scanner/hunt/factor_join.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/rsa_targets.h"
#include "scanner/proof/bignum.h"
#include "tests/hunt/memory.h"
#include "tests/support/effort.h"

namespace dumpgate {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

using Heap = hunt_test::Memory;
using hunt_test::public_of;

std::vector<std::byte> limbs_in_memory(EVP_PKEY* key, const char* name, std::size_t bytes) {
  return hunt_test::reversed(hunt_test::number_of(key, name, bytes));
}

std::vector<std::byte> in_memory(const BigNumber& number, std::size_t size) {
  const auto bytes = number.big_endian(size);
  return {bytes.rbegin(), bytes.rend()};
}

// The number as memory holds it; what the filters spare does not depend on the order of its bytes.
bool spared(const std::vector<std::byte>& number) { return hunt_test::spared(hunt_test::reversed(number)); }

Key common_rsa_key(unsigned bits) {
  for (;;) {
    Key key(EVP_RSA_gen(bits), &EVP_PKEY_free);
    if (spared(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_N, bits / 8)) &&
        spared(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, bits / 16)) &&
        spared(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, bits / 16)))
      return key;
  }
}

Key common_ec_key(const char* curve) {
  for (;;) {
    Key key(EVP_EC_gen(curve), &EVP_PKEY_free);
    const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key.get()));
    auto scalar = limbs_in_memory(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, (bits + 63) / 64 * 8);
    scalar.resize(bits / 64 * 8);  // the top limb of P-521 is a plain word on purpose
    if (spared(scalar)) return key;
  }
}

class RsaSizes : public testing::TestWithParam<unsigned> {};

TEST_P(RsaSizes, EitherFactorAloneIsFoundByAKnownModulus) {
  const Key key = common_rsa_key(GetParam());
  const std::size_t bytes = GetParam() / 16;
  LeadSet leads;
  const PublicKey known = public_of(key.get());
  ASSERT_TRUE(leads.add(known, KeyOrigin::certificate));
  for (const char* factor : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2}) {
    Heap heap;
    heap.junk();
    const std::uint64_t where = heap.put(limbs_in_memory(key.get(), factor, bytes));
    heap.junk();
    const auto findings = heap.hunt(leads);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].offset, where);
    EXPECT_EQ(findings[0].length, bytes);
    EXPECT_EQ(findings[0].relation, "p|n");
    EXPECT_EQ(findings[0].evidence, Evidence::proof);
    EXPECT_EQ(findings[0].use, KeyUse::signing);
    EXPECT_EQ(findings[0].public_key_sha256, known.sha256);
  }
}

TEST_P(RsaSizes, FactorsBesideTheirModulusNeedNoCertificate) {
  const Key key = common_rsa_key(GetParam());
  const std::size_t bytes = GetParam() / 16;
  Heap heap;
  (void)heap.put(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, bytes));
  heap.junk();
  (void)heap.put(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_N, 2 * bytes));
  heap.junk();
  (void)heap.put(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, bytes));
  FactorJoin join;
  std::vector<Finding> findings;
  std::vector<Lead> leads;
  std::vector<Gap> gaps;
  join.take(factor_candidates(heap.runs()), {findings, leads, gaps});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].relation, "n=p*q");
  EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
  ASSERT_FALSE(leads.empty());
  EXPECT_EQ(leads[0].key.sha256, findings[0].public_key_sha256);
}

INSTANTIATE_TEST_SUITE_P(Bits, RsaSizes, testing::Values(512U, 1024U, 1536U, 2048U, 3072U));

struct Numbers {
  std::vector<std::byte> p{}, q{}, n{};  // as limbs
};

// Numbers of an RSA-2048 key whose modulus has `word` in the middle of its upper half: q is the first prime
// from such a modulus by p on.
Numbers with_a_word_in_the_modulus(std::uint64_t word) {
  const BigContext context;
  for (;;) {
    BigNumber p, n, q;
    EXPECT_EQ(BN_generate_prime_ex2(p.get(), 1024, 0, nullptr, nullptr, nullptr, context.get()), 1);
    EXPECT_EQ(BN_rand(n.get(), 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
    auto limbs = in_memory(n, 256);
    std::memcpy(limbs.data() + std::size_t{8} * 24, &word, sizeof word);
    n = BigNumber::from_little_endian_limbs(limbs);
    EXPECT_EQ(BN_div(q.get(), nullptr, n.get(), p.get(), context.get()), 1);
    EXPECT_EQ(BN_set_bit(q.get(), 0), 1);
    while (BN_check_prime(q.get(), context.get(), nullptr) == 0) EXPECT_EQ(BN_add_word(q.get(), 2), 1);
    Numbers key{.p = in_memory(p, 128),
                .q = in_memory(q, 128),
                .n = in_memory(BigNumber::product(p, q, context), 256)};
    const std::span whole(key.n);
    const auto part = [&](std::size_t at, std::size_t size) {
      const auto words = whole.subspan(8 * at, 8 * size);
      return std::vector<std::byte>(words.begin(), words.end());
    };
    if (key.q.size() == 128 && key.n.back() >= std::byte{0x80} && spared(key.p) && spared(key.q) &&
        spared(part(0, 24)) && spared(part(25, 7)))
      return key;
  }
}

// A word like a small number's or a pointer's, of which one modulus of 4,096 bits in 460 has one.
TEST(Hunters, AWordThatIsPlainByChanceHidesNoModulus) {
  for (const std::uint64_t word : {0x0000a17b2c3d4e5fU, 0xffff12903c5d7e9fU, 0x17002c0000a4b3c2U}) {
    const Numbers key = with_a_word_in_the_modulus(word);
    Heap heap;
    for (const auto* number : {&key.p, &key.n, &key.q}) (void)heap.put(*number);
    FactorJoin join;
    std::vector<Finding> findings;
    std::vector<Lead> leads;
    std::vector<Gap> gaps;
    join.take(factor_candidates(heap.runs()), {findings, leads, gaps});
    EXPECT_EQ(findings.size(), 2U) << std::hex << word;
  }
}

// Whether the key, whose factors have so many limbs, is one of those that are not tried one by one.
bool is_looked_for_together(const LeadSet& leads, const Key& key, std::size_t limbs) {
  const auto targets = rsa_targets(leads);
  return std::ranges::any_of(targets.at(limbs).together, [&](const KnownKey* known) {
    return known->key.sha256 == public_of(key.get()).sha256;
  });
}

// Many protected keys are looked for by pairs of numbers: those of a key are paired whatever comes first.
TEST(Hunters, ManyNumbersBeforeAKeyDoNotHideItAmongManyKeys) {
  Key key = common_rsa_key(1024);
  // Keys are taken by their names: ours is of the later half, so that some hundred others come first.
  while (public_of(key.get()).sha256 < "8") key = common_rsa_key(1024);
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::protect, "ours"));
  const std::array exponent{std::byte{1}, std::byte{0}, std::byte{1}};
  // Without a small factor, as whatever may be a prime.
  const auto random_number = [](int bits) {
    BigNumber number;
    do {
      EXPECT_EQ(BN_rand(number.get(), bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
    } while (!without_small_factor(limbs_of(number.big_endian(), static_cast<std::size_t>(bits) / 64)));
    const SecretBytes bytes = number.big_endian();
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  while (!is_looked_for_together(leads, key, 8))
    ASSERT_TRUE(leads.add(*rsa_public_key(random_number(1024), exponent), KeyOrigin::protect, "other"));
  Heap heap;
  heap.bytes.resize(3'000'000);
  const unsigned numbers = effort(12'000, 600);
  for (unsigned i = 0; i < numbers; ++i) (void)heap.put(random_number(512));
  for (const char* factor : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2})
    (void)heap.put(limbs_in_memory(key.get(), factor, 64));
  ASSERT_GT(factor_candidates(heap.runs()).size(), numbers * 3 / 4);
  EXPECT_FALSE(heap.hunt(leads, "rsa-factor").empty());
}

// A dump full of moduli of all sizes bounds its own cost, and takes no protected key's place.
TEST(RsaTargets, ADumpOfManyModuliLeavesProtectedKeysTheirPlace) {
  LeadSet leads;
  const std::array exponent{std::byte{3}};
  const auto add = [&](std::size_t bytes, KeyOrigin origin) {
    BigNumber n;
    ASSERT_EQ(BN_rand(n.get(), static_cast<int>(8 * bytes), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    ASSERT_TRUE(leads.add(*rsa_public_key(n.big_endian(), exponent), origin));
  };
  for (std::size_t bytes = 64; bytes < 64 + 16 * 100; bytes += 16)
    for (int i = 0; i < 50; ++i) add(bytes, KeyOrigin::spki);
  for (int i = 0; i < 10; ++i) add(1024, KeyOrigin::protect);
  std::size_t seen = 0, alone = 0, together = 0;
  for (const auto& [limbs, targets] : rsa_targets(leads)) {
    for (const KnownKey* known : targets.one_by_one) ++(known->seen ? seen : alone);
    together += targets.together.size();
  }
  EXPECT_EQ(seen, RsaTargets::seen_in_all);
  EXPECT_EQ(alone, 10U);
  EXPECT_EQ(together, 5000 - RsaTargets::seen_in_all);
}

// So of a size that no key that software makes by itself has.
TEST(Hunters, AKeyOfAnUnusualSizeIsFoundAmongManyKeys) {
  Key key = common_rsa_key(1280);
  while (public_of(key.get()).sha256 < "8") key = Key(EVP_RSA_gen(1280), &EVP_PKEY_free);
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::protect, "ours"));
  const std::array exponent{std::byte{1}, std::byte{0}, std::byte{1}};
  while (!is_looked_for_together(leads, key, 10)) {
    BigNumber n;
    ASSERT_EQ(BN_rand(n.get(), 1280, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
    ASSERT_TRUE(leads.add(*rsa_public_key(n.big_endian(), exponent), KeyOrigin::protect, "other"));
  }
  Heap heap;
  heap.junk();
  for (const char* factor : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2})
    (void)heap.put(limbs_in_memory(key.get(), factor, 80));
  const auto findings = heap.hunt(leads, "rsa-factor");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
}

// Numbers with one low limb agree in it with every product of two of them.
TEST(FactorJoin, NumbersMadeToAgreeAreAGapAndNoStandstill) {
  std::vector<FactorCandidate> candidates(2 * FactorJoin::kept);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].offset = 64 * i;
    candidates[i].layout = limbs_layout;
    candidates[i].limbs.assign(i % 2 == 0 ? 4 : 8, ~0ULL);
    candidates[i].limbs.front() = 1;
  }
  FactorJoin join({.compared = 100'000});
  std::vector<Finding> findings;
  std::vector<Lead> leads;
  std::vector<Gap> gaps;
  join.take(candidates, {findings, leads, gaps});
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, GapReason::limit);
  join.forget();
  join.take(candidates, {findings, leads, gaps});
  EXPECT_EQ(gaps.size(), 1U) << "said once";
}

TEST(FactorJoin, FactorsWithoutTheirModulusAreNothing) {
  const Key key(EVP_RSA_gen(1024), &EVP_PKEY_free);
  const Key other(EVP_RSA_gen(1024), &EVP_PKEY_free);
  Heap heap;
  (void)heap.put(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, 64));
  (void)heap.put(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, 64));
  (void)heap.put(limbs_in_memory(other.get(), OSSL_PKEY_PARAM_RSA_N, 128));
  FactorJoin join;
  std::vector<Finding> findings;
  std::vector<Lead> leads;
  std::vector<Gap> gaps;
  join.take(factor_candidates(heap.runs()), {findings, leads, gaps});
  EXPECT_TRUE(findings.empty());
}

// Signing by the Chinese remainder theorem multiplies q by a number h that is no prime.
TEST(FactorJoin, AProductOfOtherNumbersIsNoKey) {
  const Key key = common_rsa_key(2048);
  const auto q = limbs_in_memory(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, 128);
  const BigContext context;
  const auto number_q = BigNumber::from_little_endian_limbs(q);
  unsigned candidates = 0;
  for (int i = 0; i < 200 && candidates < 5; ++i) {
    BigNumber h;
    ASSERT_EQ(BN_rand(h.get(), 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
    if (BN_check_prime(h.get(), context.get(), nullptr) == 1) continue;
    Heap heap;
    (void)heap.put(q);
    (void)heap.put(in_memory(h, 128));
    (void)heap.put(in_memory(BigNumber::product(h, number_q, context), 256));
    auto found = factor_candidates(heap.runs());
    if (found.size() >= 3) ++candidates;  // h has no small factor
    FactorJoin join;
    std::vector<Finding> findings;
    std::vector<Lead> leads;
    std::vector<Gap> gaps;
    join.take(std::move(found), {findings, leads, gaps});
    EXPECT_TRUE(findings.empty());
    EXPECT_TRUE(leads.empty());
  }
  EXPECT_EQ(candidates, 5U);
}

FactorCandidate candidate_of(const BigNumber& number, std::size_t limbs, std::uint64_t offset) {
  const auto words = limbs_of(number.big_endian(), limbs);
  return {
      .offset = offset, .length = 8 * limbs, .layout = limbs_layout, .limbs = {words.begin(), words.end()}};
}

// p and q are both known from products with other primes when their own product comes.
TEST(FactorJoin, FactorsOfOtherModuliDoNotHideTheirOwn) {
  const BigContext context;
  std::array<BigNumber, 4> primes;
  for (BigNumber& prime : primes)
    ASSERT_EQ(BN_generate_prime_ex(prime.get(), 512, 0, nullptr, nullptr, nullptr), 1);
  const auto& [p, q, h1, h2] = primes;
  const auto product = [&](const BigNumber& a, const BigNumber& b) {
    return BigNumber::product(a, b, context);
  };
  std::vector<FactorCandidate> candidates;
  for (const BigNumber* factor : {&h1, &p})
    candidates.push_back(candidate_of(*factor, 8, 100 * candidates.size()));
  candidates.push_back(candidate_of(product(h1, p), 16, 1000));
  for (const BigNumber* factor : {&h2, &q})
    candidates.push_back(candidate_of(*factor, 8, 2000 + 100 * candidates.size()));
  candidates.push_back(candidate_of(product(h2, q), 16, 3000));
  candidates.push_back(candidate_of(product(p, q), 16, 4000));
  FactorJoin join;
  std::vector<Finding> findings;
  std::vector<Lead> leads;
  std::vector<Gap> gaps;
  join.take(candidates, {findings, leads, gaps});
  EXPECT_EQ(leads.size(), 3U);
  EXPECT_EQ(findings.size(), 6U);
  const SecretBytes n = product(p, q).big_endian();
  EXPECT_EQ(std::ranges::count_if(leads, [&](const Lead& lead) { return std::ranges::equal(lead.key.n, n); }),
            1);
  const std::size_t told = findings.size();
  join.take(candidates, {findings, leads, gaps});
  EXPECT_EQ(findings.size(), told + 4) << "each copy of a factor once, not once a product";
  EXPECT_TRUE(gaps.empty());
}

TEST(FactorJoin, ACompositeIsTestedOnceAndTestsEnd) {
  const BigContext context;
  BigNumber p, q;
  for (BigNumber* number : {&p, &q}) {
    do ASSERT_EQ(BN_rand(number->get(), 512, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
    while (BN_check_prime(number->get(), context.get(), nullptr) == 1);
  }
  const BigNumber n = BigNumber::product(p, q, context);
  std::vector<FactorCandidate> copies;
  for (std::uint64_t i = 0; i < 20; ++i)
    for (const auto& [number, limbs] : {std::pair(static_cast<const BigNumber*>(&p), 8),
                                        std::pair(static_cast<const BigNumber*>(&q), 8), std::pair(&n, 16)})
      copies.push_back(candidate_of(*number, static_cast<std::size_t>(limbs), 400 * i));
  // A test of one of them is within the limit, one of both is not.
  for (const auto& [tested, gap] :
       {std::pair(std::uint64_t{1} << 20U, 0U), std::pair(std::uint64_t{1}, 1U)}) {
    FactorJoin join({.tested = tested});
    std::vector<Finding> findings;
    std::vector<Lead> leads;
    std::vector<Gap> gaps;
    join.take(copies, {findings, leads, gaps});
    EXPECT_TRUE(findings.empty());
    EXPECT_EQ(gaps.size(), gap);
  }
}

TEST(FactorJoin, NumbersOfOneKeyLieApartAsFarAsANurseryIsLong) {
  const Key key = common_rsa_key(2048);
  const auto candidates_at = [&key](const char* name, std::size_t bytes, std::uint64_t where) {
    Heap heap;
    (void)heap.put(limbs_in_memory(key.get(), name, bytes));
    std::vector<FactorCandidate> candidates = factor_candidates(heap.runs());
    for (FactorCandidate& candidate : candidates) candidate.offset += where;
    return candidates;
  };
  for (const auto& [distance, found] : {std::pair{3ULL << 20U, true}, std::pair{5ULL << 20U, false}}) {
    FactorJoin join;
    std::vector<Finding> findings;
    std::vector<Lead> leads;
    std::vector<Gap> gaps;
    join.take(candidates_at(OSSL_PKEY_PARAM_RSA_FACTOR1, 128, 0), {findings, leads, gaps});
    join.take(candidates_at(OSSL_PKEY_PARAM_RSA_N, 256, 4096), {findings, leads, gaps});
    join.take(candidates_at(OSSL_PKEY_PARAM_RSA_FACTOR2, 128, distance), {findings, leads, gaps});
    EXPECT_EQ(!findings.empty(), found) << distance;
  }
}

class Curves : public testing::TestWithParam<const char*> {};

TEST_P(Curves, AScalarIsFoundByItsPoint) {
  const Key key = common_ec_key(GetParam());
  const PublicKey known = public_of(key.get());
  LeadSet leads;
  ASSERT_TRUE(leads.add(known, KeyOrigin::spki));
  const Key stranger(EVP_EC_gen(GetParam()), &EVP_PKEY_free);
  ASSERT_TRUE(leads.add(public_of(stranger.get()), KeyOrigin::spki));
  Heap heap;
  heap.junk();
  const std::uint64_t where =
      heap.put(limbs_in_memory(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, (known.bits + 63) / 64 * 8));
  heap.junk();
  const auto findings = heap.hunt(leads);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].offset, where);
  EXPECT_EQ(findings[0].relation, "d*G=Q");
  EXPECT_EQ(findings[0].public_key_sha256, known.sha256);
}

INSTANTIATE_TEST_SUITE_P(Known, Curves,
                         testing::Values("prime256v1", "secp384r1", "secp521r1", "secp256k1",
                                         "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"));

TEST(Hunters, FindNothingInPureNoise) {
  const Key rsa(EVP_RSA_gen(1024), &EVP_PKEY_free);
  const Key ec(EVP_EC_gen("prime256v1"), &EVP_PKEY_free);
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(rsa.get()), KeyOrigin::spki));
  ASSERT_TRUE(leads.add(public_of(ec.get()), KeyOrigin::spki));
  Heap heap;
  while (heap.at < effort(60'000, 6'000)) heap.junk();
  EXPECT_TRUE(heap.hunt(leads).empty());
}

}  // namespace
}  // namespace dumpgate
