// The Ed448 and X448 hunter: a seed, a private scalar or an X448 key as bare bytes, found by a known public
// key; a seed of Ed448 also by its public key without a label in the same memory. The one rule: the public
// key is computed from the whole private one and equal to that key, by OpenSSL where it can: it multiplies no
// bare scalar of Ed448.
//
// RFC 8032 section 5.2.5: a seed of 57 bytes is hashed, the first 57 bytes of the hash are clamped to the
// scalar a, and A = a*B. RFC 7748: an X448 key is 56 bytes, clamped when used. One multiplication serves all
// known keys. Such keys are rare, so the numbers must touch an end of their run; and without a known key a
// seed must fill a run, but for a word or A.

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "scanner/hunt/curve448.h"
#include "scanner/hunt/ed448_point.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/run_ends.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

constexpr std::size_t multiplied_together = 256;

// Words of a run with a seed, or with a seed and A, and one more for what an allocator left beside them.
constexpr std::array<std::size_t, 4> seed_runs{7, 8, 14, 15};

// What numbers without a known key may cost in a unit: two seconds.
constexpr std::size_t most_bare_seeds = 32'768;

enum class Number448 : std::uint8_t { seed, scalar };

struct Trial448 {
  std::uint64_t offset = 0;
  Number448 number = Number448::seed;
  Bytes57 secret{};  // as it lies in memory; of a scalar 56 bytes

  std::span<const std::byte> bytes() const {
    return std::span(secret).first(number == Number448::seed ? 57 : 56);
  }
};

class Curve448Hunt final : public Hunt {
 public:
  explicit Curve448Hunt(const LeadSet& leads) {
    for (const auto& [name, known] : leads.all()) {
      if (known.origin == KeyOrigin::private_key) continue;  // may be computed from the number itself
      const std::span<const std::byte> raw(known.key.x);
      Bytes56 u{};
      if (known.key.algorithm == KeyAlgorithm::x448 && raw.size() == u.size()) {
        std::ranges::copy(raw, u.begin());
        agreement_.emplace(u, &known.key);
      } else if (known.key.algorithm == KeyAlgorithm::ed448 && raw.size() == sizeof(Bytes57) &&
                 (raw.back() & std::byte{0x7f}) == std::byte{0}) {  // else nothing encodes so
        if (const auto same = u_of_ed448(raw.first<sizeof(Bytes57)>())) {
          signing_.emplace(*same, &known.key);
          Bytes57 point{};
          std::ranges::copy(raw, point.begin());
          known_points_.insert(point);
        }
      }
    }
  }
  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    if (!agreement_.empty() || !signing_.empty()) try_known(unit, findings);
    try_bare(unit, findings);
  }

 private:
  void try_known(HuntUnit& unit, std::vector<Finding>& findings) const {
    std::vector<Trial448, WipingAllocator<Trial448>> trials;
    unit.each_run([&](const NumberRun& run) {
      if (run.digits != 0 || run.text) return;
      const RunEnds ends(run);
      const auto add = [&](Number448 number) {
        return [&trials, number](std::span<const std::byte> bytes, std::uint64_t offset) {
          Trial448& trial = trials.emplace_back(Trial448{.offset = offset, .number = number});
          std::ranges::copy(bytes, trial.secret.begin());
        };
      };
      if (!signing_.empty()) ends.for_each(sizeof(Bytes57), add(Number448::seed));
      ends.for_each(sizeof(Bytes56), add(Number448::scalar));
      if (trials.size() >= multiplied_together) try_all(trials, findings);
    });
    try_all(trials, findings);
  }

  // Seeds whose A is a number of the same memory. Those of known keys are found already.
  void try_bare(HuntUnit& unit, std::vector<Finding>& findings) const {
    NumberSearch numbers(unit);
    std::size_t tried = 0;
    unit.each_run([&](const NumberRun& run) {
      if (run.digits != 0 || run.text || run.cut != Cut::none) return;
      if (std::ranges::find(seed_runs, run.words.size()) == seed_runs.end()) return;
      RunEnds(run).for_each(sizeof(Bytes57), [&](std::span<const std::byte> bytes, std::uint64_t offset) {
        // At the begin, or with its last byte in the word behind: free() puts a random word before it.
        if (offset != run.offset && offset + 56 != run.offset + 8 * run.words.size()) return;
        if (++tried > most_bare_seeds) return unit.leave_out();
        Trial448 trial{.offset = offset, .number = Number448::seed};
        std::ranges::copy(bytes, trial.secret.begin());
        judge_bare(trial, numbers, findings);
        wipe(trial.secret.data(), trial.secret.size());
      });
    });
  }

  void judge_bare(const Trial448& trial, NumberSearch& numbers, std::vector<Finding>& findings) const {
    const Bytes57 point = ed448_point(scalar_of_seed448(trial.secret));
    if (!numbers.holds(point) || known_points_.contains(point)) return;
    const auto key = raw_public_key(KeyAlgorithm::ed448, point);
    if (key && relate_raw(KeyAlgorithm::ed448, trial.bytes(), point).proven)
      findings.push_back(describe(trial, *key, "seed->A", "raw"));
  }

  void try_all(std::vector<Trial448, WipingAllocator<Trial448>>& trials,
               std::vector<Finding>& findings) const {
    if (trials.empty()) return;
    std::vector<Bytes56, WipingAllocator<Bytes56>> scalars;
    scalars.reserve(trials.size());
    for (const Trial448& trial : trials) scalars.push_back(scalar_of(trial));
    std::vector<Bytes56> multiples(scalars.size());
    multiples448(scalars, multiples);
    for (std::size_t i = 0; i < trials.size(); ++i) judge(trials[i], scalars[i], multiples[i], findings);
    trials.clear();
  }

  static Bytes56 scalar_of(const Trial448& trial) {
    if (trial.number == Number448::seed) return scalar_of_seed448(trial.secret);
    Bytes56 scalar{};
    std::ranges::copy(trial.bytes(), scalar.begin());
    clamp448(scalar);
    return scalar;
  }

  void judge(const Trial448& trial, const Bytes56& scalar, const Bytes56& u,
             std::vector<Finding>& findings) const {
    const auto [first, last] = signing_.equal_range(u);
    const Bytes57 point = first == last ? Bytes57{} : ed448_point(scalar);
    for (auto signer = first; signer != last; ++signer) {
      const PublicKey& key = *signer->second;
      const bool seed = trial.number == Number448::seed;
      if (!std::ranges::equal(point, key.x)) continue;
      if (seed && !relate_raw(KeyAlgorithm::ed448, trial.bytes(), key.x).proven) continue;
      findings.push_back(describe(trial, key, seed ? "seed->A" : "a*B=A", seed ? "raw" : "raw-scalar"));
    }
    const auto partner = agreement_.find(u);
    if (partner != agreement_.end() && trial.number == Number448::scalar &&
        relate_raw(KeyAlgorithm::x448, trial.bytes(), u).proven)
      findings.push_back(describe(trial, *partner->second, "k*B=u", "raw"));
  }

  static Finding describe(const Trial448& trial, const PublicKey& key, std::string_view relation,
                          std::string_view form) {
    Finding finding;
    finding.algorithm = to_string(key.algorithm);
    finding.signature = finding.algorithm + "-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = key.algorithm == KeyAlgorithm::x448 ? KeyUse::agreement : KeyUse::signing;
    finding.bits = key.bits;
    finding.representation = form;
    finding.evidence = Evidence::proof;
    finding.relation = relation;
    finding.offset = trial.offset;
    finding.length = trial.bytes().size();
    finding.public_key_sha256 = key.sha256;
    return finding;
  }

  std::map<Bytes56, const PublicKey*> agreement_{};     // by u
  std::multimap<Bytes56, const PublicKey*> signing_{};  // by the u of their points, which several may share
  std::set<Bytes57> known_points_{};                    // theirs
};

class Curve448Hunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "curve448"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    static constexpr std::array<std::string_view, 2> forms{"raw", "raw-scalar"};
    if (key.algorithm == KeyAlgorithm::ed448) return forms;
    if (key.algorithm == KeyAlgorithm::x448) return std::span(forms).first(1);
    return {};
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    return std::make_unique<Curve448Hunt>(leads);
  }
};

constinit const Curve448Hunter curve448_instance;

}  // namespace

constinit const Hunter& curve448_hunter = curve448_instance;

}  // namespace dumpgate
