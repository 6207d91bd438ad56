// The DSA hunter: private numbers found by a known public key alone. The one rule: the public half is
// computed by OpenSSL from the whole private one and equal to the known key.
//
// A trial costs 0.01 to 1 ms for each group p, q, g, so these are looked for only when the dump or the user
// names such a key, as numbers that touch an end of their run: g^x = y, x of q's size (FIPS 186-4). One power
// serves all keys of a group; it is taken by a table of powers of g as long as there are few groups.

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "scanner/hunt/fixed_power.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/run_ends.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_table_memory = std::size_t{32} << 20;  // of all groups together
// Products of limbs in one unit, half a minute: a unit full of hashes, tried for a dozen groups of 1,024
// bits, is no hostile one.
constexpr std::uint64_t most_work = std::uint64_t{16} << 30U;

// The keys of one p, q and g.
struct Group {
  BigNumber p{}, q{}, g{};
  std::size_t size = 0;  // of a private number, in bytes
  std::unique_ptr<const FixedPower> table{};
  std::map<SecretBytes, const KnownKey*> keys{};  // by y

  // What numbers of a hostile key arithmetic cannot work with, and relate_discrete_log refuses too.
  bool usable() const { return size >= 20 && size <= 64 && p.odd() && !p.one() && g < p; }

  // Products of limbs that one power takes.
  std::uint64_t work() const {
    const std::uint64_t limbs = (p.bits() + 63) / 64;
    return (table ? size : 10 * size) * limbs * limbs;
  }

  // Takes the table's memory off `memory` while that lasts.
  void make_table(std::size_t& memory) {
    const std::size_t needed = FixedPower::memory((p.bits() + 7) / 8, size);
    if (needed > memory) return;
    memory -= needed;
    table = std::make_unique<FixedPower>(g.big_endian(), p.big_endian(), size);
  }
};

std::optional<BigNumber> parameter(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
  BigNumber copy;
  const bool copied = BN_copy(copy.get(), number) != nullptr;
  BN_free(number);
  if (!copied) return std::nullopt;
  return copy;
}

struct DsaNumbers {
  BigNumber p{}, q{}, g{}, y{};
};

std::optional<DsaNumbers> dsa_numbers(const KnownKey& known) {
  if (known.origin == KeyOrigin::private_key) return std::nullopt;  // may be computed from the number itself
  if (known.key.algorithm != KeyAlgorithm::dsa) return std::nullopt;
  const auto* at = reinterpret_cast<const unsigned char*>(known.key.spki.data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(known.key.spki.size()), crypto_library(), nullptr),
      &EVP_PKEY_free);
  if (!key) return std::nullopt;
  auto p = parameter(key.get(), OSSL_PKEY_PARAM_FFC_P), q = parameter(key.get(), OSSL_PKEY_PARAM_FFC_Q),
       g = parameter(key.get(), OSSL_PKEY_PARAM_FFC_G), y = parameter(key.get(), OSSL_PKEY_PARAM_PUB_KEY);
  if (!p || !q || !g || !y) return std::nullopt;
  return DsaNumbers{std::move(*p), std::move(*q), std::move(*g), std::move(*y)};
}

class DiscreteLogHunt final : public Hunt {
 public:
  explicit DiscreteLogHunt(const LeadSet& leads) {
    std::map<std::array<SecretBytes, 3>, Group> groups;
    for (const auto& [name, known] : leads.all()) {
      auto numbers = dsa_numbers(known);
      if (!numbers) continue;
      Group& group = groups[{numbers->p.big_endian(), numbers->q.big_endian(), numbers->g.big_endian()}];
      group.keys.emplace(numbers->y.big_endian(), &known);
      group.size = (numbers->q.bits() + 7) / 8;
      group.p = std::move(numbers->p);
      group.q = std::move(numbers->q);
      group.g = std::move(numbers->g);
    }
    std::size_t memory = most_table_memory;
    for (auto& [name, group] : groups) {
      if (!group.usable()) continue;
      group.make_table(memory);
      groups_.push_back(std::move(group));
    }
  }
  bool empty() const { return groups_.empty(); }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    FixedPower::Scratch scratch;
    std::uint64_t work = 0;
    unit.own().for_each([&](const NumberRun& run) {
      if (run.digits != 0 || run.text) return;
      const RunEnds ends(run);
      for (const Group& group : groups_) {
        if (unit.stopped()) return;
        const std::uint64_t trial = 2 * group.work();  // in either order of bytes
        ends.for_each(group.size, [&](std::span<const std::byte> number, std::uint64_t offset) {
          work += trial;
          if (work > most_work) return unit.leave_out();
          try_number(number, offset, group, scratch, findings);
        });
      }
    });
  }

 private:
  static void try_number(std::span<const std::byte> number, std::uint64_t offset, const Group& group,
                         FixedPower::Scratch& scratch, std::vector<Finding>& findings) {
    for (const bool little : {true, false}) {
      SecretBytes bytes = secret_copy(number);
      if (!little) std::ranges::reverse(bytes);
      BigNumber x = BigNumber::from_little_endian_limbs(bytes);
      if (!(x < group.q)) continue;
      const auto known = group.keys.find(power(group, x, bytes, scratch));
      if (known == group.keys.end()) continue;
      const DiscreteLogNumbers numbers{.p = group.p,
                                       .q = group.q,
                                       .g = group.g,
                                       .y = BigNumber::from_big_endian(known->first),
                                       .x = std::move(x)};
      if (relate_discrete_log(numbers, {}).proven)
        findings.push_back(
            describe(known->second->key, group.size, offset, little ? limbs_layout : bytes_layout));
    }
  }

  static SecretBytes power(const Group& group, const BigNumber& x, std::span<const std::byte> little_endian,
                           FixedPower::Scratch& scratch) {
    if (group.table) return group.table->power(little_endian, scratch);
    return BigNumber::power(group.g, x, group.p, BigContext{}).big_endian();
  }

  static Finding describe(const PublicKey& key, std::size_t size, std::uint64_t offset,
                          std::string_view form) {
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
    finding.length = size;
    finding.public_key_sha256 = key.sha256;
    return finding;
  }

  std::vector<Group> groups_{};
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
