// The Ed25519 and X25519 hunter: a seed, a private scalar or an X25519 key as 32 bare bytes, found by the
// public key it gives: a known key's, or for Ed25519 one that lies in the same memory without a label: its 32
// bytes, or its y coordinate in the digits in which points are computed. The one rule: the public key is
// computed from the whole private one and equal in all 255 bits of y; for seeds by OpenSSL again.
//
// RFC 8032 section 5.1.5: a seed is hashed, its first half is clamped to the scalar a, and A = a*B. Libraries
// keep the seed, the seed and A (64 bytes), the hash, or a: clamped (ring) or modulo the group's order (Go).

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/coordinate_forms.h"
#include "scanner/hunt/edwards_base.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

// Structures of some libraries have a clamped scalar amid other numbers (wolfCrypt, freed). Its five fixed
// bits let one place in 32 be tried, in runs of at most this many words.
constexpr std::size_t clamped_run = 48;
constexpr std::size_t words = 4;
constexpr std::size_t trials_together = 256;

constexpr std::string_view text_scalar = "base64-scalar";

// A nonce of a signature is a scalar below the group's order too, and its point is part of the signature.
constexpr std::string_view bare_scalar_detail =
    "its public point lies beside it as a bare number: a signing key or a nonce";

enum class Part : std::uint8_t { seed, scalar, agreement };

struct Trial {
  std::uint64_t offset = 0;
  std::uint64_t length = 32;
  bool text = false;
  Part part = Part::seed;
  Bytes32 secret{};  // as it lies in memory
};

void clamp(Bytes32& scalar) {
  scalar[0] &= std::byte{0xf8};
  scalar[31] = (scalar[31] & std::byte{0x7f}) | std::byte{0x40};
}

bool is_clamped(const Bytes32& scalar) {
  Bytes32 clamped = scalar;
  clamp(clamped);
  return clamped == scalar;
}

// Below 2^253: a scalar modulo the group's order, 2^252 and some.
bool is_reduced(const Bytes32& scalar) { return std::to_integer<unsigned>(scalar[31]) < 0x20; }

Bytes32 scalar_of_seed(const Bytes32& seed) {
  std::array<unsigned char, SHA512_DIGEST_LENGTH> hash{};
  SHA512(reinterpret_cast<const unsigned char*>(seed.data()), seed.size(), hash.data());
  Bytes32 scalar{};
  std::memcpy(scalar.data(), hash.data(), scalar.size());
  wipe(hash.data(), hash.size());
  clamp(scalar);
  return scalar;
}

using Known = std::map<Bytes32, const KnownKey*>;

Known known_keys(const LeadSet& leads, KeyAlgorithm algorithm) {
  Known keys;
  for (const auto& [name, known] : leads.all()) {
    if (known.key.algorithm != algorithm || known.key.x.size() != 32) continue;
    if (known.origin == KeyOrigin::private_key) continue;  // may be computed from the seed itself
    Bytes32 key{};
    std::ranges::copy(known.key.x, key.begin());
    keys.emplace(key, &known);
  }
  return keys;
}

class Ed25519Hunt final : public Hunt {
 public:
  explicit Ed25519Hunt(const LeadSet& leads)
      : signing_(known_keys(leads, KeyAlgorithm::ed25519)),
        agreement_(known_keys(leads, KeyAlgorithm::x25519)) {}

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    NumberSearch numbers(unit);
    std::vector<Trial> trials;
    RandomTest random;
    unit.each_run([&](const NumberRun& run) {
      if (run.digits == 0) add_trials(run, random, trials);
      if (trials.size() >= trials_together) try_all(trials, numbers, findings);
    });
    try_all(trials, numbers, findings);
  }

 private:
  void add_trials(const NumberRun& run, RandomTest& random, std::vector<Trial>& trials) const {
    random.read(run.words);
    const std::size_t last = run.words.size() - words;
    for (std::size_t at = 0; at <= last; ++at) {
      const bool at_an_end = (at == 0 && run.cut != Cut::begin) || (at == last && run.cut != Cut::end);
      const bool stands = at_an_end || (run.words.size() <= small_run && at % words == 0);
      if (!stands && (run.words.size() > clamped_run || run.text)) continue;
      Trial trial{.offset = run.place(8 * at), .length = run.length(8 * words), .text = run.text};
      for (std::size_t i = 0; i < words; ++i) {
        const std::uint64_t word =
            run.order == ByteOrder::little ? run.words[at + i] : __builtin_bswap64(run.words[at + i]);
        std::memcpy(trial.secret.data() + 8 * i, &word, 8);
      }
      if ((stands || is_clamped(trial.secret)) && random.looks_random(at, words))
        add_parts(trial, stands, trials);
      wipe(trial.secret.data(), trial.secret.size());
    }
  }

  // Where numbers do not usually stand, only the shape of a clamped scalar is worth a trial. A hash that is
  // not clamped yet has no shape: it is tried where some key is known that it may give.
  void add_parts(Trial& trial, bool stands, std::vector<Trial>& trials) const {
    if (stands) trials.push_back(trial);
    trial.part = Part::scalar;
    if (is_clamped(trial.secret) || (stands && (is_reduced(trial.secret) || !signing_.empty())))
      trials.push_back(trial);
    trial.part = Part::agreement;
    if (stands && !agreement_.empty()) trials.push_back(trial);
  }

  void try_all(std::vector<Trial>& trials, NumberSearch& numbers, std::vector<Finding>& findings) const {
    std::vector<Bytes32, WipingAllocator<Bytes32>> scalars;
    for (const Trial& trial : trials) {
      scalars.push_back(trial.part == Part::seed ? scalar_of_seed(trial.secret) : trial.secret);
      // A hash that is not clamped yet, or the key of an exchange.
      if (trial.part == Part::agreement || (trial.part == Part::scalar && !is_reduced(trial.secret)))
        clamp(scalars.back());
    }
    std::vector<EdwardsMultiple> results(scalars.size());
    edwards_multiples(scalars, results);
    for (std::size_t i = 0; i < trials.size(); ++i) judge(trials[i], results[i], numbers, findings);
    wipe(trials.data(), trials.size() * sizeof(Trial));
    trials.clear();
  }

  void judge(const Trial& trial, const EdwardsMultiple& result, NumberSearch& numbers,
             std::vector<Finding>& findings) const {
    if (trial.part == Part::agreement) {
      const auto known = agreement_.find(result.u);
      if (known != agreement_.end() && confirmed(KeyAlgorithm::x25519, trial.secret, result.u))
        findings.push_back(describe(trial, known->second->key, KeyUse::agreement));
      return;
    }
    const bool known = signing_.contains(result.point);
    if (!known && !lies_bare(result.point, numbers)) return;
    if (trial.part == Part::seed && !confirmed(KeyAlgorithm::ed25519, trial.secret, result.point)) return;
    const auto key = raw_public_key(KeyAlgorithm::ed25519, result.point);
    if (!key) return;
    const bool may_be_nonce = !known && trial.part == Part::scalar && is_reduced(trial.secret);
    findings.push_back(describe(trial, *key, may_be_nonce ? KeyUse::unknown : KeyUse::signing));
    if (may_be_nonce) findings.back().detail = bare_scalar_detail;
  }

  // Whether the point is a number of the same memory.
  static bool lies_bare(const Bytes32& point, NumberSearch& numbers) {
    if (numbers.holds(point)) return true;
    return std::ranges::any_of(coordinate_forms(point),
                               [&](const auto& form) { return numbers.holds(form); });
  }

  static bool confirmed(KeyAlgorithm algorithm, const Bytes32& secret, const Bytes32& known) {
    return relate_raw(algorithm, secret, known).proven;
  }

  static Finding describe(const Trial& trial, const PublicKey& key, KeyUse use) {
    Finding finding;
    finding.signature = trial.part == Part::agreement ? "x25519-private-key" : "ed25519-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = use;
    finding.algorithm = to_string(key.algorithm);
    finding.bits = key.bits;
    const bool is_scalar = trial.part == Part::scalar;
    finding.representation = trial.text ? (is_scalar ? text_scalar : text_layout)
                                        : (is_scalar ? std::string_view("raw-scalar") : "raw");
    finding.evidence = Evidence::proof;
    finding.relation = trial.part == Part::seed ? "seed->A" : trial.part == Part::scalar ? "a*B=A" : "k*B=u";
    finding.offset = trial.offset;
    finding.length = trial.length;
    finding.public_key_sha256 = key.sha256;
    return finding;
  }

  Known signing_{};
  Known agreement_{};
};

class Ed25519Hunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "ed25519"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    static constexpr std::array<std::string_view, 4> forms{"raw", text_layout, "raw-scalar", text_scalar};
    if (key.algorithm == KeyAlgorithm::ed25519) return forms;
    if (key.algorithm == KeyAlgorithm::x25519) return std::span(forms).first(2);
    return {};
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    return std::make_unique<Ed25519Hunt>(leads);
  }
};

constinit const Ed25519Hunter ed25519_instance;

}  // namespace

constinit const Hunter& ed25519_hunter = ed25519_instance;

}  // namespace dumpgate
