// EdwardsBase: many multiples of the base point of edwards25519 (RFC 8032 section 5.1), fast. The one rule:
// it only filters. Not constant time: it works on other people's leaked numbers; what it finds is confirmed
// by OpenSSL.
//
// Eight-bit windows with a table of all 255 multiples of 2^(8i)*B, mixed additions in extended coordinates
// (Hisil, Wong, Carter, Dawson 2008), one inversion for a whole batch.

#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace dumpgate {

using Bytes32 = std::array<std::byte, 32>;

// What k*B gives: the encoded point (RFC 8032) and the u coordinate of the same point on curve25519 (RFC
// 7748).
struct EdwardsMultiple {
  Bytes32 point{};
  Bytes32 u{};
};

// multiples computes k*B for each k, 256-bit little-endian numbers taken as they are: neither clamped nor
// reduced. As many results as scalars. Safe for concurrent use; the table is made at the first call (some
// milliseconds).
void edwards_multiples(std::span<const Bytes32> scalars, std::span<EdwardsMultiple> results);

}  // namespace dumpgate
