// The fast multiplication agrees with OpenSSL on every curve it accepts.

#include "scanner/hunt/fixed_base.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include <array>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <tuple>

#include "scanner/hunt/limbs.h"
#include "tests/support/effort.h"

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

using Table = FixedBase::Table;

class FixedBaseOfCurve : public testing::TestWithParam<std::tuple<const char*, Table>> {
 protected:
  const std::string curve = std::get<0>(GetParam());
  const std::unique_ptr<FixedBase> base = FixedBase::make(curve, std::get<1>(GetParam()));
};

TEST_P(FixedBaseOfCurve, AgreesWithOpenssl) {
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

using Limbs = std::vector<std::uint64_t>;

// order - amount.
Limbs below_order(const FixedBase& base, const Limbs& amount) {
  Limbs result(base.order().begin(), base.order().end());
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const DoubleLimb difference = DoubleLimb{result[i]} - amount[i] - borrow;
    result[i] = low_limb(difference);
    borrow = high_limb(difference) & 1U;
  }
  return result;
}

// order - 2*(order mod 2^bits): a doubling for methods that add low to high windows. This one adds them in
// another order and meets none (counted); doublings and infinity are tested by affine_curve_test.cpp.
Limbs doubling_at(const FixedBase& base, std::size_t bits) {
  Limbs twice(base.limbs());
  for (std::size_t bit = 0; bit < bits; ++bit)
    twice[(bit + 1) / 64] |= ((base.order()[bit / 64] >> (bit % 64)) & 1U) << ((bit + 1) % 64);
  return below_order(base, twice);
}

Limbs power_of_two(std::size_t limbs, std::size_t bit) {
  Limbs power(limbs);
  power[bit / 64] = std::uint64_t{1} << (bit % 64);
  return power;
}

TEST_P(FixedBaseOfCurve, RareScalarsAgreeWithOpenssl) {
  ASSERT_NE(base, nullptr);
  const std::size_t size = base->limbs();
  std::vector<Limbs> all{below_order(*base, power_of_two(size, 0)),
                         below_order(*base, power_of_two(size, 1))};
  for (int equal = 0; equal < 3; ++equal) all.push_back(power_of_two(size, 1));
  const std::size_t bits = static_cast<std::size_t>(BN_num_bits_word(base->order().back())) + 64 * (size - 1);
  for (std::size_t bit = 0; bit + 2 < bits;
       bit += bit % 10 == 0 || bit % 11 == 0 || bit % 12 == 0 ? 1U : 3U) {
    all.push_back(power_of_two(size, bit));               // all digits but one or two are zero
    if (bit > 0) all.push_back(doubling_at(*base, bit));  // at 0 it is the order itself
  }
  Limbs scalars;
  for (const Limbs& scalar : all) scalars.insert(scalars.end(), scalar.begin(), scalar.end());
  Limbs x(scalars.size());
  base->multiples_x(scalars, x);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const Limbs got(x.begin() + static_cast<std::ptrdiff_t>(k * size),
                    x.begin() + static_cast<std::ptrdiff_t>((k + 1) * size));
    EXPECT_EQ(got, by_openssl(curve, all[k], size)) << curve << " scalar " << k;
  }
}

// A scalar's multiple does not depend on what shares its batch.
TEST_P(FixedBaseOfCurve, BatchesOfAnySizeAgree) {
  ASSERT_NE(base, nullptr);
  const std::size_t size = base->limbs();
  std::mt19937_64 random(8);
  Limbs scalars(effort(1000, 260) * size);
  for (std::size_t i = 0; i < scalars.size(); ++i)
    scalars[i] = i % size + 1 == size ? random() % base->order().back() : i / size % 50 == 0 ? 0 : random();
  Limbs x(scalars.size());
  base->multiples_x(scalars, x);
  for (const std::size_t count : {0UL, 1UL, 63UL, 64UL, 65UL, 255UL, 256UL, 257UL}) {
    Limbs some(count * size);
    base->multiples_x(std::span(scalars).last(count * size), some);
    EXPECT_TRUE(std::ranges::equal(some, std::span(x).last(count * size))) << count;
  }
}

constexpr std::array curves{"prime256v1",      "brainpoolP320r1", "secp384r1",
                            "brainpoolP512r1", "secp521r1",       "secp256k1",
                            "brainpoolP256r1", "brainpoolP384r1", "SM2"};

// A large table takes a sanitizer seconds to make; the first six curves are one for each arithmetic.
INSTANTIATE_TEST_SUITE_P(LargeTables, FixedBaseOfCurve,
                         testing::Combine(testing::ValuesIn(std::span(curves).first(effort(9, 1))),
                                          testing::Values(Table::large)));
INSTANTIATE_TEST_SUITE_P(SmallTables, FixedBaseOfCurve,
                         testing::Combine(testing::ValuesIn(std::span(curves).first(6)),
                                          testing::Values(Table::small)));

TEST(FixedBase, OfIsOneTableUntilManyScalarsAreWanted) {
  const FixedBase* first = FixedBase::of("brainpoolP512r1", 1);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(FixedBase::of("brainpoolP512r1", 1), first);
  const FixedBase* many = FixedBase::of("brainpoolP512r1", 1'000'000);
  EXPECT_NE(many, first);
  EXPECT_EQ(FixedBase::of("brainpoolP512r1", 1), many);
}

TEST(FixedBase, RefusesWhatItCannotDo) {
  EXPECT_EQ(FixedBase::make("no-such-curve", Table::small), nullptr);
  EXPECT_EQ(FixedBase::make("sect283k1", Table::small), nullptr);
  EXPECT_EQ(FixedBase::make("secp192k1", Table::small), nullptr);
}

TEST(FixedBase, ZeroGivesZero) {
  const auto base = FixedBase::make("prime256v1", Table::large);
  const std::vector<std::uint64_t> zero(4);
  std::vector<std::uint64_t> x(4, 1);
  base->multiples_x(zero, x);
  EXPECT_EQ(x, zero);
}

}  // namespace
}  // namespace dumpgate
