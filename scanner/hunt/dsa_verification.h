// What checking a DSA signature leaves behind: u1 and g^u1, u2 and y^u2 (FIPS 186-4 section 4.7), which
// relate as a private number and its public half do, and are public. The one rule: they are told by the
// digest and the signature that were checked, which must lie in the same memory: who does not know u1 and u2
// cannot put them there. He can where he knows the ratio of two private numbers of the memory, as of two
// copies of one: no check leaves those. So nobody hides a key behind numbers of his own.

#pragma once

#include "scanner/hunt/word_index.h"
#include "scanner/proof/relations.h"

namespace dumpgate {

// Whether `one` and `other`, both with all of their numbers, are what one check left: u1 = z*w and u2 = r*w
// modulo q, w = 1/s, r = (g^u1*y^u2 mod p) mod q, and z and s are numbers of `words`, each in one of three
// orders of bytes. By chance with probability 2^-250. Throws std::bad_alloc.
bool is_verification(const DiscreteLogNumbers& one, const DiscreteLogNumbers& other, const WordIndex& words);

}  // namespace dumpgate
