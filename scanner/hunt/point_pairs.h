// Point pairs: two neighbouring numbers of memory that are the coordinates of a point, by which memory names
// a curve none of whose constants is in it: software that keeps them in its read-only data, which most cores
// leave out (mbedTLS), still has the public point in its heap. The one rule: a pair says which curve's
// scalars are worth trying and proves nothing. A random pair lies on a curve with probability 2^-256 and
// below.

#pragma once

#include <set>
#include <span>
#include <string_view>

#include "scanner/hunt/number_runs.h"

namespace dumpgate {

// The curves, by OpenSSL's short names and of those that curve_of_point knows, on which a pair lies as limbs,
// in either order: two runs of a coordinate's size one after the other, as heaps keep them between their own
// words, or the halves of a run of twice the size. Stores may be null.
std::set<std::string_view> curves_of_pairs(std::span<const RunStore* const> stores);

}  // namespace dumpgate
