// base64url without padding (RFC 4648, 5; RFC 7515, 2), the alphabet of tokens.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signing_service {

inline constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

inline std::string base64url(std::span<const unsigned char> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (j < count ? bytes[i + j] : 0U);
    }
    for (std::size_t j = 0; j <= count; ++j) {
      text += base64url_alphabet[group >> (18U - 6U * j) & 63U];
    }
  }
  return text;
}

inline std::string base64url(std::string_view text) {
  return base64url(std::vector<unsigned char>(text.begin(), text.end()));
}

// Nothing when the text is not base64url.
inline std::optional<std::vector<unsigned char>> from_base64url(std::string_view text) {
  std::vector<unsigned char> bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t value = base64url_alphabet.find(c);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push_back(static_cast<unsigned char>(bits >> held & 0xFFU));
    }
  }
  return bytes;
}

}  // namespace signing_service
