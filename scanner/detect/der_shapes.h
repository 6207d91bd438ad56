// The shapes of DER private keys, recognised from their version INTEGER onward: a freed buffer has lost its
// head more often than not, so the outer SEQUENCE header only confirms, and never decides. The one rule:
// shapes are plausible, not proven; numbers are looked at as bytes, and arithmetic is the business of the
// proof layer.
//
// Each function takes bytes nobody vouches for and a position in them, and looks at nothing else, so that
// detectors of nested encodings can ask whether the detector of the outer one will report it.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "scanner/base/der_reader.h"
#include "scanner/detect/candidate.h"
#include "scanner/detect/window.h"

namespace dumpgate {

// Whether bytes look drawn at random: no zero runs, tables, counters or text. Fewer than 8 bytes never do.
bool looks_random(std::span<const std::byte> bytes);

// A constructed element's header that ends where its inside begins.
struct OuterHeader {
  std::size_t begin = 0;
  std::uint64_t length = 0;  // of the inside, as claimed; 0 for the indefinite form
  bool indefinite = false;
};
// The SEQUENCE header that ends at `inside` and whose length is at least `least`; nothing when it is lost or
// damaged.
std::optional<OuterHeader> sequence_header_before(std::span<const std::byte> bytes, std::size_t inside,
                                                  std::size_t least);

// The extent of a private-key encoding in the bytes that were looked at.
struct KeyShape {
  std::size_t begin = 0;   // of the outer header, or of the version when that is lost
  std::size_t inside = 0;  // of the version
  std::size_t end = 0;
  bool header_intact = false;
  bool cut = false;
  Evidence evidence = Evidence::marker;
};

// RSAPrivateKey (RFC 8017 A.1.2) or OpenSSL's DSA private key, from the version INTEGER at `version`.
struct IntegersShape : KeyShape {
  bool dsa = false;
};
std::optional<IntegersShape> integers_key_at(std::span<const std::byte> bytes, std::size_t version);

// ECPrivateKey (RFC 5915).
struct Sec1Shape : KeyShape {
  bool has_public = false;
  std::size_t public_begin = 0;  // of the [1] element
};
std::optional<Sec1Shape> sec1_key_at(std::span<const std::byte> bytes, std::size_t version);

// An algorithm that PKCS #8 may carry, and what its privateKey OCTET STRING must hold.
enum class KeyBody : std::uint8_t { rsa, ec, raw, integer, any };
struct KeyAlgorithmShape {
  std::string_view oid{};        // content octets
  std::string_view algorithm{};  // Candidate::algorithm
  std::string_view signature{};  // when no signature claims the OID
  KeyBody body = KeyBody::any;
  std::size_t raw_size = 0;  // for KeyBody::raw
};

// OneAsymmetricKey (RFC 5958), v1 and v2.
struct Pkcs8Shape : KeyShape {
  std::span<const std::byte> oid{};
  const KeyAlgorithmShape* algorithm = nullptr;  // nullptr: not one we know
  std::size_t key_begin = 0;                     // of the OCTET STRING's content
};
std::optional<Pkcs8Shape> pkcs8_key_at(std::span<const std::byte> bytes, std::size_t version);

// The PKCS #8 encoding whose privateKey begins at `inner` and which its own detector reports.
std::optional<Pkcs8Shape> pkcs8_around(std::span<const std::byte> bytes, std::size_t inner);

// A candidate for `shape`, found in `around` by a DER detector. When the outer header is lost the payload
// gets a new one, so that proofs see one form only.
Candidate der_candidate(const Window::Around& around, const KeyShape& shape, Form form);

}  // namespace dumpgate
