// The bytes by which memory tells numbers of a curve: how software keeps a coordinate, and the constants that
// whoever computes on a curve keeps beside its points. The one rule: these are looked up whole; what looks
// like them is nothing.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dumpgate {

using Needle = std::vector<std::byte>;  // as it lies in a little-endian machine's memory

// The ways in which software keeps the coordinate x of a field of `bits` bits. `plain` is x and `times_r` is
// x*R modulo the prime, as limbs; of a scalar that is kept in digits, by `layout`, the point is in the same
// digits.
std::vector<Needle> coordinate_needles(std::span<const std::uint64_t> plain,
                                       std::span<const std::uint64_t> times_r, unsigned bits,
                                       std::string_view layout);

// The field's prime and the generator of one of OpenSSL's prime curves, by its short name, as software that
// computes on the curve has them in its heap: limbs, the generator times R modulo the prime too, Java's order
// of words, digits. Not as big-endian bytes: so OpenSSL's library itself has the constants of every curve,
// and every process that loads it. Nor the order, which CPython's cryptography has of every curve. Empty for
// names OpenSSL does not know.
std::vector<Needle> curve_constants(const std::string& curve);

}  // namespace dumpgate
