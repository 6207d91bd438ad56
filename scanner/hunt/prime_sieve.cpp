// Divisibility does not ask for the rest itself: the number times R^-L modulo a product of primes, which
// takes a Montgomery step a limb instead of a division, is a multiple of each prime that divides the number,
// and of no other (Montgomery, "Modular multiplication without trial division", 1985).

#include "scanner/hunt/prime_sieve.h"

#include <algorithm>
#include <vector>

#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

constexpr std::uint64_t first_prime = 59, last_prime = 503;

// Some primes next to each other, whose product fits a limb.
struct PrimeGroup {
  std::uint64_t product = 1;
  std::uint64_t inverse = 1;  // -1/product modulo 2^64
  std::vector<std::uint64_t> primes{};
};

bool is_prime(std::uint64_t n) {
  for (std::uint64_t d = 3; d * d <= n; d += 2)
    if (n % d == 0) return false;
  return true;
}

const std::vector<PrimeGroup>& prime_groups() {
  static const std::vector<PrimeGroup> groups = [] {
    std::vector<PrimeGroup> made(1);
    for (std::uint64_t n = first_prime; n <= last_prime; n += 2) {
      if (!is_prime(n)) continue;
      if (high_limb(DoubleLimb{made.back().product} * n) != 0) made.emplace_back();
      made.back().product *= n;
      made.back().primes.push_back(n);
    }
    for (PrimeGroup& group : made) group.inverse = 0 - inverse_limb(group.product);
    return made;
  }();
  return groups;
}

bool divides_any(const PrimeGroup& group, std::span<const std::uint64_t> limbs) {
  std::uint64_t rest = 0;  // at most the product
  for (const std::uint64_t limb : limbs) {
    const DoubleLimb sum = DoubleLimb{limb} + rest;
    const std::uint64_t multiple = low_limb(sum) * group.inverse;
    rest = high_limb(DoubleLimb{multiple} * group.product + low_limb(sum)) + high_limb(sum);
  }
  return std::ranges::any_of(group.primes, [rest](std::uint64_t prime) { return rest % prime == 0; });
}

}  // namespace

bool without_factor_up_to_503(std::span<const std::uint64_t> limbs) {
  return std::ranges::none_of(prime_groups(),
                              [&](const PrimeGroup& group) { return divides_any(group, limbs); });
}

}  // namespace dumpgate
