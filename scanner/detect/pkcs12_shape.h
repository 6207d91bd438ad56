// The shape of PFX (PKCS #12, RFC 7292 section 4) in BER or DER, shared by its own detector and by that of
// encrypted PKCS #8, which occurs inside it.

#pragma once

#include "scanner/detect/der_shapes.h"

namespace dumpgate {

// PFX from the version INTEGER (3) at `version`.
std::optional<KeyShape> pkcs12_at(std::span<const std::byte> bytes, std::size_t version);

// Whether an intact PFX that its own detector reports encloses `inner`.
bool inside_pkcs12(std::span<const std::byte> bytes, std::size_t inner);

}  // namespace dumpgate
