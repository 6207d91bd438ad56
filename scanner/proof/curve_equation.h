// Which curve an uncompressed point lies on, asked of bytes that are most often no point at all: about a
// microsecond for all curves, so that a scan can ask for every place that looks like one. The one rule: a
// random x and y satisfy the equation of a curve with probability 2^-256 and below, so the answer is no
// guess.

#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace dumpgate {

// The sizes of 04 || x || y (SEC 1 2.3.3) on the curves that are asked, in bytes.
inline constexpr std::array<std::size_t, 5> bare_point_sizes{65, 81, 97, 129, 133};

// OpenSSL's short name of the curve whose equation the encoded point satisfies; "" when none does, or when
// `encoded` has none of bare_point_sizes. P-256, P-384, P-521, secp256k1, SM2 and the r1 curves of RFC 5639
// of 256, 320, 384 and 512 bits. Safe for concurrent use.
std::string_view curve_of_point(std::span<const std::byte> encoded);

}  // namespace dumpgate
