#include "scanner/base/der_writer.h"

#include <algorithm>

#include "scanner/base/der_reader.h"

namespace dumpgate {

std::vector<std::byte> der_header(std::uint8_t tag, std::size_t size) {
  std::vector<std::byte> bytes{std::byte{tag}};
  if (size < 0x80U) {
    bytes.push_back(static_cast<std::byte>(size));
    return bytes;
  }
  std::vector<std::byte> octets;
  for (std::size_t rest = size; rest != 0; rest >>= 8U)
    octets.push_back(static_cast<std::byte>(rest & 0xffU));
  bytes.push_back(static_cast<std::byte>(0x80U | octets.size()));
  bytes.insert(bytes.end(), octets.rbegin(), octets.rend());
  return bytes;
}

std::vector<std::byte> der_element(std::uint8_t tag,
                                   std::initializer_list<std::span<const std::byte>> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  auto bytes = der_header(tag, size);
  for (const auto part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

std::vector<std::byte> der_integer(std::span<const std::byte> big_endian) {
  static constexpr std::byte zero{0};
  const auto first =
      std::find_if(big_endian.begin(), big_endian.end(), [](std::byte b) { return b != zero; });
  const std::span<const std::byte> digits(first, big_endian.end());
  const bool needs_sign = digits.empty() || (digits[0] & std::byte{0x80}) != zero;
  return der_element(der::integer, {std::span(&zero, needs_sign ? 1 : 0), digits});
}

std::vector<std::byte> der_bit_string(std::span<const std::byte> bytes) {
  static constexpr std::byte no_unused_bits{0};
  return der_element(der::bit_string, {std::span(&no_unused_bits, 1), bytes});
}

std::vector<std::byte> der_oid(std::string_view content) {
  return der_element(der::object_identifier, {std::as_bytes(std::span(content))});
}

}  // namespace dumpgate
