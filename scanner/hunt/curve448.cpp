#include "scanner/hunt/curve448.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/hunt/carry.h"
#include "scanner/hunt/curve_parameters.h"
#include "scanner/hunt/fixed_base.h"
#include "scanner/hunt/limbs.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::size_t limbs = 7;
using Scalars = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;

// p = 2^448 - 2^224 - 1 and A/3 = 156326/3 modulo p.
constexpr Number<limbs> prime{~0ULL, ~0ULL, ~0ULL, 0xfffffffeffffffffULL, ~0ULL, ~0ULL, ~0ULL};
constexpr Number<limbs> a_third{0xcb8cULL,
                                0,
                                0,
                                0xaaaaaaaa00000000ULL,
                                0xaaaaaaaaaaaaaaaaULL,
                                0xaaaaaaaaaaaaaaaaULL,
                                0xaaaaaaaaaaaaaaaaULL};

// a - b, and whether that was below zero.
bool subtract(std::span<std::uint64_t> a, std::span<const std::uint64_t> b) {
  unsigned char borrow = 0;
  for (std::size_t i = 0; i < limbs; ++i) borrow = subtract_borrow(borrow, a[i], b[i]);
  return borrow != 0;
}

void add_prime(std::span<std::uint64_t> a) {
  unsigned char carry = 0;
  for (std::size_t i = 0; i < limbs; ++i) carry = add_carry(carry, a[i], prime[i]);
}

// The order is a quarter of 2^448, so this takes four subtractions at the most.
void reduce(std::span<std::uint64_t> scalar, std::span<const std::uint64_t> order) {
  while (!std::ranges::lexicographical_compare(scalar.rbegin(), scalar.rend(), order.rbegin(), order.rend()))
    (void)subtract(scalar, order);
}

BigNumber big(const Number<limbs>& number) {
  return BigNumber::from_little_endian_limbs(std::as_bytes(std::span(number)));
}

}  // namespace

void clamp448(Bytes56& scalar) {
  scalar.front() &= std::byte{0xfc};
  scalar.back() |= std::byte{0x80};
}

Bytes56 scalar_of_seed448(std::span<const std::byte, 57> seed) {
  struct Free {
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  static const std::unique_ptr<EVP_MD, Free> shake(EVP_MD_fetch(crypto_library(), "SHAKE256", nullptr));
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  Bytes56 scalar{};
  // The first bytes of an extendable output do not depend on how many are asked for.
  const bool done =
      shake && context && EVP_DigestInit_ex2(context.get(), shake.get(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), seed.data(), seed.size()) == 1 &&
      EVP_DigestFinalXOF(context.get(), reinterpret_cast<unsigned char*>(scalar.data()), scalar.size()) == 1;
  if (context) EVP_MD_CTX_reset(context.get());  // it held the seed
  if (!done) throw std::bad_alloc();
  clamp448(scalar);
  return scalar;
}

// x^2 = (y^2 - 1)/(d*y^2 - 1) with d = -39081, and u = y^2/x^2.
std::optional<Bytes56> u_of_ed448(std::span<const std::byte, 57> point) {
  const BigContext context;
  const BigNumber p = big(prime);
  const auto y = BigNumber::from_little_endian_limbs(point.first(56));
  const auto times = [&](const BigNumber& a, const BigNumber& b) {
    return BigNumber::remainder(BigNumber::product(a, b, context), p, context);
  };
  const BigNumber yy = times(y, y);
  if (!(y < p) || yy.zero() || yy.one()) return std::nullopt;
  // u = y^2*(39081*y^2 + 1)/(1 - y^2); the inverse by Fermat.
  BigNumber above = times(yy, BigNumber(39081));
  BigNumber below = p;
  if (BN_add_word(above.get(), 1) != 1 || BN_sub(below.get(), below.get(), yy.get()) != 1 ||
      BN_add_word(below.get(), 1) != 1)
    throw std::bad_alloc();
  const BigNumber inverse = BigNumber::power(below, BigNumber::minus(p, 2), p, context);
  const SecretBytes u = times(times(yy, above), inverse).big_endian(sizeof(Bytes56));
  Bytes56 result{};
  std::ranges::copy(u.rbegin(), u.rend(), result.begin());
  return result;
}

void multiples448(std::span<const Bytes56> scalars, std::span<Bytes56> u) {
  const FixedBase* const base = FixedBase::of(std::string(curve448_name), scalars.size());
  if (base == nullptr) throw std::bad_alloc();
  Scalars numbers(scalars.size() * limbs);
  std::memcpy(numbers.data(), scalars.data(), scalars.size_bytes());
  std::vector<std::uint64_t> x(numbers.size());
  for (std::size_t at = 0; at < numbers.size(); at += limbs)
    reduce(std::span(numbers).subspan(at, limbs), base->order());
  base->multiples_x(numbers, x);
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    const auto one = std::span(x).subspan(i * limbs, limbs);
    const bool infinite = std::ranges::all_of(one, [](std::uint64_t limb) { return limb == 0; });
    if (!infinite && subtract(one, a_third)) add_prime(one);
    std::memcpy(u[i].data(), one.data(), sizeof(Bytes56));
  }
}

}  // namespace dumpgate
