// FactorJoin: RSA keys whose modulus no certificate names: three neighbouring numbers p, q and n with p*q =
// n.
//
// Products are never computed to search: if n = p*q then n0 = p0*q0 modulo 2^64 for the low limbs, so for
// each pair (n, p) the low limb of q is known and looked up. What matches in the low and in the top limbs
// (2^-127 by chance) is multiplied out, and only an exact product counts. The one rule: n = p*q with both
// factors beside it in memory cannot be chance, so no certificate and no primality test is needed.
//
// Bounds: the three numbers lie within `neighbourhood` bytes, among the last `kept` candidates of a size.
// Measured distances reach 0.42 MB (reference: Python with OpenSSL); what lies further apart is found through
// a known n.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scanner/hunt/number_runs.h"
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

// The candidates of some runs, in their order. Safe for concurrent use.
std::vector<FactorCandidate> factor_candidates(const RunStore& runs);

class FactorJoin {
 public:
  static constexpr std::uint64_t neighbourhood = 2ULL << 20;  // bytes of the layer
  static constexpr std::size_t kept = 4096;                   // candidates of one size and role
  static constexpr std::size_t lows = 1 << 17;

  // take adds the candidates of the next window of a layer and appends what they complete. Numbers of one key
  // are laid out alike, so only candidates of one layout are joined.
  void take(std::vector<FactorCandidate> candidates, std::vector<Finding>& findings,
            std::vector<Lead>& leads);

  // forget starts a new layer.
  void forget();

 private:
  struct Number {
    FactorCandidate candidate{};
    std::uint64_t inverse = 0;  // of the low limb
    bool reported = false;
  };
  // The candidates of one size: factors of m limbs and moduli of 2m.
  struct Size {
    std::deque<Number> factors{};
    std::deque<Number> moduli{};
    std::uint64_t first_id = 0;  // of factors.front(); ids count up in the order of adding
    std::unordered_multimap<std::uint64_t, std::uint64_t> factor_by_low{};  // low limb -> id
    // How many factors have each value of the low limb modulo `lows` : answers most look-ups from the cache.
    std::vector<std::uint16_t> lows = std::vector<std::uint16_t>(FactorJoin::lows);
  };

  void add_factor(Size& size, Number factor, std::vector<Finding>& findings, std::vector<Lead>& leads);
  void add_modulus(Size& size, Number modulus, std::vector<Finding>& findings, std::vector<Lead>& leads);
  void match(Size& size, Number& factor, const Number& modulus, std::vector<Finding>& findings,
             std::vector<Lead>& leads);
  static void drop_old(Size& size, std::uint64_t now);

  std::map<std::pair<std::string_view, std::size_t>, Size> sizes_{};  // by layout and limbs of a factor
};

}  // namespace dumpgate
