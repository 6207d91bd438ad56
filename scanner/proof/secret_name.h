// Names of secrets that have no public half: HMAC-SHA-256 (RFC 2104) of the secret under a key that stays
// with the site. The one rule: never a bare digest, because whoever holds the report could try likely
// passwords against it.

#pragma once

#include <cstddef>
#include <span>

#include "scanner/proof/finding.h"

namespace dumpgate {

// name_secret sets finding.secret_id. With a site key the same secret has the same name in every report of
// the site, and secret_id_is_public is set; with an empty one the name comes from a random key of this
// process and only tells secrets apart. Safe for concurrent use. Throws std::bad_alloc when OpenSSL has no
// memory.
void name_secret(std::span<const std::byte> secret, std::span<const std::byte> site_key, Finding& finding);

}  // namespace dumpgate
