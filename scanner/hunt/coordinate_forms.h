// The digits in which software computes with points of edwards25519, as bytes of a little-endian machine's
// memory: what a stack keeps of a public key when its 32 bytes are gone. The one rule: each form is the whole
// y coordinate, so whoever finds one has found the point, or its negative.
//
// Only affine coordinates: they are made to encode a point or to check a signature. The projective ones of
// which they are computed are left behind by key exchanges on curve25519 too.

#pragma once

#include <array>
#include <cstddef>

#include "scanner/hunt/edwards_base.h"

namespace dumpgate {

using CoordinateForm = std::array<std::byte, 40>;

// Of an encoded point (RFC 8032 section 5.1.2): five digits of 51 bits in 64; ten digits of 26 and 25 bits in
// turn in 32, as remainders nearest to zero (ref10) and from zero on (curve25519-donna).
std::array<CoordinateForm, 3> coordinate_forms(const Bytes32& point);

}  // namespace dumpgate
