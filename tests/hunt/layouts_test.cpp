// Each layout of a number is found by each relation: a layout is another order of the same bits, and nothing
// more.

#include "scanner/hunt/layouts.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "scanner/hunt/factor_join.h"
#include "scanner/proof/bignum.h"
#include "tests/hunt/memory.h"

namespace dumpgate {
namespace {

using hunt_test::Bytes;
using hunt_test::Memory;
using hunt_test::number_of;
using hunt_test::public_of;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Keys whose numbers the filters spare.
Key rsa_key(unsigned bits, std::string_view layout = limbs_layout) {
  for (;;) {
    Key key(EVP_RSA_gen(bits), &EVP_PKEY_free);
    bool spared = true;
    for (const char* name : {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_D})
      spared = spared && hunt_test::spared(number_of(key.get(), name, bits / 8)) &&
               hunt_test::spared_in(layout, number_of(key.get(), name, bits / 8));
    for (const char* name : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2})
      spared = spared && hunt_test::spared(number_of(key.get(), name, bits / 16)) &&
               hunt_test::spared_in(layout, number_of(key.get(), name, bits / 16));
    if (spared) return key;
  }
}

Key ec_key(const char* curve, std::string_view layout = limbs_layout) {
  for (;;) {
    Key key(EVP_EC_gen(curve), &EVP_PKEY_free);
    const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key.get()));
    const std::size_t size = bits / 64 * 8;
    const Bytes d = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, (bits + 7) / 8);
    const Bytes x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, d.size());
    const auto spared = [size](const Bytes& number) {
      return hunt_test::spared(Bytes(number.end() - static_cast<std::ptrdiff_t>(size), number.end()));
    };
    // Of nine limbs and a small top the first word may be a plain one, in Java's order (docs/limits.md).
    const bool high = size != 64 || std::to_integer<unsigned>(d.front()) == 1;
    const Bytes java = hunt_test::laid_out(
        words_layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, (bits + 31) / 32 * 4));
    if (spared(d) && spared(x) && high && !hunt_test::has_plain_word(java) && hunt_test::spared_in(layout, d))
      return key;
  }
}

// A P-521 key whose scalar begins with that byte, and none of whose words at any alignment is lost.
Key p521_key(std::byte top) {
  constexpr std::size_t size = 66, words = 7;  // at the least are read in one run
  for (;;) {
    Key key(EVP_EC_gen("secp521r1"), &EVP_PKEY_free);
    const Bytes d = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, size);
    const Bytes x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, size);
    const bool spared = d[0] == top && d[1] != std::byte{0} && hunt_test::spared_at_any_byte(d, words) &&
                        hunt_test::spared_at_any_byte(x, words);
    if (spared) return key;
  }
}

class Layouts : public testing::TestWithParam<std::string_view> {};

TEST_P(Layouts, AFactorIsFoundByItsModulus) {
  const Key key = rsa_key(2048, GetParam());
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  Memory memory;
  memory.junk();
  const auto where = memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, 128));
  memory.junk();
  const auto findings = memory.hunt(leads, "rsa-factor");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].representation, GetParam());
  EXPECT_EQ(findings[0].offset, where);
  EXPECT_EQ(findings[0].relation, "p|n");
}

TEST_P(Layouts, APrivateExponentIsFoundByItsModulus) {
  const Key key = rsa_key(1024, GetParam());
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  Memory memory;
  const auto where = memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_RSA_D, 128));
  (void)memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_RSA_N, 128));
  const auto findings = memory.hunt(leads, "rsa-exponent");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].representation, GetParam());
  EXPECT_EQ(findings[0].offset, where);
  EXPECT_EQ(findings[0].evidence, Evidence::proof);
}

TEST_P(Layouts, FactorsBesideTheirModulusNeedNoCertificate) {
  const Key key = rsa_key(2048, GetParam());
  Memory memory;
  (void)memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_RSA_N, 256));
  memory.junk();
  (void)memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, 128));
  (void)memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, 128));
  FactorJoin join;
  std::vector<Finding> findings;
  std::vector<Lead> leads;
  std::vector<Gap> gaps;
  join.take(factor_candidates(memory.runs()), {findings, leads, gaps});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].representation, GetParam());
  EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
}

TEST_P(Layouts, AScalarIsFoundByItsPoint) {
  for (const char* curve : {"prime256v1", "secp384r1", "secp521r1"}) {
    const Key key = ec_key(curve, GetParam());
    LeadSet leads;
    ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::spki));
    auto size = static_cast<std::size_t>((EVP_PKEY_get_bits(key.get()) + 7) / 8);
    if (GetParam() == limbs_layout) size = (size + 7) / 8 * 8;
    if (GetParam() == words_layout) size = (size + 3) / 4 * 4;
    Memory memory;
    // In 64-bit words a big-endian P-521 number begins within a word: behind a zero byte, as signed encodings
    // have it.
    const Bytes d = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, size);
    if (size == 66 && GetParam() == bytes_layout) {
      Bytes string{std::byte{4}, std::byte{0x42}};
      string.insert(string.end(), d.begin(), d.end());
      (void)memory.put(string, 5);
    } else {
      (void)memory.put_in(GetParam(), d);
    }
    const auto findings = memory.hunt(leads, "ec-scalar");
    ASSERT_EQ(findings.size(), 1U) << curve;
    EXPECT_EQ(findings[0].representation, GetParam());
    EXPECT_EQ(findings[0].use, KeyUse::signing);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Layouts, testing::ValuesIn(all_layouts().begin(), all_layouts().end()),
                         [](const auto& layout) {
                           std::string name(layout.param);
                           std::ranges::replace_if(name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

// A key whose second factor lies in memory at any byte of a word without a loss.
Key rsa_key_at_any_byte() {
  for (;;) {
    Key key = rsa_key(2048);
    if (hunt_test::spared_at_any_byte(number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, 128), 15)) return key;
  }
}

TEST(LayoutReader, ReadsBigEndianNumbersBehindAZeroByteAtAnyByte) {
  const Key key = rsa_key_at_any_byte();
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  for (std::size_t shift = 0; shift < 8; ++shift) {
    Memory memory;
    const auto where = memory.put(number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR2, 128), shift);
    const auto findings = memory.hunt(leads, "rsa-factor");
    ASSERT_EQ(findings.size(), 1U) << shift;
    EXPECT_EQ(findings[0].offset, where);
    EXPECT_EQ(findings[0].length, 128U);
    EXPECT_EQ(findings[0].representation, bytes_layout);
  }
}

TEST(RsaHunters, FindTheComplementOfAFactor) {
  const Key key = rsa_key(2048);
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  Bytes p = number_of(key.get(), OSSL_PKEY_PARAM_RSA_FACTOR1, 128);
  for (std::byte& b : p) b = ~b;
  p.back() |= std::byte{1};  // p is odd, so ~p is even and 2^k - p is one more
  Memory memory;
  (void)memory.put_in(limbs_layout, p);
  const auto findings = memory.hunt(leads, "rsa-factor");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].relation, "2^k-p");
}

TEST(RsaHunters, FindPhi) {
  const Key key = rsa_key(1024);
  LeadSet leads;
  ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
  const auto bn = [&](const char* name, std::size_t size) {
    const Bytes bytes = number_of(key.get(), name, size);
    return BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(size), nullptr);
  };
  BIGNUM* phi = bn(OSSL_PKEY_PARAM_RSA_N, 128);
  for (const char* name : {OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2}) {
    BIGNUM* prime = bn(name, 64);
    BN_sub(phi, phi, prime);
    BN_free(prime);
  }
  BN_add_word(phi, 1);
  Bytes bytes(128);
  BN_bn2binpad(phi, reinterpret_cast<unsigned char*>(bytes.data()), 128);
  BN_free(phi);
  Memory memory;
  (void)memory.put_in(limbs_layout, bytes);
  const auto findings = memory.hunt(leads, "rsa-exponent");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].relation, "2^phi=1 mod n");
}

// The forms in which memory holds the point of a scalar that no encoding names.
TEST(EcHunter, FindsAScalarBesideItsBarePoint) {
  for (const char* curve : {"prime256v1", "secp384r1", "secp521r1", "secp256k1"}) {
    const Key key = ec_key(curve);
    const auto size = static_cast<std::size_t>((EVP_PKEY_get_bits(key.get()) + 7) / 8);
    const Bytes x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, size);
    const Bytes d = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, (size + 7) / 8 * 8);
    Bytes padded((8 - size % 8) % 8);
    padded.insert(padded.end(), x.begin(), x.end());
    Memory limbs;
    (void)limbs.put_in(limbs_layout, d);
    limbs.junk();
    (void)limbs.put_in(limbs_layout, padded);
    Memory encoded;
    Bytes point{std::byte{4}};
    const Bytes y = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size);
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    (void)encoded.put(point, 2);
    (void)encoded.put_in(limbs_layout, d);
    for (const Memory& memory : {limbs, encoded}) {
      const auto findings = memory.hunt({}, "ec-scalar");
      ASSERT_EQ(findings.size(), 1U) << curve;
      EXPECT_EQ(findings[0].use, KeyUse::unknown);
      EXPECT_EQ(findings[0].evidence, Evidence::proof);
      EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
    }
  }
}

// 66 bytes are no whole words, and half of these numbers begin with a zero byte. What is reported is where
// the number can be read: in its own bytes, or in nine words of which the first begins with zeros.
TEST(EcHunter, FindsABigEndianScalarOfP521AtAnyByte) {
  constexpr std::size_t size = 66;
  for (const std::byte top : {std::byte{0}, std::byte{1}}) {
    const Key key = p521_key(top);
    const Bytes d = number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, size);
    Bytes point{std::byte{4}};
    for (const char* name : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y})
      std::ranges::copy(number_of(key.get(), name, size), std::back_inserter(point));
    for (std::size_t shift = 0; shift < 8; ++shift) {
      Memory memory;
      (void)memory.put(d, shift);
      (void)memory.put(point, 1);
      const auto findings = memory.hunt({}, "ec-scalar");
      EXPECT_FALSE(findings.empty()) << shift << ", " << std::to_integer<int>(top);
      for (const Finding& finding : findings) {
        EXPECT_EQ(finding.representation, bytes_layout);
        EXPECT_EQ(finding.public_key_sha256, public_of(key.get()).sha256);
        const auto begin = memory.bytes.begin() + static_cast<std::ptrdiff_t>(finding.offset);
        const Bytes reported(begin, begin + static_cast<std::ptrdiff_t>(finding.length));
        Bytes number(finding.length - size);
        number.insert(number.end(), d.begin(), d.end());
        EXPECT_EQ(reported, number) << shift;
      }
    }
  }
}

// A process that never had a key holds both: R^2 modulo the order, which is R*R as Montgomery arithmetic
// keeps scalars, and R*G in a table of multiples of G.
TEST(EcHunter, TakesNoConstantOfMontgomeryArithmeticForAKey) {
  for (const char* curve : {"prime256v1", "secp384r1", "secp521r1"}) {
    const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
        EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve)), &EC_GROUP_free);
    const std::unique_ptr<EC_POINT, decltype(&EC_POINT_free)> point(EC_POINT_new(group.get()),
                                                                    &EC_POINT_free);
    const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), &BN_CTX_free);
    const BIGNUM* order = EC_GROUP_get0_order(group.get());
    const int size = (EC_GROUP_get_degree(group.get()) + 63) / 64 * 8;
    BigNumber r, kept, x;
    BN_set_bit(r.get(), 8 * size);
    BN_nnmod(r.get(), r.get(), order, context.get());
    const auto limbs = [size](const BigNumber& number) {
      const SecretBytes bytes = number.big_endian(static_cast<std::size_t>(size));
      return hunt_test::reversed(Bytes(bytes.begin(), bytes.end()));
    };
    // What Montgomery arithmetic keeps of d, and the x of d*G.
    const auto findings_with = [&](const BigNumber& d) {
      BN_mod_mul(kept.get(), d.get(), r.get(), order, context.get());
      EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, context.get());
      EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), nullptr, context.get());
      Memory memory;
      (void)memory.put(limbs(kept));
      memory.junk();
      (void)memory.put(limbs(x));
      return memory.hunt({}, "ec-scalar").size();
    };
    BigNumber negative, other = r;
    BN_sub(negative.get(), order, r.get());
    BN_add_word(other.get(), 1);
    EXPECT_EQ(findings_with(r), 0U) << curve;
    EXPECT_EQ(findings_with(negative), 0U) << curve;
    EXPECT_EQ(findings_with(other), 1U) << curve << ": any other number is a key";
  }
}

// Libraries that keep everything in digits (libtomcrypt, BearSSL, big numbers of JavaScript).
class DigitLayouts : public testing::TestWithParam<std::string_view> {};

TEST_P(DigitLayouts, AScalarIsFoundByABarePointInTheSameDigits) {
  for (const char* curve : {"prime256v1", "secp384r1", "secp521r1"}) {
    Key key = ec_key(curve, GetParam());
    const auto bytes = static_cast<std::size_t>((EVP_PKEY_get_bits(key.get()) + 7) / 8);
    Bytes x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, bytes);
    while (!hunt_test::spared_in(GetParam(), x)) {
      key = ec_key(curve, GetParam());
      x = number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, bytes);
    }
    Memory memory;
    (void)memory.put_in(GetParam(), number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, bytes));
    memory.junk();
    (void)memory.put_in(GetParam(), x);
    const auto findings = memory.hunt({}, "ec-scalar");
    ASSERT_EQ(findings.size(), 1U) << curve;
    EXPECT_EQ(findings[0].representation, GetParam());
    EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
    EXPECT_EQ(findings[0].use, KeyUse::unknown);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DigitLayouts, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           names.reserve(digit_layouts.size());
                           for (const DigitLayout& each : digit_layouts) names.push_back(each.name);
                           return names;
                         }()),
                         [](const auto& layout) {
                           std::string name(layout.param);
                           std::ranges::replace_if(name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST(EcHunter, AScalarWithoutItsPointIsNothing) {
  const Key key = ec_key("prime256v1");
  const Key other = ec_key("prime256v1");
  Memory memory;
  (void)memory.put_in(limbs_layout, number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32));
  (void)memory.put_in(limbs_layout, number_of(other.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32));
  EXPECT_TRUE(memory.hunt({}).empty());
}

}  // namespace
}  // namespace dumpgate
