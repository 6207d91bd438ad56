// Hexadecimal text, lower case. For digests and addresses only: never for bytes of a dump.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dumpgate {

std::string to_hex(std::span<const std::byte> bytes);

// "0x7f31c0a4f0c8": lower case, no leading zeros, as the report schema wants addresses.
std::string hex_address(std::uint64_t address);

// Whether the text is a SHA-256 as reports write it: 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text);

// Nothing unless the text is an even number of hexadecimal digits (either case).
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

}  // namespace dumpgate
