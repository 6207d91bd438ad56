// Signed tokens: JWS compact serialisation (RFC 7515, 7.1) of a small claims set, RS256 and ES256. Functions
// are safe for concurrent use and throw std::runtime_error when OpenSSL refuses.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "samples/signing_service/key_ring.h"
#include "samples/signing_service/tenants.h"

namespace signing_service {

struct Claims {
  std::string subject;
  std::string tenant;
  std::int64_t issued_at = 0;  // seconds since the epoch
};

// The defect of samples/demo lives here, and is a real one: the tenant is looked up while the signature is
// being made, and nobody checks that there is such a tenant.
std::string issue_token(const Key& key, const Claims& claims, Tenants& tenants);

// Whether a key of the ring made the token's signature. Counts the check for `tenant`, with the same defect.
bool verify_token(const KeyRing& ring, std::string_view token, std::string_view tenant, Tenants& tenants);

}  // namespace signing_service
