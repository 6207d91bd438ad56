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
#include <vector>

#include "scanner/hunt/hunter.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

// What a unit full of somebody's numbers may cost; more is left out.
struct BareDsaLimits {
  static constexpr std::size_t pairs = std::size_t{1} << 22U;  // of p and q: a third of a second
  static constexpr std::size_t groups = 16;                    // a unit and its neighbours
  static constexpr std::size_t elements = 16;                  // of order q, in a group
  static constexpr std::size_t powers = 4096;                  // of candidates for g and y
};

// The keys of the unit and its neighbours, each pair of elements in both ways. Known RSA moduli are tried as
// p like other numbers: whoever writes a key around a p must not hide it. Says in the unit what it leaves
// out. Throws std::bad_alloc.
std::vector<PublicKey> bare_dsa_keys_near(HuntUnit& unit);

}  // namespace dumpgate
