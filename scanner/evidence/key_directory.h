// The directory of a gate's keys: the log's signing key and the site's key. The one rule: both are made here
// once, 0600 in a directory of 0700, and leave only by a backup that the site makes.

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

inline constexpr std::string_view signing_key_file = "gate.key";  // Ed25519, PKCS #8 PEM
// 32 random bytes that name secrets without a public half (proof/secret_name.h) and key retro filters.
inline constexpr std::string_view site_key_file = "site.key";

// Makes the directory where it is missing, and both keys. Keys that are there already are ErrorCode::usage.
Result<std::unique_ptr<Signer>> create_keys(const std::string& directory);

Result<std::unique_ptr<Signer>> open_signing_key(const std::string& directory);

}  // namespace dumpgate
