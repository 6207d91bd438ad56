// The EC hunter: a private scalar d as a bare number, found by its public point Q: a known key's, or one that
// the same memory holds as a bare number itself. The one rule: d*G = Q is confirmed by OpenSSL; the fast
// multiplication before it only filters.
//
// Candidates are windows of the curve's size that touch an end of their run (heaps put a size or a pointer
// before a number) or, in runs of at most twelve words, are a multiple of their size away from it (heaps
// without headers), and numbers in the other layouts; limbs also as d*R modulo the order (ring). The point of
// a bare pair is looked for by its x coordinate: as limbs, times R modulo the prime (OpenSSL, BoringSSL),
// big-endian at any byte, in Java's order of words, and in the digits that the scalar itself is kept in.

#include <openssl/ec.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/curve_numbers.h"
#include "scanner/hunt/fixed_base.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/hunt/point_pairs.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

constexpr std::size_t scalars_together = 1024;  // scalars multiplied at once

// The curves whose points are looked for as bare numbers too, even if no key of the dump names them: the
// usual ones everywhere, the rare ones where a constant of the curve lies in the same or a neighbouring unit,
// as it does where software computes on it, or both coordinates of a point. Of others only if a key names the
// curve.
constexpr std::array<std::string_view, 4> usual_curves{"prime256v1", "secp384r1", "secp521r1", "secp256k1"};
constexpr std::array<std::string_view, 5> rare_curves{"brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1",
                                                      "brainpoolP512r1", "SM2"};

constexpr std::string_view montgomery_layout = "limbs-le64-montgomery";

struct Curve {
  std::string name{};
  unsigned bits = 0;                                                 // of the field
  std::unordered_multimap<std::uint64_t, const KnownKey*> points{};  // by the low limb of x
  std::vector<Needle> constants{};  // one of which or a point must lie in the memory; empty: tried everywhere

  std::size_t limbs() const { return (bits + 63) / 64; }
  bool is_named_in(NumberSearch& numbers) const {
    return constants.empty() ||
           std::ranges::any_of(constants, [&](const Needle& constant) { return numbers.holds(constant); });
  }
};

struct Spot {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct Place {
  Spot bytes{};
  std::string_view layout{};
  std::vector<Spot> repeats{};  // where else the same number lies in the same layout, with zeros or without
};

// The different scalars of a unit, of one size. Memory holds many copies of a certificate, so the half of all
// numbers are repetitions.
class Batch {
 public:
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> scalars{};
  std::vector<Place> places{};

  void add(std::span<const std::uint64_t> low, std::uint64_t top, Place place) {
    if (2 * places.size() >= slots_.size()) grow(low.size() + 1);
    if (std::uint32_t* slot = slot_of(low, top, place.layout); slot != nullptr) {
      if (*slot != 0) {
        places[*slot - 1].repeats.push_back(place.bytes);
        return;
      }
      *slot = static_cast<std::uint32_t>(places.size() + 1);
    }
    append(low, top, std::move(place));
  }

  void append(std::span<const std::uint64_t> low, std::uint64_t top, Place place) {
    scalars.insert(scalars.end(), low.begin(), low.end());
    scalars.push_back(top);
    places.push_back(std::move(place));
  }

 private:
  // The slot of that number or the one to put it in; null where slots are taken for as far as is looked:
  // whoever chooses numbers to collide makes them cost a multiplication each, no more.
  std::uint32_t* slot_of(std::span<const std::uint64_t> low, std::uint64_t top, std::string_view layout) {
    constexpr std::size_t most_looked_at = 32;
    const std::size_t limbs = low.size() + 1;
    std::uint64_t hash = top;
    for (const std::uint64_t limb : low) hash = (hash ^ limb) * 0x9e3779b97f4a7c15U;
    for (std::size_t i = 0; i < most_looked_at; ++i) {
      std::uint32_t& slot = slots_[((hash >> 32U) + i) & (slots_.size() - 1)];
      if (slot == 0) return &slot;
      const auto other = std::span<const std::uint64_t>(scalars).subspan((slot - 1) * limbs, limbs);
      if (other.back() == top && std::ranges::equal(other.first(limbs - 1), low) &&
          places[slot - 1].layout == layout)
        return &slot;
    }
    return nullptr;
  }

  void grow(std::size_t limbs) {
    slots_.assign(std::max<std::size_t>(1024, 4 * slots_.size()), 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto scalar = std::span<const std::uint64_t>(scalars).subspan(i * limbs, limbs);
      std::uint32_t* slot = slot_of(scalar.first(limbs - 1), scalar.back(), places[i].layout);
      if (slot != nullptr && *slot == 0) *slot = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::vector<std::uint32_t> slots_{};  // open addressing: indices of places plus one
};

bool below(std::span<const std::uint64_t> a, std::span<const std::uint64_t> bound) {
  for (std::size_t i = a.size(); i-- > 0;)
    if (a[i] != bound[i]) return a[i] < bound[i];
  return false;
}

// The public key d*G, by OpenSSL.
std::optional<PublicKey> public_key_of(const std::string& curve, std::span<const std::uint64_t> d) {
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
      EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve.c_str())), &EC_GROUP_free);
  if (!group) return std::nullopt;
  const std::unique_ptr<EC_POINT, decltype(&EC_POINT_clear_free)> point(EC_POINT_new(group.get()),
                                                                        &EC_POINT_clear_free);
  if (!point) return std::nullopt;
  const auto scalar = BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(d));
  BigNumber x, y;
  if (EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), point.get(), x.get(), y.get(), nullptr) != 1)
    return std::nullopt;
  const auto size = static_cast<std::size_t>((EC_GROUP_get_degree(group.get()) + 7) / 8);
  return ec_public_key(curve, x.big_endian(size), y.big_endian(size));
}

// Whether d is a power of two modulo the order, or the negative of one: no secret, though d*G may well be in
// memory. Libraries with Montgomery arithmetic keep R^2 modulo the order of each curve (read as d*R, that is
// d = R), and their tables of multiples of G hold R*G.
bool is_power_of_two(const FixedBase& base, std::span<const std::uint64_t> d) {
  const auto number = [](std::span<const std::uint64_t> limbs) {
    return BigNumber::from_big_endian(big_endian_bytes<SecretBytes>(limbs));
  };
  const auto most = static_cast<unsigned>(std::size_t{4} * 64 * base.limbs());  // as far as R^4
  return number(d).is_power_of_two(number(base.order()), most);
}

class ScalarHunt final : public Hunt {
 public:
  explicit ScalarHunt(const LeadSet& leads) {
    std::map<std::string, Curve> curves;
    for (const std::string_view name : usual_curves) curves[std::string(name)] = {};
    for (const auto& [name, known] : leads.all()) {
      if (known.key.algorithm != KeyAlgorithm::ec || known.key.curve.empty() || known.key.bits < 256)
        continue;
      if (known.origin == KeyOrigin::private_key) continue;  // may be computed from the scalar itself
      curves[known.key.curve].points.emplace(limbs_of(known.key.x, (known.key.bits + 63) / 64)[0], &known);
    }
    for (const std::string_view name : rare_curves)
      if (!curves.contains(std::string(name)))
        curves[std::string(name)].constants = curve_constants(std::string(name));
    for (auto& [name, curve] : curves) {
      curve.name = name;
      curve.bits = bits_of(name);
      if (curve.bits >= 256 && curve.bits <= 576) curves_.push_back(std::move(curve));
    }
    std::ranges::stable_sort(curves_, {}, &Curve::limbs);
  }

  void examine(HuntUnit& unit, std::vector<Finding>& findings) const override {
    NumberSearch numbers(unit);
    const std::vector<const Curve*> curves = used_in(unit, numbers);
    std::map<std::size_t, Batch> batches;
    std::vector<unsigned> sizes;  // in bits, for numbers in exact layouts
    for (const Curve* curve : curves) {
      batches[curve->limbs()] = {};
      sizes.push_back(curve->bits);
    }
    RandomTest random;
    LayoutReader reader(sizes);
    unit.each_run([&](const NumberRun& run) {
      reader.each(run, [&](const NumberView& view) {
        bool read = false;
        for (auto& [limbs, batch] : batches) add_candidates(view, limbs, random, read, batch);
      });
    });
    std::vector<Finding> found;
    for (const Curve* curve : curves) multiply(*curve, batches.at(curve->limbs()), numbers, found);
    std::ranges::stable_sort(found, {}, &Finding::offset);
    std::ranges::move(found, std::back_inserter(findings));
  }

 private:
  // The curves to try in a unit, in their order.
  std::vector<const Curve*> used_in(const HuntUnit& unit, NumberSearch& numbers) const {
    const auto pairs = curves_of_pairs(unit.near());
    std::vector<const Curve*> used;
    for (const Curve& curve : curves_)
      if (pairs.contains(curve.name) || curve.is_named_in(numbers)) used.push_back(&curve);
    return used;
  }

  static unsigned bits_of(const std::string& curve) {
    const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
        EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve.c_str())), &EC_GROUP_free);
    return group ? static_cast<unsigned>(EC_GROUP_get_degree(group.get())) : 0;
  }

  // `read` says whether `random` has read the view already.
  static void add_candidates(const NumberView& view, std::size_t limbs, RandomTest& random, bool& read,
                             Batch& waiting) {
    // A top limb of few bits (P-521) is a plain word: it ends the run instead of lying in it.
    if (limbs == 9) {
      read = false;
      add_with_plain_top(view, limbs, random, waiting);
      return;
    }
    if (view.limbs.size() < limbs || (view.exact && view.limbs.size() != limbs)) return;
    const std::size_t last = view.limbs.size() - limbs;
    for (std::size_t at = 0; at <= last; ++at) {
      if (!view.at_an_end(at, limbs) && (view.limbs.size() > small_run || at % limbs != 0)) continue;
      if (!std::exchange(read, true)) random.read(view.limbs);
      if (!random.looks_random(at, limbs)) continue;
      const auto d = view.limbs.subspan(at, limbs);
      waiting.add(d.first(limbs - 1), d.back(), {{view.place(at, limbs), view.length(limbs)}, view.layout});
    }
  }

  static void add_with_plain_top(const NumberView& view, std::size_t limbs, RandomTest& random,
                                 Batch& waiting) {
    constexpr unsigned top_bits = 9;
    const std::size_t inside = view.exact ? limbs : limbs - 1;
    if (view.limbs.size() < inside || (view.exact && view.limbs.size() != limbs)) return;
    if (view.open_high) return;  // where a stretch was cut no plain word follows
    const std::uint64_t top = view.exact ? view.limbs.back() : view.after;
    if (top >> top_bits != 0) return;
    const auto low = view.exact ? view.limbs.first(limbs - 1) : view.limbs.last(limbs - 1);
    random.read(low);
    if (!random.looks_random(0, low.size())) return;
    const std::uint64_t place = view.place(view.limbs.size() - inside, inside);
    waiting.add(low, top,
                {{view.reversed && !view.exact ? place - 8 : place, view.length(limbs)}, view.layout});
  }

  static void multiply(const Curve& curve, const Batch& waiting, NumberSearch& numbers,
                       std::vector<Finding>& findings) {
    if (waiting.places.empty()) return;
    const FixedBase* base = FixedBase::of(curve.name, waiting.places.size());
    if (base == nullptr || base->limbs() != curve.limbs()) return;
    for (std::size_t at = 0; at < waiting.places.size(); at += scalars_together)
      for (const bool montgomery : {false, true})
        try_scalars(curve, *base, of_order(*base, waiting, at, montgomery), numbers, findings);
  }

  // The waiting scalars from `begin` on that are below the curve's order: as they are, or those kept as limbs
  // divided by R.
  static Batch of_order(const FixedBase& base, const Batch& waiting, std::size_t begin, bool montgomery) {
    Batch batch;
    const std::size_t limbs = base.limbs();
    const std::size_t end = std::min(begin + scalars_together, waiting.places.size());
    for (std::size_t i = begin; i < end; ++i) {
      const auto d = std::span<const std::uint64_t>(waiting.scalars).subspan(i * limbs, limbs);
      const std::string_view layout = waiting.places[i].layout;
      if (!below(d, base.order()) || (montgomery && layout != limbs_layout)) continue;
      batch.append(d.first(limbs - 1), d.back(), waiting.places[i]);
      if (montgomery) batch.places.back().layout = montgomery_layout;
    }
    if (montgomery) base.scalars_from_montgomery(batch.scalars);
    return batch;
  }

  static void try_scalars(const Curve& curve, const FixedBase& base, const Batch& batch,
                          NumberSearch& numbers, std::vector<Finding>& findings) {
    const std::size_t limbs = base.limbs();
    std::vector<std::uint64_t> x(batch.scalars.size());
    base.multiples_x(batch.scalars, x);
    std::vector<std::uint64_t> times_r = x;
    base.coordinates_to_montgomery(times_r);
    for (std::size_t i = 0; i < batch.places.size(); ++i) {
      const auto d = std::span<const std::uint64_t>(batch.scalars).subspan(i * limbs, limbs);
      const auto plain = std::span<const std::uint64_t>(x).subspan(i * limbs, limbs);
      if (try_known(curve, d, plain, batch.places[i], findings)) continue;
      const auto needles =
          coordinate_needles(plain, std::span<const std::uint64_t>(times_r).subspan(i * limbs, limbs),
                             curve.bits, batch.places[i].layout);
      const bool paired =
          std::ranges::any_of(needles, [&](const auto& needle) { return numbers.holds(needle); });
      if (!paired || is_power_of_two(base, d)) continue;
      const auto key = public_key_of(curve.name, d);
      if (!key || limbs_of(key->x, limbs) != std::vector<std::uint64_t>(plain.begin(), plain.end())) continue;
      report(
          *key, KeyUse::unknown, batch.places[i],
          "its public point lies beside it as a bare number: a signing key, a nonce or a key of an exchange",
          findings);
    }
  }

  // Whether d*G = Q, or d*G = -Q, for a known Q: the negative of a private scalar is as good as the scalar.
  static bool try_known(const Curve& curve, std::span<const std::uint64_t> d,
                        std::span<const std::uint64_t> x, const Place& place,
                        std::vector<Finding>& findings) {
    bool found = false;
    const auto [first, last] = curve.points.equal_range(x.front());
    if (first == last) return false;
    const auto key = public_key_of(curve.name, d);
    for (auto point = first; key && point != last; ++point) {
      const KnownKey& known = *point->second;
      if (key->x != known.key.x) continue;
      report(known.key, use_of_origin(known.origin), place, "", findings);
      found = true;
    }
    return found;
  }

  static void report(const PublicKey& key, KeyUse use, const Place& place, std::string_view detail,
                     std::vector<Finding>& findings) {
    Finding finding;
    finding.signature = "ec-private-key";
    finding.kind = KeyKind::private_key;
    finding.use = use;
    finding.algorithm = "ec";
    finding.bits = key.bits;
    finding.curve = key.curve;
    finding.representation = place.layout;
    finding.evidence = Evidence::proof;
    finding.relation = "d*G=Q";
    finding.offset = place.bytes.offset;
    finding.length = place.bytes.length;
    finding.public_key_sha256 = key.sha256;
    finding.detail = detail;
    findings.push_back(finding);
    for (const Spot& bytes : place.repeats) {
      finding.offset = bytes.offset;
      finding.length = bytes.length;
      findings.push_back(finding);
    }
  }

  std::vector<Curve> curves_{};  // by their limbs, then by name
};

class EcScalarHunter final : public Hunter {
 public:
  std::string_view name() const noexcept override { return "ec-scalar"; }
  std::span<const std::string_view> representations(const PublicKey& key) const noexcept override {
    if (key.algorithm != KeyAlgorithm::ec || key.curve.empty() || key.bits < 256) return {};
    static const std::vector<std::string_view> forms = [] {
      std::vector<std::string_view> all(all_layouts().begin(), all_layouts().end());
      all.push_back(montgomery_layout);
      all.push_back(text_layout);
      return all;
    }();
    return forms;
  }
  std::unique_ptr<Hunt> prepare(const LeadSet& leads) const override {
    return std::make_unique<ScalarHunt>(leads);
  }
};

constinit const EcScalarHunter ec_scalar_instance;

}  // namespace

constinit const Hunter& ec_scalar_hunter = ec_scalar_instance;

}  // namespace dumpgate
