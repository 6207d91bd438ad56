// The DSA hunter: private numbers found by a known public key alone. The one rule: the public half is
// computed by OpenSSL from the whole private one and equal to the known key.
//
// A trial costs 0.01 to 1 ms for each key, so these are looked for only when the dump or the user names such
// a key, as numbers that touch an end of their run: g^x = y, x of q's size (FIPS 186-4), tried by a table of
// powers of g as long as there are few such keys.

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <optional>

#include "scanner/hunt/fixed_power.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/run_ends.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

struct Target {
  const KnownKey* known = nullptr;
  std::size_t size = 0;  // of the private number, in bytes
  DiscreteLogNumbers numbers{};
  std::unique_ptr<const FixedPower> powers{};
};

constexpr std::size_t most_table_memory = std::size_t{32} << 20;  // of all keys together

// A table of g's powers, while the memory for it lasts; taken off `memory`. Numbers that a hostile key may
// have and that arithmetic cannot work with get none.
void add_powers(Target& target, std::size_t& memory) {
  const DiscreteLogNumbers& n = target.numbers;
  const std::size_t needed = FixedPower::memory((n.p->bits() + 7) / 8, target.size);
  if (needed > memory || !n.p->odd() || n.p->one() || !(*n.g < *n.p) || !(*n.y < *n.p)) return;
  memory -= needed;
  target.powers =
      std::make_unique<FixedPower>(n.g->big_endian(), n.y->big_endian(), n.p->big_endian(), target.size);
}

std::optional<BigNumber> parameter(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
  BigNumber copy;
  const bool copied = BN_copy(copy.get(), number) != nullptr;
  BN_free(number);
  if (!copied) return std::nullopt;
  return copy;
}

std::unique_ptr<Target> target_of(const KnownKey& known) {
  if (known.origin == KeyOrigin::private_key) return nullptr;  // may be computed from the number itself
  if (known.key.algorithm != KeyAlgorithm::dsa) return nullptr;
  const auto* at = reinterpret_cast<const unsigned char*>(known.key.spki.data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(known.key.spki.size()), crypto_library(), nullptr),
      &EVP_PKEY_free);
  if (!key) return nullptr;
  auto target = std::make_unique<Target>(Target{.known = &known});
  DiscreteLogNumbers& numbers = target->numbers;
  numbers.p = parameter(key.get(), OSSL_PKEY_PARAM_FFC_P);
  numbers.q = parameter(key.get(), OSSL_PKEY_PARAM_FFC_Q);
  numbers.g = parameter(key.get(), OSSL_PKEY_PARAM_FFC_G);
  numbers.y = parameter(key.get(), OSSL_PKEY_PARAM_PUB_KEY);
  if (!numbers.p || !numbers.q || !numbers.g || !numbers.y) return nullptr;
  target->size = (numbers.q->bits() + 7) / 8;
  return target;
}

class DiscreteLogHunt final : public Hunt {
 public:
  explicit DiscreteLogHunt(const LeadSet& leads) {
    std::size_t memory = most_table_memory;
    for (const auto& [name, known] : leads.all())
      if (auto target = target_of(known); target && target->size >= 20 && target->size <= 64) {
        add_powers(*target, memory);
        targets_.push_back(std::move(target));
      }
  }
  bool empty() const { return targets_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    FixedPower::Scratch scratch;
    unit.own().for_each([&](const NumberRun& run) {
      if (run.digits != 0 || run.text) return;
      const RunEnds ends(run);
      for (const auto& target : targets_)
        ends.for_each(target->size, [&](std::span<const std::byte> number, std::uint64_t offset) {
          try_number(number, offset, *target, scratch, findings);
        });
    });
  }

 private:
  static void try_number(std::span<const std::byte> number, std::uint64_t offset, const Target& target,
                         FixedPower::Scratch& scratch, std::vector<Finding>& findings) {
    for (const bool little : {true, false}) {
      BigNumber x = little ? BigNumber::from_little_endian_limbs(number) : BigNumber::from_big_endian(number);
      if (!(x < *target.numbers.q) ||
          (target.powers && !is_logarithm(*target.powers, number, little, scratch)))
        continue;
      DiscreteLogNumbers numbers = target.numbers;
      numbers.x = std::move(x);
      if (relate_discrete_log(numbers, {}).proven)
        findings.push_back(describe(target, offset, little ? limbs_layout : bytes_layout));
    }
  }

  static bool is_logarithm(const FixedPower& powers, std::span<const std::byte> number, bool little,
                           FixedPower::Scratch& scratch) {
    if (little) return powers.is_logarithm(number, scratch);
    return powers.is_logarithm(SecretBytes(number.rbegin(), number.rend()), scratch);
  }

  static Finding describe(const Target& target, std::uint64_t offset, std::string_view form) {
    const PublicKey& key = target.known->key;
    Finding finding;
    finding.algorithm = to_string(key.algorithm);
    finding.signature = finding.algorithm + "-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = KeyUse::signing;
    finding.bits = key.bits;
    finding.representation = form;
    finding.evidence = Evidence::proof;
    finding.relation = "g^x=y";
    finding.offset = offset;
    finding.length = target.size;
    finding.public_key_sha256 = key.sha256;
    return finding;
  }

  std::vector<std::unique_ptr<const Target>> targets_{};
};

class DiscreteLogHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "discrete-log"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    static constexpr std::array<std::string_view, 2> forms{limbs_layout, bytes_layout};
    if (key.algorithm == KeyAlgorithm::dsa) return forms;
    return {};
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<DiscreteLogHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const DiscreteLogHunter discrete_log_instance;

}  // namespace

constinit const Hunter& discrete_log_hunter = discrete_log_instance;

}  // namespace dumpgate
