// Judges the bodies of DER private keys. For .cpp files of proof only. Each body may end anywhere; what is
// there is used.

#pragma once

#include <cstddef>
#include <span>

#include "scanner/proof/relations.h"

namespace dumpgate {

// RSAPrivateKey (RFC 8017 A.1.2).
Outcome judge_rsa_der(std::span<const std::byte> der);

// ECPrivateKey (RFC 5915). `curve` is the one that the encoding around it names; nullptr: the encoding's own,
// or else every named curve of the scalar's size.
Outcome judge_ec_der(std::span<const std::byte> der, const std::shared_ptr<const EcCurve>& curve);

// OpenSSL's DSA private key: SEQUENCE { 0, p, q, g, y, x }.
Outcome judge_dsa_der(std::span<const std::byte> der);

}  // namespace dumpgate
