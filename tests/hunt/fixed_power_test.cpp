// A power by the table is the one by OpenSSL's exponentiation.

#include "scanner/hunt/fixed_power.h"

#include <gtest/gtest.h>

#include <random>

#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

SecretBytes random_bytes(std::mt19937_64& random, std::size_t size) {
  SecretBytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xffU);
  return bytes;
}

TEST(FixedPower, EqualsModularExponentiation) {
  std::mt19937_64 random(1);
  const BigContext context;
  for (const std::size_t size : {1U, 8U, 31U, 128U, 256U}) {
    SecretBytes modulus = random_bytes(random, size);
    modulus.front() |= std::byte{0x80};
    modulus.back() |= std::byte{1};
    const auto p = BigNumber::from_big_endian(modulus);
    for (const std::size_t exponent_size : {1U, 20U, 32U}) {
      BigNumber g;
      ASSERT_EQ(BN_nnmod(g.get(), BigNumber::from_big_endian(random_bytes(random, size)).get(), p.get(),
                         context.get()),
                1);
      FixedPower::Scratch scratch;
      for (int i = 0; i < 5; ++i) {
        SecretBytes exponent = random_bytes(random, exponent_size);
        if (i == 0) std::ranges::fill(exponent, std::byte{0});
        if (i == 1) std::ranges::fill(exponent, std::byte{0xff});
        const auto x = BigNumber::from_little_endian_limbs(exponent);
        BigNumber y;
        ASSERT_EQ(BN_mod_exp(y.get(), g.get(), x.get(), p.get(), context.get()), 1);
        EXPECT_EQ(FixedPower(g.big_endian(), modulus, exponent_size).power(exponent, scratch), y.big_endian())
            << size << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace dumpgate
