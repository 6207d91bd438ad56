// The public key that a bare scalar of Ed448 gives, exactly. The one rule: it proves, where curve448.h only
// filters: up to four points of edwards448 and their negatives have the same u there, and one key is known.

#pragma once

#include "scanner/hunt/curve448.h"

namespace dumpgate {

// The encoding of a*B (RFC 8032 section 5.2), for any 448-bit little-endian number a, taken as it is: 40 us,
// by a table that the first call makes within a millisecond. Not constant time: it works on other people's
// leaked numbers. Safe for concurrent use; throws std::bad_alloc.
Bytes57 ed448_point(const Bytes56& scalar);

}  // namespace dumpgate
