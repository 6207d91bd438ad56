// BareDsa: DSA keys whose public half no encoding names: p, q, g and y as bare numbers of one stretch of
// memory. The one rule: q divides p - 1 and g and y have the order q, each by arithmetic on the whole
// numbers.
//
// FIPS 186-4 section 4.1: p is a prime of 1,024, 2,048 or 3,072 bits and q a prime of 256 that divides p - 1;
// a random pair does with probability 2^-255. g and y are of order q, a random number is with 2^-768 or less;
// which is which nobody can see, so that both ways are keys to try. Smaller q are no runs of
// hunt/number_runs.h.

#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "scanner/hunt/hunter.h"
#include "scanner/hunt/leads.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

// Immutable; safe for concurrent use.
class BareDsa {
 public:
  // What a unit full of somebody's numbers may cost; more is left out.
  static constexpr std::size_t most_pairs = std::size_t{1} << 22U;  // of p and q: a third of a second
  static constexpr std::size_t most_groups = 16;                    // a unit and its neighbours
  static constexpr std::size_t most_elements = 16;                  // of order q, in a group
  static constexpr std::size_t most_powers = 4096;                  // of candidates for g and y

  // RSA moduli among the leads are no p.
  explicit BareDsa(const LeadSet& leads);

  // The keys of the unit and its neighbours, each pair of elements in both ways. Says in the unit what it
  // leaves out. Throws std::bad_alloc.
  std::vector<PublicKey> keys_near(HuntUnit& unit) const;

 private:
  std::set<std::vector<std::uint64_t>> moduli_{};  // of RSA keys: little-endian limbs
};

}  // namespace dumpgate
