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
constexpr std::uint64_t top_bit = std::uint64_t{1} << 63U;

using Limbs = std::vector<std::uint64_t>;  // of public numbers

// Numbers of one stretch of memory that fill their runs, each once.
struct DsaCandidates {
  std::set<Limbs> q{};
  std::map<std::size_t, std::set<Limbs>> p{}, elements{};  // by limbs
};

struct DsaGroup {
  Limbs p{}, q{};
};

// Whether the number may be a prime that FIPS 186-4 makes: odd, with its top bit set.
bool may_be_prime(std::span<const std::uint64_t> limbs) {
  return (limbs.front() & 1U) != 0 && limbs.back() >= top_bit && without_small_factor(limbs) &&
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

// The numbers of `size` limbs at the ends of a run that hardly holds more.
template <typename F>
void each_number(const NumberView& view, std::size_t size, F&& f) {
  if (view.limbs.size() < size || view.limbs.size() > size + std::max<std::size_t>(1, size / 8)) return;
  for (const std::size_t at : {std::size_t{0}, view.limbs.size() - size}) {
    if (view.at_an_end(at, size)) f(view.limbs.subspan(at, size), at);
    if (view.limbs.size() == size) break;
  }
}

void collect(const NumberView& view, RandomTest& random, DsaCandidates& candidates) {
  bool read = false;
  const auto looks_random = [&](std::size_t at, std::size_t size) {
    if (!std::exchange(read, true)) random.read(view.limbs);
    return random.looks_random(at, size);
  };
  const auto copy = [](std::span<const std::uint64_t> limbs) { return Limbs(limbs.begin(), limbs.end()); };
  each_number(view, q_limbs, [&](std::span<const std::uint64_t> limbs, std::size_t at) {
    if (may_be_prime(limbs) && looks_random(at, q_limbs)) candidates.q.insert(copy(limbs));
  });
  for (const std::size_t size : p_limbs)
    each_number(view, size, [&](std::span<const std::uint64_t> limbs, std::size_t at) {
      if (!looks_random(at, size)) return;
      candidates.elements[size].insert(copy(limbs));
      if (may_be_prime(limbs)) candidates.p[size].insert(copy(limbs));
    });
}

bool may_hold_numbers(const NumberRun& run) {
  if (run.digits == coordinate_digits || run.text) return false;
  if (run.digits != 0) return true;
  constexpr std::size_t beside = 2;  // words: an array's header, and a piece of the next one
  const std::size_t words = run.words.size();
  const auto fits = [words](std::size_t size) {
    return words + beside >= size && words <= size + size / 8 + beside;
  };
  return fits(q_limbs) || std::ranges::any_of(p_limbs, fits);
}

DsaCandidates candidates_near(const HuntUnit& unit) {
  std::vector<unsigned> bits{64 * q_limbs};
  for (const std::size_t size : p_limbs) bits.push_back(static_cast<unsigned>(64 * size));
  LayoutReader reader(std::move(bits));
  RandomTest random;
  DsaCandidates candidates;
  for (const RunStore* runs : unit.near()) {
    if (runs == nullptr) continue;
    runs->for_each([&](const NumberRun& run) {
      if (!may_hold_numbers(run)) return;
      reader.each(run, [&](const NumberView& view) { collect(view, random, candidates); });
    });
  }
  return candidates;
}

BigNumber number_of(const Limbs& limbs) {
  return BigNumber::from_big_endian(big_endian_bytes<std::vector<std::byte>>(limbs));
}

// The elements of order q.
std::vector<Limbs> elements_of(const DsaGroup& group, const std::set<Limbs>& all, std::size_t& powers,
                               HuntUnit& unit) {
  const BigContext context;
  const BigNumber p = number_of(group.p), q = number_of(group.q);
  std::vector<Limbs> elements;
  if (BN_check_prime(q.get(), context.get(), nullptr) != 1) return elements;
  for (const Limbs& limbs : all) {
    const BigNumber element = number_of(limbs);
    if (!(element < p)) continue;
    if (++powers > BareDsa::most_powers || elements.size() > BareDsa::most_elements) {
      unit.leave_out();
      return elements;
    }
    if (unit.stopped()) return elements;
    if (BigNumber::power(element, q, p, context).one()) elements.push_back(limbs);
  }
  return elements;
}

}  // namespace

BareDsa::BareDsa(const LeadSet& leads) {
  for (const auto& [name, known] : leads.all())
    if (known.key.algorithm == KeyAlgorithm::rsa || known.key.algorithm == KeyAlgorithm::rsa_pss)
      moduli_.insert(limbs_of(known.key.n));
}

std::vector<PublicKey> BareDsa::keys_near(HuntUnit& unit) const {
  const DsaCandidates candidates = candidates_near(unit);
  std::vector<DsaGroup> groups;
  std::size_t pairs = 0;
  for (const auto& [size, moduli] : candidates.p)
    for (const Limbs& p : moduli) {
      if (moduli_.contains(p)) continue;
      for (const Limbs& q : candidates.q) {
        if (++pairs > most_pairs || groups.size() > most_groups) {
          unit.leave_out();
          break;
        }
        if (divides_predecessor(q, p)) groups.push_back({.p = p, .q = q});
      }
    }
  std::vector<PublicKey> keys;
  std::size_t powers = 0;
  const auto bytes = [](const Limbs& limbs) { return big_endian_bytes<std::vector<std::byte>>(limbs); };
  for (const DsaGroup& group : groups) {
    const auto elements = elements_of(group, candidates.elements.at(group.p.size()), powers, unit);
    for (const Limbs& g : elements)
      for (const Limbs& y : elements)
        if (g != y)
          if (auto key =
                  dsa_public_key({.p = bytes(group.p), .q = bytes(group.q), .g = bytes(g), .y = bytes(y)}))
            keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace dumpgate
