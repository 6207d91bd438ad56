// The DSA hunter: private numbers found by a known public key, or by one that lies in the same memory as bare
// numbers (hunt/bare_dsa.h). The one rule: the public half is computed by OpenSSL from the whole private one
// and equal to that key.
//
// A trial costs 0.01 to 1 ms for each group p, q, g, so numbers are tried only where there is such a key, and
// only those that touch an end of their run: g^x = y, x of q's size (FIPS 186-4), in all layouts for q of 256
// bits and as bytes otherwise. One power serves all keys
// of a group; it is taken by a table of powers of g as long as there are few groups.

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/bare_dsa.h"
#include "scanner/hunt/fixed_power.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/run_ends.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_table_memory = std::size_t{32} << 20;  // of all groups together
// Products of limbs in one unit, half a minute: a unit full of hashes, tried for a dozen groups of 1,024
// bits, is no hostile one.
constexpr std::uint64_t most_work = std::uint64_t{16} << 30U;

// A signature's nonce is an exponent too, and g^k may lie in memory while it is made. So are u1 and u2 of a
// signature that was only checked (FIPS 186-4 section 4.7), with g^u1 and y^u2: public, but nobody can tell
// by numbers of the dump alone, since whoever writes some of them can make a key look so.
constexpr std::string_view bare_detail =
    "its public numbers lie beside it as bare numbers: a signing key, a nonce, one of a key exchange, "
    "or what checking a signature left";

// The keys of one p, q and g.
struct Group {
  BigNumber p{}, q{}, g{};
  std::size_t size = 0;  // of a private number, in bytes
  std::unique_ptr<const FixedPower> table{};
  std::map<SecretBytes, const PublicKey*> keys{};  // by y

  // What numbers of a hostile key arithmetic cannot work with, and relate_discrete_log refuses too.
  bool usable() const {
    return size >= 20 && size <= 64 && p.odd() && !p.one() && p.bits() <= most_discrete_log_bits && g < p;
  }

  // Products of limbs that one power takes.
  std::uint64_t work() const {
    const std::uint64_t limbs = (p.bits() + 63) / 64;
    constexpr std::uint64_t around = 128;  // what a call costs besides
    return (table ? size : 10 * size) * (limbs * limbs + around);
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

std::optional<DsaNumbers> dsa_numbers(const PublicKey& known) {
  const auto* at = reinterpret_cast<const unsigned char*>(known.spki.data());
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(known.spki.size()), crypto_library(), nullptr),
      &EVP_PKEY_free);
  if (!key) return std::nullopt;
  auto p = parameter(key.get(), OSSL_PKEY_PARAM_FFC_P), q = parameter(key.get(), OSSL_PKEY_PARAM_FFC_Q),
       g = parameter(key.get(), OSSL_PKEY_PARAM_FFC_G), y = parameter(key.get(), OSSL_PKEY_PARAM_PUB_KEY);
  if (!p || !q || !g || !y) return std::nullopt;
  return DsaNumbers{std::move(*p), std::move(*q), std::move(*g), std::move(*y)};
}

// Numbers that were tried and are no key's: memory holds most of them several times. As many as bounded
// memory takes; the others are tried again. Safe for concurrent use.
class TriedNumbers {
 public:
  bool contains(const SecretBytes& number) {
    const std::scoped_lock lock(mutex_);
    return numbers_.contains(number);
  }
  void add(const SecretBytes& number) {
    const std::scoped_lock lock(mutex_);
    if (numbers_.size() < most) numbers_.insert(number);
  }

 private:
  static constexpr std::size_t most = 1U << 16U;  // 10 MB of them
  std::mutex mutex_{};
  std::set<SecretBytes> numbers_{};
};

// The trials for some keys, to which it refers. Safe for concurrent use.
class Trials {
 public:
  // bare: no encoding names the keys.
  Trials(std::span<const PublicKey* const> keys, bool bare) : bare_(bare) {
    std::map<std::array<SecretBytes, 3>, Group> groups;
    for (const PublicKey* key : keys) {
      auto numbers = dsa_numbers(*key);
      if (!numbers) continue;
      Group& group = groups[{numbers->p.big_endian(), numbers->q.big_endian(), numbers->g.big_endian()}];
      group.keys.emplace(numbers->y.big_endian(), key);
      group.size = (numbers->q.bits() + 7) / 8;
      group.p = std::move(numbers->p);
      group.q = std::move(numbers->q);
      group.g = std::move(numbers->g);
    }
    std::size_t memory = most_table_memory;
    for (auto& [name, group] : groups) {
      if (!group.usable()) continue;
      group.make_table(memory);
      sizes_.insert(group.size);
      groups_.push_back(std::move(group));
    }
    std::ranges::stable_sort(groups_, {}, &Group::size);
  }

  // `work` is what was spent on the unit.
  void examine(HuntUnit& unit, std::uint64_t& work, std::vector<Finding>& findings) const {
    if (groups_.empty()) return;
    FixedPower::Scratch scratch;
    RandomTest random;
    LayoutReader reader({64 * whole_limbs});
    unit.each_run([&](const NumberRun& run) {
      if (run.digits == coordinate_digits) return;
      if (work > most_work) return unit.leave_out();
      const auto try_all = [&](const Number& number) {
        const auto groups = std::ranges::equal_range(groups_, number.bytes.size(), {}, &Group::size);
        if (groups.empty()) return;
        const bool tried = tried_.contains(number.bytes);
        bool hit = false;
        for (const Group& group : groups) {
          work += group.work();  // of a tried one too: what is left out must not depend on threads
          if (work > most_work) return unit.leave_out();
          if (tried || !try_number(number, group, scratch, findings)) continue;
          work += confirmations * group.work();
          hit = true;
        }
        if (!tried && !hit) tried_.add(number.bytes);
      };
      if (run.digits == 0 && !run.text) try_ends(run, try_all);
      if (sizes_.contains(8 * whole_limbs))
        reader.each(run, [&](const NumberView& view) { try_view(view, random, try_all); });
    });
  }

 private:
  static constexpr std::size_t whole_limbs = 4;       // of q of 256 bits
  static constexpr std::uint64_t confirmations = 64;  // powers that a confirmation may cost

  struct Number {
    SecretBytes bytes{};  // little-endian
    std::uint64_t offset = 0, length = 0;
    std::string_view layout{};
  };

  // As bytes in either order, of the size of a q.
  template <typename F>
  void try_ends(const NumberRun& run, F&& try_all) const {
    const RunEnds ends(run);
    for (const std::size_t size : sizes_)
      ends.for_each(size, [&](std::span<const std::byte> memory, std::uint64_t offset) {
        Number number{.bytes = secret_copy(memory), .offset = offset, .length = size, .layout = limbs_layout};
        try_all(number);
        std::ranges::reverse(number.bytes);
        number.layout = bytes_layout;
        try_all(number);
      });
  }

  // In all other layouts; of those of whole limbs.
  template <typename F>
  static void try_view(const NumberView& view, RandomTest& random, F&& try_all) {
    if (view.layout == limbs_layout || view.layout == bytes_layout || view.limbs.size() < whole_limbs) return;
    if (view.exact && view.limbs.size() != whole_limbs) return;
    random.read(view.limbs);
    for (std::size_t at = 0; at + whole_limbs <= view.limbs.size(); ++at) {
      if (!view.at_an_end(at, whole_limbs) || !random.looks_random(at, whole_limbs)) continue;
      Number number{.bytes = big_endian_bytes<SecretBytes>(view.limbs.subspan(at, whole_limbs)),
                    .offset = view.place(at, whole_limbs),
                    .length = view.length(whole_limbs),
                    .layout = view.layout};
      std::ranges::reverse(number.bytes);
      try_all(number);
    }
  }

  // Whether the number gave one of the keys, so that it was confirmed.
  bool try_number(const Number& number, const Group& group, FixedPower::Scratch& scratch,
                  std::vector<Finding>& findings) const {
    BigNumber x = BigNumber::from_little_endian_limbs(number.bytes);
    if (!(x < group.q)) return false;
    const auto known = group.keys.find(power(group, x, number.bytes, scratch));
    if (known == group.keys.end()) return false;
    const DiscreteLogNumbers numbers{.p = group.p,
                                     .q = group.q,
                                     .g = group.g,
                                     .y = BigNumber::from_big_endian(known->first),
                                     .x = std::move(x)};
    if (relate_discrete_log(numbers, {}).proven) findings.push_back(describe(*known->second, number));
    return true;
  }

  static SecretBytes power(const Group& group, const BigNumber& x, std::span<const std::byte> little_endian,
                           FixedPower::Scratch& scratch) {
    if (group.table) return group.table->power(little_endian, scratch);
    return BigNumber::power(group.g, x, group.p, BigContext{}).big_endian();
  }

  Finding describe(const PublicKey& key, const Number& number) const {
    Finding finding;
    finding.algorithm = to_string(key.algorithm);
    finding.signature = finding.algorithm + "-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = bare_ ? KeyUse::unknown : KeyUse::signing;
    if (bare_) finding.detail = bare_detail;
    finding.bits = key.bits;
    finding.representation = number.layout;
    finding.evidence = Evidence::proof;
    finding.relation = "g^x=y";
    finding.offset = number.offset;
    finding.length = number.length;
    finding.public_key_sha256 = key.sha256;
    return finding;
  }

  std::vector<Group> groups_{};    // by their size
  std::set<std::size_t> sizes_{};  // of their q, in bytes
  mutable TriedNumbers tried_{};
  bool bare_;
};

// Keys that encodings name, or the user does.
std::vector<const PublicKey*> named_keys(const LeadSet& leads) {
  std::vector<const PublicKey*> keys;
  for (const auto& [name, known] : leads.all())
    if (known.key.algorithm == KeyAlgorithm::dsa &&
        known.origin != KeyOrigin::private_key)  // may be computed from the number itself
      keys.push_back(&known.key);
  return keys;
}

class DiscreteLogHunt final : public Hunt {
 public:
  explicit DiscreteLogHunt(const LeadSet& leads) : DiscreteLogHunt(named_keys(leads)) {}

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    std::uint64_t work = 0;
    named_.examine(unit, work, findings);
    const std::vector<PublicKey> near = bare_dsa_keys_near(unit);
    std::vector<const PublicKey*> keys;
    for (const PublicKey& key : near)
      if (!names_.contains(key.sha256)) keys.push_back(&key);
    if (!keys.empty()) Trials(keys, true).examine(unit, work, findings);
  }

 private:
  explicit DiscreteLogHunt(const std::vector<const PublicKey*>& named) : named_(named, false) {
    for (const PublicKey* key : named) names_.insert(key->sha256);
  }

  Trials named_;
  std::set<std::string> names_{};
};

class DiscreteLogHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "discrete-log"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    if (key.algorithm != KeyAlgorithm::dsa) return {};
    return all_layouts();
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    return std::make_unique<DiscreteLogHunt>(leads);
  }
};

constinit const DiscreteLogHunter discrete_log_instance;

}  // namespace

constinit const Hunter& discrete_log_hunter = discrete_log_instance;

}  // namespace dumpgate
