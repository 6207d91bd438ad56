// Filters on limbs agree with plain arithmetic by OpenSSL.

#include "scanner/hunt/limbs.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <memory>
#include <random>

namespace dumpgate {
namespace {

using ClearedBn = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;

ClearedBn make() { return {BN_new(), &BN_clear_free}; }

std::vector<std::uint64_t> limbs_from(const BIGNUM* number, std::size_t count) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return limbs_of(bytes, count);
}

TEST(Limbs, InverseTimesNumberIsOne) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t odd = random() | 1U;
    EXPECT_EQ(odd * inverse_limb(odd), 1U);
  }
}

TEST(Limbs, BigEndianBytesAndBack) {
  const std::vector<std::uint64_t> limbs{0x0123456789abcdefU, 0x1U, 0xfedcba9876543210U};
  const auto bytes = big_endian_bytes<std::vector<std::byte>>(limbs);
  EXPECT_EQ(bytes.front(), std::byte{0xfe});
  EXPECT_EQ(limbs_of(bytes), limbs);
}

// may_divide says yes for every true factor, and no for every other odd number of the same size that was
// tried.
TEST(Limbs, MayDivideKnowsFactors) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), &BN_CTX_free);
  for (const std::size_t m : {4U, 8U, 16U, 32U}) {
    const ClearedBn p = make(), q = make(), n = make();
    const int bits = static_cast<int>(m * 64);
    for (int round = 0; round < 20; ++round) {
      ASSERT_EQ(BN_rand(p.get(), bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
      ASSERT_EQ(BN_rand(q.get(), bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD), 1);
      ASSERT_EQ(BN_mul(n.get(), p.get(), q.get(), context.get()), 1);
      std::vector<std::uint64_t> scratch(2 * m);
      auto factor = limbs_from(p.get(), m);
      const auto product = limbs_from(n.get(), 2 * m);
      EXPECT_TRUE(may_divide(factor, product, inverse_limb(factor[0]), scratch));
      factor[m / 2] ^= 1U;
      EXPECT_FALSE(may_divide(factor, product, inverse_limb(factor[0]), scratch));
      factor[m / 2] ^= 1U;
      factor[0] ^= 2U;
      EXPECT_FALSE(may_divide(factor, product, inverse_limb(factor[0]), scratch));
    }
  }
}

}  // namespace
}  // namespace dumpgate
