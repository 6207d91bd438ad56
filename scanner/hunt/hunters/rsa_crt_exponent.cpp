// The RSA CRT hunter: dP = d mod (p-1), or dQ, alone with a known modulus. The one rule: gcd(2^(e*dP) - 2 mod
// n, n) is a proper factor of n, and a factor is the private key.
//
// There is no cheap filter: each trial is a modular exponentiation (1 ms for 2,048 bits). So only numbers
// that stand alone are tried, in a run hardly longer than themselves, and only so many in a unit. Software
// that keeps dP keeps p beside it; what is found here is what is left when p was overwritten.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::size_t slack = 2;             // words of a run beside the number
constexpr std::size_t most_moduli = 8;       // of one size; with more, exponents alone are not tried
constexpr std::size_t trials_in_unit = 128;  // exponentiations

struct CrtModulus {
  const KnownKey* known = nullptr;
  BigNumber n{}, e{};
};

bool gives_factor(std::span<const std::uint64_t> exponent, const CrtModulus& modulus) {
  const BigContext context;
  const auto ed = BigNumber::product(BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(exponent)),
                                     modulus.e, context);
  BigNumber power = BigNumber::power(BigNumber(2), ed, modulus.n, context);
  if (BN_sub_word(power.get(), 2) != 1 || power.zero()) return false;
  BN_set_negative(power.get(), 0);
  const auto factor = BigNumber::gcd(power, modulus.n, context);
  return !factor.one() && factor < modulus.n;
}

class CrtHunt final : public Hunt {
 public:
  explicit CrtHunt(const LeadSet& leads) {
    for (const auto& [name, known] : leads.all()) {
      if (known.key.algorithm != KeyAlgorithm::rsa && known.key.algorithm != KeyAlgorithm::rsa_pss) continue;
      const std::size_t m = (known.key.n.size() + 15) / 16;
      CrtModulus modulus{.known = &known,
                         .n = BigNumber::from_big_endian(known.key.n),
                         .e = BigNumber::from_big_endian(known.key.e)};
      if (m >= 8 && m <= 64 && modulus.n.odd()) moduli_[m].push_back(std::move(modulus));
    }
    std::erase_if(moduli_, [](const auto& entry) { return entry.second.size() > most_moduli; });
    for (const auto& [m, moduli] : moduli_) sizes_.push_back(static_cast<unsigned>(64 * m));
  }
  bool empty() const { return moduli_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    std::size_t trials = trials_in_unit;
    RandomTest random;
    LayoutReader reader(sizes_);
    unit.each_run([&](const NumberRun& run) {
      if (run.digits != 0 || trials == 0) return;
      for (const auto& entry : moduli_)
        if (run.words.size() >= entry.first && run.words.size() <= entry.first + slack)
          reader.each(run, [&](const NumberView& view) {
            try_view(view, entry.first, entry.second, random, trials, findings);
          });
    });
  }

 private:
  static void try_view(const NumberView& view, std::size_t m, const std::vector<CrtModulus>& moduli,
                       RandomTest& random, std::size_t& trials, std::vector<Finding>& findings) {
    if (view.limbs.size() < m || (view.exact && view.limbs.size() != m)) return;
    for (std::size_t at = 0; at + m <= view.limbs.size(); ++at) {
      const auto window = view.limbs.subspan(at, m);
      if ((window.front() & 1U) == 0) continue;  // e*dP = 1 modulo an even number
      random.read(view.limbs);
      if (!random.looks_random(at, m)) continue;
      for (const CrtModulus& modulus : moduli) {
        if (trials == 0) return;
        --trials;
        if (gives_factor(window, modulus)) findings.push_back(describe(view, at, m, modulus));
      }
    }
  }

  static Finding describe(const NumberView& view, std::size_t at, std::size_t m, const CrtModulus& modulus) {
    Finding finding;
    finding.signature = "rsa-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = use_of_origin(modulus.known->origin);
    finding.algorithm = "rsa";
    finding.bits = modulus.known->key.bits;
    finding.representation = view.layout;
    finding.evidence = Evidence::proof;
    finding.relation = "gcd(2^(e*dP)-2,n)";
    finding.offset = view.place(at, m);
    finding.length = view.length(m);
    finding.public_key_sha256 = modulus.known->key.sha256;
    return finding;
  }

  std::map<std::size_t, std::vector<CrtModulus>> moduli_{};  // by limbs of a factor
  std::vector<unsigned> sizes_{};                            // in bits
};

class RsaCrtExponentHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "rsa-crt-exponent"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    if (key.algorithm != KeyAlgorithm::rsa && key.algorithm != KeyAlgorithm::rsa_pss) return {};
    return all_layouts().first(2);
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<CrtHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const RsaCrtExponentHunter rsa_crt_exponent_instance;

}  // namespace

constinit const Hunter& rsa_crt_exponent_hunter = rsa_crt_exponent_instance;

}  // namespace dumpgate
