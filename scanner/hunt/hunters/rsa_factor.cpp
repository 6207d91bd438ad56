// The RSA hunter: a prime factor of a known modulus, stored as limbs. The one rule: p | n is confirmed by
// OpenSSL on the whole numbers, and p | n with 1 < p < n hands over the private key, so nothing else is
// needed as proof.

#include <openssl/bn.h>

#include <array>
#include <map>
#include <memory>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

using Bn = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;

struct Modulus {
  std::vector<std::uint64_t> n{};  // 2m limbs
  const KnownKey* known = nullptr;
};

bool divides(std::span<const std::uint64_t> p, const Modulus& modulus) {
  const auto p_bytes = big_endian_bytes<SecretBytes>(p);
  const Bn divisor(BN_bin2bn(reinterpret_cast<const unsigned char*>(p_bytes.data()),
                             static_cast<int>(p_bytes.size()), nullptr),
                   &BN_clear_free);
  const auto& n_bytes = modulus.known->key.n;
  const Bn n(BN_bin2bn(reinterpret_cast<const unsigned char*>(n_bytes.data()),
                       static_cast<int>(n_bytes.size()), nullptr),
             &BN_clear_free);
  const Bn rest(BN_new(), &BN_clear_free);
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), &BN_CTX_free);
  if (!divisor || !n || !rest || !context || BN_is_one(divisor.get()) || BN_cmp(divisor.get(), n.get()) >= 0)
    return false;
  return BN_mod(rest.get(), n.get(), divisor.get(), context.get()) == 1 && BN_is_zero(rest.get());
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
  }
  bool empty() const { return moduli_.empty(); }

  void examine(const RunStore& runs, std::vector<Finding>& findings) const override {
    std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> scratch(2 * longest_run);
    RandomTest random;
    runs.for_each([&](const NumberRun& run) {
      if (moduli_.begin()->first > run.words.size()) return;
      random.read(run.words);
      for (const auto& [m, moduli] : moduli_)
        for (std::size_t at = 0; at + m <= run.words.size(); ++at)
          if ((run.words[at] & 1U) != 0 && random.looks_random(at, m) &&
              without_small_factor(run.words.subspan(at, m)))
            test(run, at, run.words.subspan(at, m), moduli, scratch, findings);
    });
  }

 private:
  static void test(const NumberRun& run, std::size_t at, std::span<const std::uint64_t> p,
                   const std::vector<Modulus>& moduli, std::span<std::uint64_t> scratch,
                   std::vector<Finding>& findings) {
    const std::uint64_t inverse = inverse_limb(p.front());
    for (const Modulus& modulus : moduli) {
      if (!may_divide(p, modulus.n, inverse, scratch) || !divides(p, modulus)) continue;
      Finding finding;
      finding.signature = "rsa-private-key";
      finding.kind = KeyKind::private_key;
      finding.use = use_of_origin(modulus.known->origin);
      finding.algorithm = "rsa";
      finding.bits = modulus.known->key.bits;
      finding.representation = "limbs-le64";
      finding.evidence = Evidence::proof;
      finding.relation = "p|n";
      finding.offset = run.offset + at * 8;
      finding.length = p.size() * 8;
      finding.public_key_sha256 = modulus.known->key.sha256;
      findings.push_back(std::move(finding));
    }
  }

  std::map<std::size_t, std::vector<Modulus>> moduli_{};  // by limbs of a factor
};

class RsaFactorHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "rsa-factor"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    static constexpr std::array<std::string_view, 1> forms{"limbs-le64"};
    if (key.algorithm != KeyAlgorithm::rsa && key.algorithm != KeyAlgorithm::rsa_pss) return {};
    return forms;
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
