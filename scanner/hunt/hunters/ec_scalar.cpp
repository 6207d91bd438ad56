// The EC hunter: the private scalar d of a known point Q, stored as limbs. The one rule: d*G = Q is confirmed
// by OpenSSL; the fast multiplication before it only filters.
//
// Candidates are windows of the curve's size that touch an end of their run (heaps put a size or a pointer
// before a number), and every window of runs of at most twelve words.

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/fixed_base.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

constexpr std::size_t small_run = 12;  // words
constexpr std::size_t batch = 256;     // scalars multiplied together

struct Curve {
  std::string name{};
  std::unique_ptr<FixedBase> base{};
  unsigned top_bits = 64;                                            // of the scalar's top limb: 9 for P-521
  std::unordered_multimap<std::uint64_t, const KnownKey*> points{};  // by the low limb of x
};

using Bn = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;

Bn number_from(std::span<const std::byte> big_endian) {
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(big_endian.data()),
                    static_cast<int>(big_endian.size()), nullptr),
          &BN_clear_free};
}

// Whether d*G = Q, or d*G = -Q: the negative of a private scalar is as good as the scalar.
bool confirms(const std::string& curve, std::span<const std::uint64_t> d, const PublicKey& key) {
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
      EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve.c_str())), &EC_GROUP_free);
  if (!group) return false;
  const std::unique_ptr<EC_POINT, decltype(&EC_POINT_clear_free)> point(EC_POINT_new(group.get()),
                                                                        &EC_POINT_clear_free);
  const auto bytes = big_endian_bytes<SecretBytes>(d);
  const Bn scalar = number_from(bytes), x = number_from(key.x), found(BN_new(), &BN_clear_free);
  if (!point || !scalar || !x || !found) return false;
  return EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1 &&
         EC_POINT_get_affine_coordinates(group.get(), point.get(), found.get(), nullptr, nullptr) == 1 &&
         BN_cmp(found.get(), x.get()) == 0;
}

// Scalars of one curve waiting to be multiplied together.
struct Batch {
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> scalars{};
  std::vector<std::uint64_t> offsets{};
};

class ScalarHunt final : public Hunt {
 public:
  explicit ScalarHunt(const LeadSet& leads) {
    std::map<std::string, Curve> curves;
    for (const auto& [name, known] : leads.all()) {
      if (known.key.algorithm != KeyAlgorithm::ec || known.key.curve.empty()) continue;
      Curve& curve = curves[known.key.curve];
      if (curve.name.empty()) {
        curve.name = known.key.curve;
        curve.base = FixedBase::make(curve.name);
      }
      if (curve.base) curve.points.emplace(limbs_of(known.key.x, curve.base->limbs())[0], &known);
    }
    for (auto& [name, curve] : curves) {
      if (!curve.base) continue;
      curve.top_bits = 64 - static_cast<unsigned>(std::countl_zero(curve.base->order().back()));
      curves_.push_back(std::move(curve));
    }
  }
  bool empty() const { return curves_.empty(); }

  void examine(const RunStore& runs, std::vector<Finding>& findings) const override {
    std::vector<Finding> found;
    RandomTest random;
    for (const Curve& curve : curves_) {
      Batch waiting;
      runs.for_each([&](const NumberRun& run) {
        add_candidates(curve, run, random, waiting);
        if (waiting.offsets.size() >= batch) multiply(curve, waiting, found);
      });
      multiply(curve, waiting, found);
    }
    std::ranges::stable_sort(found, {}, &Finding::offset);
    std::ranges::move(found, std::back_inserter(findings));
  }

 private:
  static void add_candidates(const Curve& curve, const NumberRun& run, RandomTest& random, Batch& waiting) {
    random.read(run.words);
    const std::size_t size = curve.base->limbs();
    // A top limb of few bits (P-521) is a plain word: it ends the run instead of lying in it.
    if (curve.top_bits < 48) {
      if (run.words.size() + 1 >= size && run.after >> curve.top_bits == 0) {
        const auto low = run.words.last(size - 1);
        if (random.looks_random(run.words.size() - low.size(), low.size()))
          add(run.offset + (run.words.size() - low.size()) * 8, low, run.after, waiting);
      }
      return;
    }
    if (run.words.size() < size) return;
    const std::size_t last = run.words.size() - size;
    for (std::size_t at = 0; at <= last; ++at) {
      if (run.words.size() > small_run && at != 0 && at != last) continue;
      const auto d = run.words.subspan(at, size);
      if (below(d, curve.base->order()) && random.looks_random(at, size))
        add(run.offset + at * 8, d.first(size - 1), d.back(), waiting);
    }
  }

  static bool below(std::span<const std::uint64_t> a, std::span<const std::uint64_t> bound) {
    for (std::size_t i = a.size(); i-- > 0;)
      if (a[i] != bound[i]) return a[i] < bound[i];
    return false;
  }

  static void add(std::uint64_t offset, std::span<const std::uint64_t> low, std::uint64_t top,
                  Batch& waiting) {
    waiting.offsets.push_back(offset);
    waiting.scalars.insert(waiting.scalars.end(), low.begin(), low.end());
    waiting.scalars.push_back(top);
  }

  static void multiply(const Curve& curve, Batch& waiting, std::vector<Finding>& findings) {
    const std::size_t size = curve.base->limbs();
    std::vector<std::uint64_t> x(waiting.scalars.size());
    curve.base->multiples_x(waiting.scalars, x);
    for (std::size_t i = 0; i < waiting.offsets.size(); ++i) {
      const auto [first, last] = curve.points.equal_range(x[i * size]);
      const auto d = std::span<const std::uint64_t>(waiting.scalars).subspan(i * size, size);
      for (auto point = first; point != last; ++point)
        if (confirms(curve.name, d, point->second->key))
          findings.push_back(describe(curve, *point->second, waiting.offsets[i]));
    }
    wipe(waiting.scalars.data(), waiting.scalars.size() * sizeof(std::uint64_t));
    waiting.scalars.clear();
    waiting.offsets.clear();
  }

  static Finding describe(const Curve& curve, const KnownKey& known, std::uint64_t offset) {
    Finding finding;
    finding.signature = "ec-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = use_of_origin(known.origin);
    finding.algorithm = "ec";
    finding.bits = known.key.bits;
    finding.curve = curve.name;
    finding.representation = "limbs-le64";
    finding.evidence = Evidence::proof;
    finding.relation = "d*G=Q";
    finding.offset = offset;
    finding.length = curve.base->limbs() * 8;
    finding.public_key_sha256 = known.key.sha256;
    return finding;
  }

  std::vector<Curve> curves_{};
};

class EcScalarHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "ec-scalar"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    static constexpr std::array<std::string_view, 1> forms{"limbs-le64"};
    if (key.algorithm != KeyAlgorithm::ec || key.curve.empty() || key.bits < 256) return {};
    return forms;
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    auto hunt = std::make_unique<ScalarHunt>(leads);
    if (hunt->empty()) return nullptr;
    return hunt;
  }
};

constinit const EcScalarHunter instance;

}  // namespace

constinit const Hunter& ec_scalar_hunter = instance;

}  // namespace dumpgate
