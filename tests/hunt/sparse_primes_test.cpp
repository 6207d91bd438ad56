// The reductions of the usual primes: the same products as OpenSSL's arithmetic gives, for numbers with the
// long runs of zeros and ones at which carries go wrong.

#include "scanner/hunt/sparse_primes.h"

#include <gtest/gtest.h>

#include <random>

#include "scanner/hunt/field.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

template <std::size_t N>
BigNumber big(const Number<N>& number) {
  return BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(number));
}

template <typename Prime>
class SparsePrimes : public testing::Test {
 public:
  static constexpr std::size_t limbs = Prime::prime.size();

  Number<limbs> below_prime() {
    Number<limbs> number{};
    do {
      for (std::uint64_t& limb : number) limb = some_limb();
      if (limbs == 9) number[8] &= Prime::prime[8];
    } while (!(big(number) < big(Prime::prime)));
    return number;
  }

 private:
  std::uint64_t some_limb() {
    switch (random_() % 6) {
      case 0:
        return 0;
      case 1:
        return ~std::uint64_t{0};
      case 2:
        return random_() << 32U;
      case 3:
        return random_() >> 32U;
      default:
        return random_();
    }
  }

  std::mt19937_64 random_{1};
};

using Primes = testing::Types<PrimeP256, PrimeK256, PrimeP384, PrimeP521>;
TYPED_TEST_SUITE(SparsePrimes, Primes);

TYPED_TEST(SparsePrimes, IsAPrime) {
  EXPECT_EQ(BN_check_prime(big(TypeParam::prime).get(), BigContext().get(), nullptr), 1);
}

TYPED_TEST(SparsePrimes, AProductIsThatOfOpenSSL) {
  constexpr std::size_t n = TestFixture::limbs;
  const Field<n, TypeParam> field(TypeParam::prime);
  const BigNumber prime = big(TypeParam::prime);
  const BigContext context;
  BigNumber r(1);
  ASSERT_EQ(BN_mod_lshift(r.get(), r.get(), 64 * n, prime.get(), context.get()), 1);
  const Number<n> zero{}, one{1};
  Number<n> last = TypeParam::prime;
  --last[0];
  for (int i = 0; i < 20'000; ++i) {
    const Number<n> a = i == 0 ? zero : i < 3 ? last : this->below_prime();
    const Number<n> b = i == 1 ? one : i < 3 ? last : this->below_prime();
    BigNumber expected, times_r;
    ASSERT_EQ(BN_mod_mul(expected.get(), big(a).get(), big(b).get(), prime.get(), context.get()), 1);
    const Number<n> product = field.mul(a, b);
    ASSERT_EQ(BN_mod_mul(times_r.get(), big(product).get(), r.get(), prime.get(), context.get()), 1);
    ASSERT_TRUE(times_r == expected) << "product " << i;
    ASSERT_TRUE(big(product) < prime) << "product " << i;
  }
}

}  // namespace
}  // namespace dumpgate
