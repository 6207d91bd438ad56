// The sieve agrees with division by each prime, and keeps what it should of random numbers.

#include "scanner/hunt/prime_sieve.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "scanner/hunt/limbs.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

bool by_division(const std::vector<std::uint64_t>& limbs) {
  const auto number = BigNumber::from_big_endian(big_endian_bytes<std::vector<std::byte>>(limbs));
  for (std::uint64_t n = 59; n <= 503; n += 2) {
    bool prime = true;
    for (std::uint64_t d = 3; d * d <= n; d += 2) prime = prime && n % d != 0;
    if (prime && BN_mod_word(number.get(), n) == 0) return false;
  }
  return true;
}

TEST(PrimeSieve, AgreesWithDivision) {
  std::mt19937_64 random(7);
  int passed = 0;
  constexpr int tried = 4000;
  for (int i = 0; i < tried; ++i) {
    std::vector<std::uint64_t> limbs(1 + static_cast<std::size_t>(i) % 33);
    for (std::uint64_t& limb : limbs) limb = random() % 9 == 0 ? ~std::uint64_t{0} : random();
    const bool sieved = without_factor_up_to_503(limbs);
    ASSERT_EQ(sieved, by_division(limbs)) << i;
    passed += sieved ? 1 : 0;
  }
  // The product of 1 - 1/p is 0.657; five times the standard deviation is 0.038.
  EXPECT_NEAR(static_cast<double>(passed) / tried, 0.657, 0.038);
}

TEST(PrimeSieve, KnowsItsOwnPrimes) {
  EXPECT_FALSE(without_factor_up_to_503(std::vector<std::uint64_t>{59}));
  EXPECT_FALSE(without_factor_up_to_503(std::vector<std::uint64_t>{0, 503}));
  EXPECT_TRUE(without_factor_up_to_503(std::vector<std::uint64_t>{53}));
  EXPECT_TRUE(without_factor_up_to_503(std::vector<std::uint64_t>{509}));
}

}  // namespace
}  // namespace dumpgate
