// Curve448: what Ed448 (RFC 8032 section 5.2) and X448 (RFC 7748 section 5) have in common. Both multiply the
// same base point: a public key of either gives a u coordinate on curve448, and so does a private number. The
// one rule: it only filters; relate_raw and ed448_point prove. Not constant time: it works on other people's
// leaked numbers.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dumpgate {

using Bytes56 = std::array<std::byte, 56>;  // little-endian: a scalar or a u coordinate
using Bytes57 = std::array<std::byte, 57>;  // a seed or an encoded point of Ed448

// The fixed bits of a private scalar: the lowest two are 0, the highest is 1.
void clamp448(Bytes56& scalar);
// The scalar a of an Ed448 seed: the first half of its SHAKE256, clamped. Throws std::bad_alloc.
Bytes56 scalar_of_seed448(std::span<const std::byte, 57> seed);

// u of the point that is four times the public key's (RFC 7748 section 4.2, the 4-isogeny): what the scalar
// gives on curve448. Nothing for encodings of no point's y. The key's sign is lost, and a point of order two
// or four that was added to it: such keys give the same u.
// Throws std::bad_alloc.
std::optional<Bytes56> u_of_ed448(std::span<const std::byte, 57> point);

// multiples448 computes the u coordinate of k*B for each k, numbers taken as they are. As many results as
// scalars; u is 0 for a multiple of the group's order. Safe for concurrent use; tables are made at the first
// call (some milliseconds).
void multiples448(std::span<const Bytes56> scalars, std::span<Bytes56> u);

}  // namespace dumpgate
