// The fast multiplication agrees with OpenSSL on every curve it accepts.

#include "scanner/hunt/fixed_base.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include <random>

#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

std::vector<std::uint64_t> by_openssl(const std::string& curve, std::span<const std::uint64_t> scalar,
                                      std::size_t limbs) {
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
      EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve.c_str())), &EC_GROUP_free);
  const std::unique_ptr<EC_POINT, decltype(&EC_POINT_free)> point(EC_POINT_new(group.get()), &EC_POINT_free);
  const auto bytes = big_endian_bytes<std::vector<std::byte>>(scalar);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> d(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()),
                nullptr),
      &BN_free);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> x(BN_new(), &BN_free);
  EXPECT_EQ(EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr), 1);
  EXPECT_EQ(EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), nullptr, nullptr), 1);
  std::vector<std::byte> out(static_cast<std::size_t>(BN_num_bytes(x.get())));
  BN_bn2bin(x.get(), reinterpret_cast<unsigned char*>(out.data()));
  return limbs_of(out, limbs);
}

class FixedBaseOfCurve : public testing::TestWithParam<const char*> {};

TEST_P(FixedBaseOfCurve, AgreesWithOpenssl) {
  const std::string curve = GetParam();
  const auto base = FixedBase::make(curve);
  ASSERT_NE(base, nullptr);
  const std::size_t size = base->limbs();
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> scalars;
  for (std::size_t k = 0; k < 70; ++k)
    for (std::size_t i = 0; i < size; ++i)
      scalars.push_back(i + 1 == size ? random() % (base->order().back())
                        : k < 3       ? (i == 0 ? k + 1 : 0)
                                      : random());
  for (std::size_t k = 0; k < 3; ++k) scalars[k * size + size - 1] = 0;  // 1, 2, 3: the small cases
  std::vector<std::uint64_t> x(scalars.size());
  base->multiples_x(scalars, x);
  for (std::size_t k = 0; k < 70; ++k) {
    const auto scalar = std::span<const std::uint64_t>(scalars).subspan(k * size, size);
    const std::vector<std::uint64_t> got(x.begin() + static_cast<std::ptrdiff_t>(k * size),
                                         x.begin() + static_cast<std::ptrdiff_t>((k + 1) * size));
    EXPECT_EQ(got, by_openssl(curve, scalar, size)) << curve << " scalar " << k;
  }
}

INSTANTIATE_TEST_SUITE_P(Curves, FixedBaseOfCurve,
                         testing::Values("prime256v1", "secp384r1", "secp521r1", "secp256k1",
                                         "brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1",
                                         "brainpoolP512r1", "SM2"));

TEST(FixedBase, RefusesWhatItCannotDo) {
  EXPECT_EQ(FixedBase::make("no-such-curve"), nullptr);
  EXPECT_EQ(FixedBase::make("sect283k1"), nullptr);
  EXPECT_EQ(FixedBase::make("secp192k1"), nullptr);
}

TEST(FixedBase, ZeroGivesZero) {
  const auto base = FixedBase::make("prime256v1");
  const std::vector<std::uint64_t> zero(4);
  std::vector<std::uint64_t> x(4, 1);
  base->multiples_x(zero, x);
  EXPECT_EQ(x, zero);
}

}  // namespace
}  // namespace dumpgate
