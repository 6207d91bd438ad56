#include "scanner/detect/random_words.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace dumpgate {
namespace {

__extension__ using DoubleLimb = unsigned __int128;

// How much more often a byte value occurs in code than in random data: four times the binary logarithm, from
// -8 to 16. Measured on 906,821 windows of 32 bytes of Debian's shared libraries (1 GiB) that pass all other
// tests; the sum over a window is a likelihood ratio, so no other test on single bytes tells code from random
// data better. It lets 9 % of those windows pass.
constexpr std::array<std::int8_t, 256> code_weight{
    11, 10, 4,  5,  7,  3,  1,  1,  7,  4,  -2, -4, 2,  -2, 0,  12, 5,  -1, -5, -5, 0,  -4, -6, -6, 1,  -6,
    -6, -8, -2, -4, -7, 0,  3,  -1, -7, -8, 2,  -7, -8, -8, -1, 0,  -7, -7, -3, -8, 0,  -6, 0,  6,  -7, -5,
    -3, -5, -8, -8, -1, 7,  -5, -4, -1, -5, -8, -3, 4,  10, 0,  0,  4,  6,  -1, 0,  13, 10, -3, -4, 6,  5,
    -2, -3, -2, -7, -8, -4, -2, -4, -4, -5, -3, -7, -8, 0,  -1, 0,  -2, -2, -6, -5, -5, -1, -5, -5, 9,  -8,
    -7, -6, -8, -8, -3, -6, -3, -3, -3, -8, -1, -1, 5,  7,  -2, -2, -4, -7, -8, -7, -4, -4, -2, -3, 2,  -1,
    -8, 10, 1,  1,  -6, -8, -2, 11, -8, 9,  -7, 7,  -8, -8, -1, -8, -8, -8, -4, -7, -8, -8, -8, -8, -8, -8,
    -8, -8, -8, -8, -8, -8, -8, -8, -8, -8, -8, -8, -7, -8, -8, -8, -8, -8, -8, -7, -6, -8, -8, -8, -8, -8,
    3,  0,  -4, -5, -6, -8, -8, -8, -6, -6, 4,  10, 2,  4,  2,  1,  2,  2,  1,  1,  -1, -7, -6, -7, -3, -5,
    0,  0,  1,  -3, -8, -8, -4, -5, -3, -5, -6, -3, -8, -8, -6, -3, 2,  0,  1,  -4, -3, -5, -1, -2, 4,  2,
    -2, 5,  -4, -2, -4, -2, 0,  -3, -1, 2,  -8, -7, 4,  2,  1,  -1, 0,  -5, -4, 0,  4,  9};
constexpr double code_weight_mean = -2.660156;  // of a random byte
constexpr double code_weight_deviation = 5.016938;

// Bounds for a number of `bytes` random bytes: mean and about five standard deviations, so that each test
// loses less than one random number in 100,000. For 32 bytes the distributions are skewed and the bounds were
// computed exactly.
struct Bounds {
  std::size_t least_different = 0;
  std::size_t least_high = 0, most_high = 0;
  std::size_t least_ones = 0, most_ones = 0;
  std::int64_t most_code = 0;
};

Bounds bounds_for(std::size_t bytes) {
  const double n = static_cast<double>(bytes);
  const auto below = [](double mean, double deviation) {
    return static_cast<std::size_t>(std::max(0.0, std::floor(mean - 5 * deviation)));
  };
  const auto above = [](double mean, double deviation) {
    return static_cast<std::size_t>(std::ceil(mean + 5 * deviation));
  };
  const double none = std::pow(255.0 / 256.0, n);  // chance that a given value does not occur
  const double different = 256 * (1 - none);
  const double variance =
      256 * none * (1 - none) + 256.0 * 255.0 * (std::pow(254.0 / 256.0, n) - none * none);
  Bounds bounds{.least_different = below(different, std::sqrt(std::max(variance, 0.25))),
                .least_high = below(n / 2, std::sqrt(n) / 2),
                .most_high = above(n / 2, std::sqrt(n) / 2),
                .least_ones = below(n * 4, std::sqrt(n * 2)),
                .most_ones = above(n * 4, std::sqrt(n * 2)),
                .most_code = std::llround(n * code_weight_mean + 5 * std::sqrt(n) * code_weight_deviation)};
  if (bytes == 32) {
    bounds.least_different = 22;  // 1 - P = 6e-6
    bounds.least_high = 5;        // each side 1e-5
    bounds.most_high = 27;
    bounds.most_code = 49;  // 1e-5, of three million random windows
  }
  return bounds;
}

const Bounds& cached_bounds(std::size_t words) {
  static const std::array<Bounds, 129> table = [] {
    std::array<Bounds, 129> all{};
    for (std::size_t i = 1; i < all.size(); ++i) all.at(i) = bounds_for(i * 8);
    return all;
  }();
  return table.at(words);
}

// Counts one bits without the instruction, which the baseline of x86-64 lacks.
constexpr std::uint32_t count_ones(std::uint64_t word) {
  word -= (word >> 1U) & 0x5555555555555555U;
  word = (word & 0x3333333333333333U) + ((word >> 2U) & 0x3333333333333333U);
  word = (word + (word >> 4U)) & 0x0f0f0f0f0f0f0f0fU;
  return static_cast<std::uint32_t>((word * 0x0101010101010101U) >> 56U);
}

std::size_t different_bytes(std::span<const std::uint64_t> words) {
  std::array<std::uint64_t, 4> seen{};
  for (const std::uint64_t word : words)
    for (unsigned shift = 0; shift < 64; shift += 8) {
      const auto value = static_cast<unsigned>((word >> shift) & 0xffU);
      seen[value >> 6U] |= std::uint64_t{1} << (value & 63U);
    }
  return count_ones(seen[0]) + count_ones(seen[1]) + count_ones(seen[2]) + count_ones(seen[3]);
}

}  // namespace

void RandomTest::read(std::span<const std::uint64_t> words) {
  words_ = words;
  sums_.clear();
  sums_.reserve(words.size() + 1);
  Sums sums;
  for (const std::uint64_t word : words) {
    sums_.push_back(sums);
    sums.ones += count_ones(word);
    sums.high += count_ones(word & 0x8080808080808080U);
    for (unsigned shift = 0; shift < 64; shift += 8) sums.code += code_weight[(word >> shift) & 0xffU];
  }
  sums_.push_back(sums);
}

bool RandomTest::looks_random(std::size_t at, std::size_t count) const {
  const std::size_t judged = std::min<std::size_t>(count, 128);
  const Bounds& bounds = cached_bounds(judged);
  const Sums& before = sums_[at];
  const Sums& after = sums_[at + judged];
  const std::size_t ones = after.ones - before.ones;
  const std::size_t high = after.high - before.high;
  return after.code - before.code <= bounds.most_code && high >= bounds.least_high &&
         high <= bounds.most_high && ones >= bounds.least_ones && ones <= bounds.most_ones &&
         different_bytes(words_.subspan(at, judged)) >= bounds.least_different;
}

bool looks_random(std::span<const std::uint64_t> words) {
  RandomTest test;
  test.read(words);
  return test.looks_random(0, words.size());
}

namespace {

template <std::size_t Count>
bool any_divides(const std::array<std::uint32_t, Count>& primes, std::uint64_t number) {
  return std::ranges::any_of(primes, [number](std::uint32_t prime) { return number % prime == 0; });
}

// The number modulo 2^64 - 1 = 3*5*17*257*641*65537*6700417: the sum of its limbs.
std::uint64_t sum_of_limbs(std::span<const std::uint64_t> limbs) {
  std::uint64_t sum = 0;
  for (const std::uint64_t limb : limbs) {
    sum += limb;
    sum += sum < limb ? 1U : 0U;
  }
  return sum;
}

// The number modulo 2^60 - 1 = 3^2*5^2*7*11*13*31*41*61*151*331*1321, or a little more: 2^(64i) is 2^(4i).
std::uint64_t sum_of_turned_limbs(std::span<const std::uint64_t> limbs) {
  constexpr std::uint64_t mask = (std::uint64_t{1} << 60U) - 1;
  DoubleLimb sum = 0;
  unsigned shift = 0;
  for (const std::uint64_t limb : limbs) {
    sum = (sum & mask) + (sum >> 60U) + (DoubleLimb{limb} << shift);
    shift = shift == 56 ? 0 : shift + 4;
  }
  sum = (sum & mask) + (sum >> 60U);
  return static_cast<std::uint64_t>(sum & mask) + static_cast<std::uint64_t>(sum >> 60U);
}

// The number modulo Modulus, below 2^32.
template <std::uint64_t Modulus>
std::uint64_t rest_of(std::span<const std::uint64_t> limbs) {
  constexpr std::uint64_t low_half = 0xffffffffU;
  std::uint64_t rest = 0;
  for (std::size_t i = limbs.size(); i-- > 0;) {
    rest = ((rest << 32U) | (limbs[i] >> 32U)) % Modulus;
    rest = ((rest << 32U) | (limbs[i] & low_half)) % Modulus;
  }
  return rest;
}

}  // namespace

// The cheapest sums first: half of all odd numbers end at the first, two thirds before any division by limbs.
bool without_small_factor(std::span<const std::uint64_t> limbs) {
  constexpr std::array<std::uint32_t, 3> by_sum{3, 5, 17};
  constexpr std::array<std::uint32_t, 5> by_turned_sum{7, 11, 13, 31, 41};
  constexpr std::array<std::uint32_t, 4> first{19, 23, 29, 37};
  constexpr std::array<std::uint32_t, 3> second{43, 47, 53};
  return !any_divides(by_sum, sum_of_limbs(limbs)) &&
         !any_divides(by_turned_sum, sum_of_turned_limbs(limbs)) &&
         !any_divides(first, rest_of<19 * 23 * 29 * 37>(limbs)) &&
         !any_divides(second, rest_of<43 * 47 * 53>(limbs));
}

}  // namespace dumpgate
