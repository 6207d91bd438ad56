// FactorJoin: RSA keys whose modulus no certificate names: three neighbouring numbers p, q and n with p*q =
// n.
//
// Products are never computed to search: if n = p*q then n0 = p0*q0 modulo 2^64 for the low limbs, so for
// each pair (n, p) the low limb of q is known and looked up. What matches in the low and in the top limbs
// (2^-127 by chance) is multiplied out, and only an exact product counts. The one rule: n = p*q with both
// factors beside it in memory cannot be chance, so no certificate is needed; but arithmetic makes products
// too, so both factors must be prime.
//
// Bounds: more than 4 million pairs whose low limbs agree are no chance but somebody's work, nor are tests of
// composite factors that take more than half a minute: a gap, and the rest is not joined. The three numbers
// lie within `neighbourhood` bytes, among the last `kept` candidates of a size. Measured distances reach 2.8
// MB (mono, whose young objects lie in 4 MiB; Python with OpenSSL: 0.42 MB); what lies further apart is found
// through a known n.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scanner/hunt/number_runs.h"
#include "scanner/io/gap.h"
#include "scanner/proof/finding.h"
#include "scanner/proof/prove.h"

namespace dumpgate {

// A number that may be a factor or a modulus: odd, of a usual size with its top bit set, random-looking,
// without a small factor.
struct FactorCandidate {
  std::uint64_t offset = 0;  // in the layer
  std::uint64_t length = 0;
  std::string_view layout{};
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> limbs{};
};

// The sizes of factors of RSA-512 to RSA-8192 and of their moduli, as software makes them: limbs, ascending.
std::span<const std::size_t> usual_factor_sizes();
// The candidates of some runs, of these sizes in limbs, in their order. Safe for concurrent use.
std::vector<FactorCandidate> factor_candidates(const RunStore& runs,
                                               std::span<const std::size_t> sizes = usual_factor_sizes());

class FactorJoin {
 public:
  static constexpr std::uint64_t neighbourhood = 4ULL << 20;  // bytes of the layer
  static constexpr std::size_t kept = 4096;                   // candidates of one size and role

  // In an input. compared: pairs; a second. tested: products of limbs in tests of factors that are composite.
  struct Limits {
    std::uint64_t compared = 1ULL << 22U;
    std::uint64_t tested = 1ULL << 35U;
  };
  FactorJoin() = default;
  explicit FactorJoin(const Limits& limits) : limits_(limits) {}

  struct Joined {
    std::vector<Finding>& findings;
    std::vector<Lead>& leads;
    std::vector<Gap>& gaps;
  };
  // take adds the candidates of the next window of a layer and appends what they complete. Numbers of one key
  // are laid out alike, so only candidates of one layout are joined.
  void take(std::vector<FactorCandidate> candidates, Joined joined);

  // forget starts a new layer.
  void forget();

 private:
  using Limbs = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;
  struct Number {
    FactorCandidate candidate{};
    bool reported = false;
  };
  // Numbers of one size in the order of adding. The limbs that every pair is judged by lie together: the
  // pairs are many, and what else belongs to a number is seldom wanted.
  struct Numbers {
    std::deque<Number> all{};
    std::vector<std::uint64_t> limbs{};  // of a factor the inverse of its low limb, of a modulus its low limb
    std::size_t gone = 0;                // of `limbs`, at the front

    std::span<const std::uint64_t> judged() const { return std::span(limbs).subspan(gone); }
    void add(Number number, std::uint64_t limb);
    void drop_first();
  };
  // The candidates of one size: factors of m limbs and moduli of 2m.
  struct Size {
    Numbers factors{};
    Numbers moduli{};
    std::uint64_t first_id = 0;  // of factors.all.front(); ids count up in the order of adding
    std::unordered_multimap<std::uint64_t, std::uint64_t> factor_by_low{};  // low limb -> id
    // A bit for the low limb of each factor, and of those that went since it was made: answers most look-ups
    // from the processor's first cache.
    std::vector<std::uint64_t> filter{};
    std::size_t stale = 0;

    bool may_hold(std::uint64_t low) const {
      const std::size_t bit = filter_bit(low);
      return (filter[bit / 64] >> (bit % 64) & 1U) != 0;
    }
    void remember(std::uint64_t low);
    void renew_filter();
  };
  static constexpr std::size_t filter_bits = std::size_t{1} << 18U;
  static std::size_t filter_bit(std::uint64_t odd) {
    return static_cast<std::size_t>(odd >> 1U) & (filter_bits - 1);
  }

  void add_factor(Size& size, Number factor, Joined joined);
  void add_modulus(Size& size, Number modulus, Joined joined);
  void match(Size& size, std::uint64_t other_low, Number& factor, const Number& modulus, Joined joined);
  bool is_prime(const Limbs& factor);
  void report(Number& prime, const PublicKey& key, Joined joined);
  void leave_out(std::uint64_t offset, Joined joined);
  static void drop_old(Size& size, std::uint64_t now);

  std::map<std::pair<std::string_view, std::size_t>, Size> sizes_{};  // by layout and limbs of a factor
  std::set<Limbs> proven_{};                                          // moduli, of this layer
  std::map<Limbs, bool> tested_factors_{};                            // whether they are primes, in the input
  Limits limits_{};
  std::uint64_t compared_ = 0;  // in the input
  std::uint64_t tested_ = 0;
  bool left_out_ = false;
};

}  // namespace dumpgate
