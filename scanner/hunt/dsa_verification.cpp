#include "scanner/hunt/dsa_verification.h"

#include <algorithm>
#include <vector>

namespace dumpgate {
namespace {

constexpr std::size_t least_digest = 16;   // bytes: what can be looked up
constexpr unsigned most_doublings = 1024;  // R^4 of 256 bits

// A number as bytes in either order, or as 32-bit words of a little-endian machine, the most significant
// first (Java).
bool lies_in(const BigNumber& number, const WordIndex& words) {
  SecretBytes bytes = number.big_endian(std::size_t{(number.bits() + 31) / 32} * 4);
  if (bytes.size() < least_digest) return false;
  if (words.find(bytes)) return true;
  for (std::size_t at = 0; at < bytes.size(); at += 4)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + 4));
  if (words.find(bytes)) return true;
  const SecretBytes straight = number.big_endian();
  return words.find(SecretBytes(straight.rbegin(), straight.rend())).has_value();
}

}  // namespace

bool is_verification(const DiscreteLogNumbers& one, const DiscreteLogNumbers& other, const WordIndex& words) {
  if (!(*one.p == *other.p) || !(*one.q == *other.q) || *one.g == *other.g) return false;
  const BigContext context;
  const BigNumber& q = *one.q;
  const auto times = [&](const BigNumber& a, const BigNumber& b, const BigNumber& modulus) {
    return BigNumber::remainder(BigNumber::product(a, b, context), modulus, context);
  };
  const BigNumber r = BigNumber::remainder(times(*one.y, *other.y, *one.p), q, context);
  const BigNumber inverse = BigNumber::power(*other.x, BigNumber::minus(q, 2), q, context);  // q is prime
  const BigNumber ratio = times(*one.x, inverse, q);
  const BigNumber s = times(r, inverse, q);  // u2 = r/s
  if (!lies_in(s, words)) return false;
  // The ratios that two private numbers of a memory may have: the same number twice, its negative, and what
  // Montgomery arithmetic keeps of it (times R, a power of two).
  const BigNumber back = BigNumber::power(ratio, BigNumber::minus(q, 2), q, context);
  if (ratio.is_power_of_two(q, most_doublings) || back.is_power_of_two(q, most_doublings)) return false;
  BigNumber z = times(ratio, r, q);
  if (lies_in(z, words)) return true;
  if (BN_add(z.get(), z.get(), q.get()) != 1) throw std::bad_alloc();  // a digest may be above q
  return z.bits() <= q.bits() && lies_in(z, words);
}

}  // namespace dumpgate
