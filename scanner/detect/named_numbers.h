// The numbers of a key that a text gives one by one, each under its name (JWK, XML, BIND), put together as
// the DER of the same key, so that every such text is judged by the proofs of DER. The one rule: a number
// that is not there is empty, and becomes zero, which the proofs take for absent.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/candidate.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {

// The bytes of the base64 or base64url text [begin, end): white space, backslashes and padding allowed, empty
// when there is anything else in it or too much of it.
SecretBytes base64_number(TextView& text, std::ptrdiff_t begin, std::ptrdiff_t end);

// Big-endian; leading zeros allowed (RFC 8017 3.2).
struct RsaMembers {
  SecretBytes n{}, e{}, d{}, p{}, q{}, dp{}, dq{}, qinv{};

  bool is_private() const {
    return !d.empty() || !p.empty() || !q.empty() || !dp.empty() || !dq.empty() || !qinv.empty();
  }
};

// RSAPrivateKey (RFC 8017 A.1.2), for Form::pkcs1_private.
SecretBytes rsa_private_der(const RsaMembers& numbers);
// SubjectPublicKeyInfo of n and e, for Form::spki.
SecretBytes rsa_public_der(const RsaMembers& numbers);

// A curve by the names that texts have for it.
struct NamedCurve {
  std::string_view jwk{};   // "crv" of RFC 7518 6.2.1.1, 8037 2, 8812 3.1
  std::string_view oid{};   // content octets: of the curve, or of the algorithm when `raw`
  std::size_t size = 0;     // of a coordinate or raw key, in bytes
  bool raw = false;         // an Edwards or Montgomery curve (RFC 8410)
  std::string_view name{};  // Candidate::algorithm: "ec", "ed25519", ...
  int dnssec = 0;           // algorithm number of RFC 6605 and 8080; 0: none
};
std::span<const NamedCurve> named_curves();

struct CurveMembers {
  const NamedCurve* curve = nullptr;  // nullptr: lost
  SecretBytes d{}, x{}, y{};          // raw curves: d the secret, x the public key
};

// ECPrivateKey (RFC 5915), for Form::sec1_private; of a raw curve OneAsymmetricKey (RFC 8410 section 7), for
// Form::pkcs8_private.
SecretBytes curve_private_der(const CurveMembers& numbers);
Form form_of_private(const CurveMembers& numbers);
// SubjectPublicKeyInfo, for Form::spki; empty when the point is not all there.
SecretBytes curve_public_der(const CurveMembers& numbers);

}  // namespace dumpgate
