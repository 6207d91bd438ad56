// Writes DER (X.690): only what public keys need. The one rule: public numbers only, for the buffers are not
// wiped.

#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace dumpgate {

// Identifier and length octets for `size` bytes of content.
std::vector<std::byte> der_header(std::uint8_t tag, std::size_t size);

// An element whose content is the parts, one after another.
std::vector<std::byte> der_element(std::uint8_t tag, std::initializer_list<std::span<const std::byte>> parts);

// A non-negative INTEGER of big-endian bytes; leading zeros are allowed.
std::vector<std::byte> der_integer(std::span<const std::byte> big_endian);

// A BIT STRING of whole octets.
std::vector<std::byte> der_bit_string(std::span<const std::byte> bytes);

// An OBJECT IDENTIFIER of its content octets, as "\x2b\x65\x70".
std::vector<std::byte> der_oid(std::string_view content);

}  // namespace dumpgate
