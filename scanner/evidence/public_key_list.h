// The artifact "public-keys" of a verdict: the names of all public keys that were seen in a dump, so that a
// query by certificate also finds the dumps that held the public half alone. The one rule: a list that cannot
// be read whole is an Error, never a shorter list.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

inline constexpr std::string_view public_keys_artifact = "public-keys";
inline constexpr std::string_view public_keys_media_type = "text/plain";

// One name a line: the SHA-256 of the DER SubjectPublicKeyInfo in lower-case hex, as ScanRecord::public_keys
// holds them.
std::string public_key_list(std::span<const std::string> names);
// ErrorCode::corrupt for anything but such lines.
Result<std::vector<std::string>> parse_public_key_list(std::span<const std::byte> artifact);

}  // namespace dumpgate
