// The sieve of small primes is exact: it says of every number what a division by each prime says.

#include "scanner/detect/random_words.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace dumpgate {
namespace {

__extension__ using DoubleLimb = unsigned __int128;

bool without_small_factor_by_division(const std::vector<std::uint64_t>& limbs) {
  for (const std::uint64_t prime : {3U, 5U, 7U, 11U, 13U, 17U, 19U, 23U, 29U, 31U, 37U, 41U, 43U, 47U, 53U}) {
    DoubleLimb rest = 0;
    for (std::size_t i = limbs.size(); i-- > 0;) rest = ((rest << 64U) | limbs[i]) % prime;
    if (rest == 0) return false;
  }
  return true;
}

TEST(WithoutSmallFactor, IsWhatDivisionsSay) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {1U, 4U, 6U, 15U, 16U, 17U, 64U, 128U, 512U})
    for (int round = 0; round < 2000; ++round) {
      std::vector<std::uint64_t> limbs(size);
      for (std::uint64_t& limb : limbs) limb = random();
      limbs.front() |= 1U;
      ASSERT_EQ(without_small_factor(limbs), without_small_factor_by_division(limbs)) << size;
    }
}

TEST(WithoutSmallFactor, HoldsForLimbsWhoseSumsCarry) {
  for (const std::size_t size : {1U, 2U, 3U, 15U, 16U, 31U, 512U})
    for (const std::uint64_t limb : {~std::uint64_t{0}, ~std::uint64_t{0} - 1, std::uint64_t{1} << 63U})
      for (const std::uint64_t low : {1U, 3U, 57U, 59U, 61U}) {
        std::vector<std::uint64_t> limbs(size, limb);
        limbs.front() = low;
        EXPECT_EQ(without_small_factor(limbs), without_small_factor_by_division(limbs)) << size << ' ' << low;
      }
}

}  // namespace
}  // namespace dumpgate
