// A product that shares a prime with a key names nobody; a key of its own, however near, keeps its name.

#include "scanner/hunt/byproducts.h"

#include <gtest/gtest.h>

#include <array>

#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

BigNumber fresh_prime(int bits) {
  BigNumber prime;
  EXPECT_EQ(BN_generate_prime_ex(prime.get(), bits, 0, nullptr, nullptr, nullptr), 1);
  return prime;
}

PublicKey key_of_factors(const BigNumber& p, const BigNumber& q) {
  const BigContext context;
  return *rsa_public_key(BigNumber::product(p, q, context).big_endian(),
                         std::array{std::byte{1}, std::byte{0}, std::byte{1}});
}

TEST(Byproducts, AreProductsThatShareAPrimeWithAKey) {
  const BigNumber p = fresh_prime(512), q = fresh_prime(512), h = fresh_prime(512);
  const PublicKey key = key_of_factors(p, q), shared = key_of_factors(h, q),
                  apart = key_of_factors(fresh_prime(512), fresh_prime(512));
  const std::array products{&shared, &apart};
  const std::array keys{&key};
  EXPECT_EQ(byproducts(products, keys), std::set{shared.sha256});
  EXPECT_TRUE(byproducts({}, keys).empty());
  EXPECT_TRUE(byproducts(std::array{&shared}, {}).empty());
}

// Nothing but arithmetic speaks for either: nobody can tell which is the key.
TEST(Byproducts, AreBothOfTwoProductsThatShareAPrime) {
  const BigNumber p = fresh_prime(512), q = fresh_prime(512), h = fresh_prime(512);
  const PublicKey one = key_of_factors(p, q), other = key_of_factors(h, q),
                  apart = key_of_factors(fresh_prime(512), fresh_prime(512));
  EXPECT_EQ(byproducts(std::array{&one, &other}, {}), (std::set{one.sha256, other.sha256}));
  EXPECT_EQ(byproducts(std::array{&one, &apart}, {}), std::set<std::string>{});
}

// The name of a bare modulus is formed with an assumed exponent: another name of the same modulus says
// nothing.
TEST(Byproducts, AKeyIsNoneOfItself) {
  const BigNumber p = fresh_prime(512), q = fresh_prime(512);
  const PublicKey key = key_of_factors(p, q);
  const PublicKey renamed = *rsa_public_key(key.n, std::array{std::byte{17}});
  EXPECT_TRUE(byproducts(std::array{&key}, std::array{&renamed}).empty());
}

TEST(Byproducts, AreSoughtAmongModuliOfTheirSize) {
  const BigNumber p = fresh_prime(512), q = fresh_prime(512), h = fresh_prime(768);
  const PublicKey key = key_of_factors(p, q), longer = key_of_factors(h, q);
  EXPECT_TRUE(byproducts(std::array{&longer}, std::array{&key}).empty());
}

}  // namespace
}  // namespace dumpgate
