// Scalars on curves that few programs use are found by a point without any label where the curve's constants
// or both coordinates of the point are in the memory too, and are not tried where they are not.

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include <string>

#include "scanner/hunt/curve_numbers.h"
#include "scanner/proof/bignum.h"
#include "tests/hunt/memory.h"

namespace dumpgate {
namespace {

using hunt_test::Bytes;
using hunt_test::Memory;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Group = std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)>;

Group group_of(const std::string& curve) {
  return {EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve.c_str())), &EC_GROUP_free};
}

std::size_t size_of(const std::string& curve) {
  return static_cast<std::size_t>(EC_GROUP_get_degree(group_of(curve).get())) / 8;
}

Bytes big_endian(BigNumber& number, std::size_t size) {
  Bytes bytes(size);
  EXPECT_EQ(
      BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)),
      static_cast<int>(size));
  return bytes;
}

// x*R modulo the field's prime, by OpenSSL.
Bytes times_r(const std::string& curve, const Bytes& x) {
  const BigContext context;
  BigNumber prime;
  BigNumber product = BigNumber::from_big_endian(x);
  EXPECT_EQ(EC_GROUP_get_curve(group_of(curve).get(), prime.get(), nullptr, nullptr, context.get()), 1);
  EXPECT_EQ(BN_lshift(product.get(), product.get(), static_cast<int>((x.size() + 7) / 8 * 64)), 1);
  EXPECT_EQ(BN_nnmod(product.get(), product.get(), prime.get(), context.get()), 1);
  return big_endian(product, x.size());
}

// The generator's x coordinate: all of its words look random, on every curve.
Bytes generator_of(const std::string& curve) {
  const Group group = group_of(curve);
  const BigContext context;
  BigNumber x, y;
  EXPECT_EQ(EC_POINT_get_affine_coordinates(group.get(), EC_GROUP_get0_generator(group.get()), x.get(),
                                            y.get(), context.get()),
            1);
  return big_endian(x, size_of(curve));
}

// A key none of whose numbers the filters would lose.
Key key_on(const std::string& curve) {
  for (;;) {
    Key key(EVP_EC_gen(curve.c_str()), &EVP_PKEY_free);
    const Bytes x = hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, size_of(curve));
    if (hunt_test::spared(hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, size_of(curve))) &&
        hunt_test::spared(x) && hunt_test::spared(times_r(curve, x)))
      return key;
  }
}

// The same, whose y they would not lose either.
Key key_with_spared_y(const std::string& curve) {
  for (;;) {
    Key key = key_on(curve);
    if (hunt_test::spared(hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size_of(curve))))
      return key;
  }
}

class RareCurves : public testing::TestWithParam<std::string> {};

TEST_P(RareCurves, AScalarIsFoundByABarePointWhereTheCurveIsUsed) {
  const std::string curve = GetParam();
  const Key key = key_on(curve);
  const std::size_t size = size_of(curve);
  const Bytes d = hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, size);
  const Bytes x = hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, size);
  const Bytes constant = times_r(curve, generator_of(curve));
  ASSERT_TRUE(hunt_test::spared(constant));
  for (const Bytes& point : {hunt_test::reversed(x), hunt_test::reversed(times_r(curve, x)), x}) {
    Memory memory;
    const std::uint64_t where = memory.put(hunt_test::reversed(d));
    (void)memory.put(point);
    EXPECT_TRUE(memory.hunt({}, "ec").empty());  // nothing tells which curve
    (void)memory.put(hunt_test::reversed(constant));
    const auto findings = memory.hunt({}, "ec");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].offset, where);
    EXPECT_EQ(findings[0].relation, "d*G=Q");
    EXPECT_EQ(findings[0].use, KeyUse::unknown);
    EXPECT_EQ(findings[0].curve, curve);
    EXPECT_EQ(findings[0].public_key_sha256, hunt_test::public_of(key.get()).sha256);
  }
}

// mbedTLS keeps each number in a chunk of its own and the curve's constants in its read-only data; others
// keep a point's coordinates in one array.
TEST_P(RareCurves, BothCoordinatesNameTheCurve) {
  const std::string curve = GetParam();
  const Key key = key_with_spared_y(curve);
  const std::size_t size = size_of(curve);
  const auto limbs = [&](const char* name) {
    return hunt_test::reversed(hunt_test::number_of(key.get(), name, size));
  };
  const Bytes d = limbs(OSSL_PKEY_PARAM_PRIV_KEY), x = limbs(OSSL_PKEY_PARAM_EC_PUB_X),
              y = limbs(OSSL_PKEY_PARAM_EC_PUB_Y);
  Bytes array = x;
  array.insert(array.end(), y.begin(), y.end());
  Bytes near_y = y;
  near_y.front() ^= std::byte{1};
  const std::vector<std::vector<Bytes>> named{{x, y}, {y, x}, {array}}, unnamed{{x}, {x, near_y}, {x, d, y}};
  for (const auto* layouts : {&named, &unnamed})
    for (const auto& numbers : *layouts) {
      Memory memory;
      const std::uint64_t where = memory.put(d);
      memory.junk();
      for (const Bytes& number : numbers) (void)memory.put(number);
      const auto findings = memory.hunt({}, "ec");
      ASSERT_EQ(findings.size(), layouts == &named ? 1U : 0U);
      if (findings.empty()) continue;
      EXPECT_EQ(findings[0].offset, where);
      EXPECT_EQ(findings[0].curve, curve);
      EXPECT_EQ(findings[0].public_key_sha256, hunt_test::public_of(key.get()).sha256);
    }
}

TEST_P(RareCurves, AnotherPointIsNothing) {
  const std::string curve = GetParam();
  const Key key = key_on(curve), other = key_on(curve);
  const std::size_t size = size_of(curve);
  Memory memory;
  (void)memory.put(hunt_test::reversed(hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, size)));
  (void)memory.put(hunt_test::reversed(hunt_test::number_of(other.get(), OSSL_PKEY_PARAM_EC_PUB_X, size)));
  (void)memory.put(hunt_test::reversed(generator_of(curve)));
  EXPECT_TRUE(memory.hunt({}, "ec").empty());
}

// What software has in its heap: the prime and of the generator x, or x*R. Not what each process has that
// loads OpenSSL's library.
TEST_P(RareCurves, ConstantsAreTheCurvesOwn) {
  const std::string curve = GetParam();
  const auto constants = curve_constants(curve);
  const auto holds = [&](const Bytes& bytes) {
    return std::ranges::find(constants, bytes) != constants.end();
  };
  const Group group = group_of(curve);
  const BigContext context;
  BigNumber prime;
  ASSERT_EQ(EC_GROUP_get_curve(group.get(), prime.get(), nullptr, nullptr, context.get()), 1);
  for (const Bytes& bytes : {big_endian(prime, size_of(curve)), generator_of(curve)}) {
    EXPECT_TRUE(holds(hunt_test::reversed(bytes)));
    EXPECT_TRUE(holds(hunt_test::laid_out("words32-be-order", bytes)));
    EXPECT_TRUE(holds(hunt_test::laid_out("digits-60/64", bytes)));
    EXPECT_FALSE(holds(bytes));
  }
  EXPECT_TRUE(holds(hunt_test::reversed(times_r(curve, generator_of(curve)))));
  EXPECT_TRUE(curve_constants("no such curve").empty());
}

INSTANTIATE_TEST_SUITE_P(All, RareCurves,
                         testing::Values("brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1",
                                         "brainpoolP512r1", "SM2"));

}  // namespace
}  // namespace dumpgate
