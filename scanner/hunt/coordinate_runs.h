// Coordinate runs: numbers modulo 2^255 - 19 as 64-bit arithmetic keeps them, five digits of 51 bits in five
// words (ref10's fe51, curve25519-donna: wolfCrypt, libsodium, BoringSSL, dalek). What is left of a point on
// a stack is often only this. The one rule: they are looked up, as public points; no private number is kept
// so.
//
// One digit in eight looks like a pointer, so these words are no memory run. A run is a maximal stretch in
// which every five neighbouring words are digits that look random: none is zero or above 2^51, two or more
// are longer than a pointer, and their 40 bytes have 22 different values. Of random numbers 0.11 % are lost:
// those with fewer than two digits above 2^48. Stretches of more than longest_run words are constants (tables
// of multiples of the base point) and are left out.

#pragma once

#include "scanner/hunt/number_runs.h"
#include "scanner/hunt/stretch_reader.h"
#include "scanner/hunt/word_marks.h"

namespace dumpgate {

// Adds the coordinate runs that begin in the own bytes of a little-endian stretch.
void gather_coordinate_runs(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs);

}  // namespace dumpgate
