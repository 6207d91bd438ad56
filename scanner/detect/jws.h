// Compact JSON Web Signatures made with HMAC (RFC 7515 section 7.1, RFC 7518 section 3.2): the tokens of web
// services. They are no secret that the hunt looks for, but each tells the key that signed it from all
// others.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace dumpgate {

inline constexpr std::size_t longest_jws_header = 512;  // characters
inline constexpr std::size_t longest_jws_payload = std::size_t{16} * 1024;

struct Jws {
  unsigned bits = 0;                   // 256, 384, 512: of the hash
  std::string_view header{};           // base64url, as it stands in the token
  std::string_view signed_part{};      // header '.' payload: what the MAC is over
  std::vector<std::byte> signature{};  // bits / 8 bytes
  std::size_t size = 0;                // of the token, characters
};

// The token that begins with the first byte, "eyJ". Views into `bytes`. Costs no more than the token's
// length.
std::optional<Jws> jws_at(std::span<const std::byte> bytes);

}  // namespace dumpgate
