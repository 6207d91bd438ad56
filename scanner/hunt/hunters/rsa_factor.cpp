// The RSA factor hunter: a prime factor of a known modulus as a bare number, or its complement 2^k - p, which
// Montgomery arithmetic keeps (Botan, Go). The one rule: p | n is confirmed by OpenSSL on the whole numbers,
// and p | n with 1 < p < n hands over the private key, so nothing else is needed as proof.
//
// Primes of equal length are looked for: then p > n / 2^k bounds the top limb from below. Moduli beyond those
// that are tried one by one (hunt/rsa_targets.h) are found by pairs of numbers of the unit whose low limbs
// give the modulus' low limb.

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/factor_join.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/prime_sieve.h"
#include "scanner/hunt/rsa_targets.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

using Limbs = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;

struct FactorModulus {
  std::vector<std::uint64_t> n{};  // 2m limbs
  const KnownKey* known = nullptr;
};

// Moduli whose trials cost more than the sieve saves of them: each takes 10 to 200 ns.
constexpr std::size_t worth_sieving = 16;

bool divides(std::span<const std::uint64_t> p, const FactorModulus& modulus) {
  const BigContext context;
  const auto divisor = BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(p));
  const auto n = BigNumber::from_big_endian(modulus.known->key.n);
  return !divisor.zero() && !divisor.one() && divisor < n && BigNumber::remainder(n, divisor, context).zero();
}

void negate(Limbs& limbs) {
  std::uint64_t carry = 1;
  for (std::uint64_t& limb : limbs) {
    limb = ~limb + carry;
    carry = carry != 0 && limb == 0 ? 1 : 0;
  }
}

class FactorHunt final : public Hunt {
 public:
  explicit FactorHunt(const LeadSet& leads) {
    for (const auto& [m, targets] : rsa_targets(leads)) {
      sizes_.push_back(static_cast<unsigned>(64 * m));
      for (const KnownKey* known : targets.one_by_one)
        moduli_[m].push_back({limbs_of(known->key.n, 2 * m), known});
      std::ranges::stable_sort(moduli_[m], {}, [](const FactorModulus& modulus) { return modulus.n.back(); });
      for (const KnownKey* known : targets.together)
        together_[m].emplace(limbs_of(known->key.n, 2 * m)[0], known);
      if (together_.contains(m)) pair_sizes_.push_back(m);
    }
  }
  bool empty() const { return sizes_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    Trial trial{.findings = findings};
    LayoutReader reader(sizes_);
    unit.each_run([&](const NumberRun& run) {
      reader.each(run, [&](const NumberView& view) { examine_view(view, trial); });
    });
    if (!together_.empty()) examine_pairs(unit, findings);
  }

 private:
  struct Trial {
    std::vector<Finding>& findings;
    RandomTest random{};
    Limbs complement{};
    Limbs scratch{};
  };

  void examine_view(const NumberView& view, Trial& trial) const {
    bool read = false;
    for (const auto& [m, moduli] : moduli_) {
      if (moduli.empty() || (view.exact && view.limbs.size() != m)) continue;
      for (std::size_t at = 0; at + m <= view.limbs.size(); ++at) {
        const auto window = view.limbs.subspan(at, m);
        if ((window.front() & 1U) == 0) continue;
        const std::uint64_t least = moduli.front().n.back();
        const bool high = window.back() >= least, low = ~window.back() >= least;
        if (!high && !low) continue;
        if (!std::exchange(read, true)) trial.random.read(view.limbs);
        if (!trial.random.looks_random(at, m)) continue;
        if (high) test(view, at, window, moduli, "p|n", trial);
        if (!low || view.layout != limbs_layout) continue;
        trial.complement.assign(window.begin(), window.end());
        negate(trial.complement);
        test(view, at, trial.complement, moduli, "2^k-p", trial);
      }
    }
  }

  static void test(const NumberView& view, std::size_t at, std::span<const std::uint64_t> p,
                   const std::vector<FactorModulus>& moduli, std::string_view relation, Trial& trial) {
    if (!without_small_factor(p)) return;
    if (moduli.size() >= worth_sieving && !without_factor_up_to_503(p)) return;
    const std::uint64_t inverse = inverse_limb(p.front());
    trial.scratch.resize(2 * p.size());
    for (const FactorModulus& modulus : moduli) {
      if (modulus.n.back() > p.back()) break;
      if (!may_divide(p, modulus.n, inverse, trial.scratch) || !divides(p, modulus)) continue;
      trial.findings.push_back(
          describe(*modulus.known, view.layout, relation, view.place(at, p.size()), view.length(p.size())));
    }
  }

  // All pairs of one size and layout: 2 ns each, half a second for the most that a unit may hold. Only
  // numbers that somebody chose meet a modulus' low limb often.
  void examine_pairs(HuntUnit& unit, std::vector<Finding>& findings) const {
    constexpr std::size_t most_divisions = 200'000;
    std::size_t divisions = 0;
    std::map<std::pair<std::string_view, std::size_t>, std::vector<FactorCandidate>> groups;
    for (FactorCandidate& candidate : factor_candidates(unit.own(), pair_sizes_)) {
      auto& group = groups[{candidate.layout, candidate.limbs.size()}];
      group.push_back(std::move(candidate));
    }
    for (const auto& [key, group] : groups) {
      const auto& by_low = together_.at(key.second);
      for (std::size_t i = 0; i < group.size() && !unit.stopped(); ++i)
        for (std::size_t j = i + 1; j < group.size(); ++j) {
          const auto [first, last] = by_low.equal_range(group[i].limbs[0] * group[j].limbs[0]);
          for (auto known = first; known != last; ++known) {
            if (++divisions > most_divisions) return unit.leave_out();
            for (const FactorCandidate* factor : {&group[i], &group[j]})
              if (divides(factor->limbs, {.known = known->second}))
                findings.push_back(
                    describe(*known->second, key.first, "p|n", factor->offset, factor->length));
          }
        }
    }
  }

  static Finding describe(const KnownKey& known, std::string_view layout, std::string_view relation,
                          std::uint64_t offset, std::uint64_t length) {
    Finding finding;
    finding.signature = "rsa-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = use_of_origin(known.origin);
    finding.algorithm = "rsa";
    finding.bits = known.key.bits;
    finding.representation = layout;
    finding.evidence = Evidence::proof;
    finding.relation = relation;
    finding.offset = offset;
    finding.length = length;
    finding.public_key_sha256 = known.key.sha256;
    return finding;
  }

  std::map<std::size_t, std::vector<FactorModulus>>
      moduli_{};  // by limbs of a factor, ascending by their top limb
  std::map<std::size_t, std::unordered_multimap<std::uint64_t, const KnownKey*>>
      together_{};                         // by n's low limb
  std::vector<std::size_t> pair_sizes_{};  // of their factors, in limbs, ascending
  std::vector<unsigned> sizes_{};          // of factors, in bits
};

class RsaFactorHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "rsa-factor"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    if (key.algorithm != KeyAlgorithm::rsa && key.algorithm != KeyAlgorithm::rsa_pss) return {};
    return all_layouts();
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<FactorHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const RsaFactorHunter rsa_factor_instance;

}  // namespace

constinit const Hunter& rsa_factor_hunter = rsa_factor_instance;

}  // namespace dumpgate
