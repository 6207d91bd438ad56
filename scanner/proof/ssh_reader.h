// SshReader: the data types of SSH (RFC 4251 section 5) out of bytes that nobody vouches for: views, no
// copies.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {

class SshReader {
 public:
  explicit SshReader(std::span<const std::byte> bytes) : cursor_(bytes, ByteOrder::big) {}

  std::optional<std::uint32_t> u32() { return cursor_.u32(); }
  std::optional<std::span<const std::byte>> take(std::size_t count) { return cursor_.take(count); }
  std::size_t left() const { return cursor_.left(); }
  std::size_t position() const { return cursor_.position(); }

  std::optional<std::span<const std::byte>> string() {
    const std::size_t before = cursor_.position();
    const auto size = cursor_.u32();
    const auto bytes = size ? cursor_.take(*size) : std::nullopt;
    if (!bytes) (void)cursor_.seek(before);
    return bytes;
  }

  std::optional<std::string_view> text() {
    const auto bytes = string();
    if (!bytes) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }

  // A non-negative mpint, big-endian, with its sign octet if it has one.
  std::optional<std::span<const std::byte>> number() {
    const auto bytes = string();
    if (!bytes || bytes->empty()) return bytes;
    const bool negative = (bytes->front() & std::byte{0x80}) != std::byte{0};
    return negative ? std::nullopt : bytes;
  }

 private:
  ByteCursor cursor_;
};

// OpenSSL's name of an SSH curve (RFC 5656 10.1): "nistp256" is "prime256v1"; "" when unknown.
constexpr std::string_view ssh_curve(std::string_view name) {
  if (name == "nistp256") return "prime256v1";
  if (name == "nistp384") return "secp384r1";
  if (name == "nistp521") return "secp521r1";
  return "";
}

}  // namespace dumpgate
