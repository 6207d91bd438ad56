// The RSA factor hunter: a prime factor of a known modulus as a bare number, or its complement 2^k - p, which
// Montgomery arithmetic keeps (Botan, Go). The one rule: p | n is confirmed by OpenSSL on the whole numbers,
// and p | n with 1 < p < n hands over the private key, so nothing else is needed as proof.
//
// Primes of equal length are looked for: then p > n / 2^k bounds the top limb from below.

#include <algorithm>
#include <map>
#include <memory>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

using Limbs = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;

struct Modulus {
  std::vector<std::uint64_t> n{};  // 2m limbs
  const KnownKey* known = nullptr;
};

bool divides(std::span<const std::uint64_t> p, const Modulus& modulus) {
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
    for (const auto& [name, known] : leads.all()) {
      if (known.key.algorithm != KeyAlgorithm::rsa && known.key.algorithm != KeyAlgorithm::rsa_pss) continue;
      const std::size_t m = (known.key.n.size() + 15) / 16;
      if (m < shortest_run || m > longest_run) continue;
      moduli_[m].push_back({limbs_of(known.key.n, 2 * m), &known});
    }
    for (auto& [m, moduli] : moduli_) {
      sizes_.push_back(static_cast<unsigned>(64 * m));
      std::ranges::stable_sort(moduli, {}, [](const Modulus& modulus) { return modulus.n.back(); });
    }
  }
  bool empty() const { return moduli_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    Trial trial{.findings = findings};
    LayoutReader reader(sizes_);
    unit.own().for_each([&](const NumberRun& run) {
      reader.each(run, [&](const NumberView& view) { examine_view(view, trial); });
    });
  }

 private:
  struct Trial {
    std::vector<Finding>& findings;
    RandomTest random{};
    Limbs complement{};
    Limbs scratch{};
  };

  void examine_view(const NumberView& view, Trial& trial) const {
    if (moduli_.begin()->first > view.limbs.size()) return;
    bool read = false;
    for (const auto& [m, moduli] : moduli_) {
      if (view.exact && view.limbs.size() != m) continue;
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
                   const std::vector<Modulus>& moduli, std::string_view relation, Trial& trial) {
    if (!without_small_factor(p)) return;
    const std::uint64_t inverse = inverse_limb(p.front());
    trial.scratch.resize(2 * p.size());
    for (const Modulus& modulus : moduli) {
      if (modulus.n.back() > p.back()) break;
      if (!may_divide(p, modulus.n, inverse, trial.scratch) || !divides(p, modulus)) continue;
      Finding finding;
      finding.signature = "rsa-private-key";
      finding.kind = KeyKind::private_key;
      finding.use = use_of_origin(modulus.known->origin);
      finding.algorithm = "rsa";
      finding.bits = modulus.known->key.bits;
      finding.representation = view.layout;
      finding.evidence = Evidence::proof;
      finding.relation = relation;
      finding.offset = view.place(at, p.size());
      finding.length = view.length(p.size());
      finding.public_key_sha256 = modulus.known->key.sha256;
      trial.findings.push_back(std::move(finding));
    }
  }

  std::map<std::size_t, std::vector<Modulus>> moduli_{};  // by limbs of a factor, ascending by their top limb
  std::vector<unsigned> sizes_{};                         // of factors, in bits
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

constinit const RsaFactorHunter instance;

}  // namespace

constinit const Hunter& rsa_factor_hunter = instance;

}  // namespace dumpgate
