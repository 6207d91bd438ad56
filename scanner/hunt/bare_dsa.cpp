#include "scanner/hunt/bare_dsa.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/prime_sieve.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::size_t q_limbs = 4;
constexpr std::array<std::size_t, 3> p_limbs{16, 32, 48};
constexpr std::uint64_t high_bit = std::uint64_t{1} << 63U;

using DsaLimbs = std::vector<std::uint64_t>;  // of public numbers

struct DsaGroup {
  DsaLimbs p{}, q{};
};

// Whether the number may be a prime that FIPS 186-4 makes: odd, with its top bit set.
bool may_be_prime(std::span<const std::uint64_t> limbs) {
  return (limbs.front() & 1U) != 0 && limbs.back() >= high_bit && without_small_factor(limbs) &&
         without_factor_up_to_503(limbs);
}

// Whether q divides p - 1. The exact quotient is computed from the low end (Jebelean, "An algorithm for exact
// division", 1993); of a multiple of q nothing is left.
bool divides_predecessor(std::span<const std::uint64_t> q, std::span<const std::uint64_t> p) {
  std::array<std::uint64_t, p_limbs.back()> rest{};
  std::ranges::copy(p, rest.begin());
  rest[0] -= 1;  // p is odd
  const std::uint64_t inverse = inverse_limb(q[0]);
  for (std::size_t i = 0; i + q.size() <= p.size(); ++i) {
    const std::uint64_t digit = rest.at(i) * inverse;
    std::uint64_t borrow = 0;
    for (std::size_t j = 0; j < q.size(); ++j) {
      const DoubleLimb product = DoubleLimb{digit} * q[j] + borrow;
      borrow = high_limb(product) + (rest.at(i + j) < low_limb(product) ? 1U : 0U);
      rest.at(i + j) -= low_limb(product);
    }
    for (std::size_t at = i + q.size(); at < p.size() && borrow != 0; ++at)
      borrow = std::exchange(rest.at(at), rest.at(at) - borrow) < borrow ? 1U : 0U;
  }
  return std::ranges::all_of(rest, [](std::uint64_t limb) { return limb == 0; });
}

// Whether the header of a DER INTEGER of that size stands before the number: parameters lie in memory as an
// encoding that lost its head, too.
bool is_announced(const NumberView& view, std::size_t at, std::size_t size) {
  if (view.layout != bytes_layout || view.exact || at + size >= view.limbs.size()) return false;
  const std::uint64_t before = view.limbs[at + size], length = 8 * size;
  const std::uint64_t header = length < 0x80 ? 0x0200U | length : 0x02820000U | length;
  const std::uint64_t mask = length < 0x80 ? 0xffffU : 0xffffffffU;
  return (before & mask) == header || ((before >> 8U & mask) == header + 1 && (before & 0xffU) == 0);
}

// The numbers of `size` limbs at the ends of a run that hardly holds more, and those that say so.
template <typename F>
void each_number(const NumberView& view, std::size_t size, F&& f) {
  const bool filled = view.limbs.size() <= size + std::max<std::size_t>(1, size / 8);
  for (std::size_t at = 0; at + size <= view.limbs.size(); ++at)
    if ((filled && view.at_an_end(at, size)) || is_announced(view, at, size))
      f(view.limbs.subspan(at, size), at);
}

// Whether a word of the run, as it lies in memory, ends with the header of a DER INTEGER of whole limbs, with
// or without a sign octet.
bool has_integer_header(const NumberRun& run) {
  const auto ends_with_one = [](std::uint64_t word) {
    return (word >> 16U & 0xffffU) == 0x0282U || ((word >> 8U & 0xffU) == 0x02U && (word & 0xffU) <= 0x21U);
  };
  return std::ranges::any_of(run.words, [&](std::uint64_t word) {
    if (run.order == ByteOrder::little) word = __builtin_bswap64(word);
    return ends_with_one(word) || ((word & 0xffU) == 0 && ends_with_one(word >> 8U));
  });
}

// Whether the run holds hardly more than one of the numbers, or the header of one in DER.
bool may_hold(const NumberRun& run, std::span<const std::size_t> sizes) {
  if (run.digits != 0) return run.digits != coordinate_digits;
  constexpr std::size_t beside = 2;  // words: an array's header, and what a zero byte ended
  const std::size_t words = run.words.size();
  const auto fits = [words](std::size_t size) {
    return words + beside >= size && words <= size + size / 8 + beside;
  };
  if (run.text) return false;
  return std::ranges::any_of(sizes, fits) || (words > sizes.front() && has_integer_header(run));
}

using Numbers = std::map<std::size_t, std::set<DsaLimbs>>;  // each once, by limbs

// The numbers of these sizes in the unit and its neighbours that look random and pass `fits`.
template <typename Fits>
Numbers numbers_near(const HuntUnit& unit, std::span<const std::size_t> sizes, Fits&& fits) {
  std::vector<unsigned> bits;
  for (const std::size_t size : sizes) bits.push_back(static_cast<unsigned>(64 * size));
  LayoutReader reader(std::move(bits));
  RandomTest random;
  Numbers numbers;
  const auto collect = [&](const NumberView& view) {
    bool read = false;
    for (const std::size_t size : sizes)
      each_number(view, size, [&](std::span<const std::uint64_t> limbs, std::size_t at) {
        if (!fits(limbs)) return;
        if (!std::exchange(read, true)) random.read(view.limbs);
        if (random.looks_random(at, size)) numbers[size].insert({limbs.begin(), limbs.end()});
      });
  };
  for (const RunStore* runs : unit.near()) {
    if (runs == nullptr) continue;
    runs->for_each([&](const NumberRun& run) {
      if (may_hold(run, sizes)) reader.each(run, collect);
    });
  }
  return numbers;
}

BigNumber number_of(const DsaLimbs& limbs) {
  return BigNumber::from_big_endian(big_endian_bytes<std::vector<std::byte>>(limbs));
}

// The elements of order q.
std::vector<DsaLimbs> elements_of(const DsaGroup& group, const std::set<DsaLimbs>& all, std::size_t& powers,
                                  HuntUnit& unit) {
  const BigContext context;
  const BigNumber p = number_of(group.p), q = number_of(group.q);
  std::vector<DsaLimbs> elements;
  if (BN_check_prime(q.get(), context.get(), nullptr) != 1) return elements;
  for (const DsaLimbs& limbs : all) {
    const BigNumber element = number_of(limbs);
    if (!(element < p)) continue;
    if (++powers > BareDsaLimits::powers || elements.size() > BareDsaLimits::elements) {
      unit.leave_out();
      return elements;
    }
    if (unit.stopped()) return elements;
    if (BigNumber::power(element, q, p, context).one()) elements.push_back(limbs);
  }
  return elements;
}

// The keys of each pair of elements: g and y in either order.
void add_keys(const DsaGroup& group, const std::vector<DsaLimbs>& elements, std::vector<PublicKey>& keys) {
  const auto bytes = [](const DsaLimbs& limbs) { return big_endian_bytes<std::vector<std::byte>>(limbs); };
  for (const DsaLimbs& g : elements)
    for (const DsaLimbs& y : elements) {
      if (g == y) continue;
      auto key = dsa_public_key({.p = bytes(group.p), .q = bytes(group.q), .g = bytes(g), .y = bytes(y)});
      if (key) keys.push_back(std::move(*key));
    }
}

}  // namespace

// Each step looks at memory only if the one before found something: most memory holds no p.
std::vector<PublicKey> bare_dsa_keys_near(HuntUnit& unit) {
  const Numbers moduli = numbers_near(unit, p_limbs, may_be_prime);
  if (moduli.empty()) return {};
  const Numbers orders = numbers_near(unit, std::array{q_limbs}, may_be_prime);
  if (orders.empty()) return {};
  std::vector<DsaGroup> groups;
  std::size_t pairs = 0;
  for (const auto& [size, all] : moduli)
    for (const DsaLimbs& p : all)
      for (const DsaLimbs& q : orders.begin()->second) {
        if (++pairs > BareDsaLimits::pairs || groups.size() > BareDsaLimits::groups) {
          unit.leave_out();
          break;
        }
        if (divides_predecessor(q, p)) groups.push_back({.p = p, .q = q});
      }
  if (groups.empty()) return {};
  const Numbers candidates = numbers_near(unit, p_limbs, [](auto) { return true; });
  std::vector<PublicKey> keys;
  std::size_t powers = 0;
  for (const DsaGroup& group : groups)
    add_keys(group, elements_of(group, candidates.at(group.p.size()), powers, unit), keys);
  return keys;
}

}  // namespace dumpgate
