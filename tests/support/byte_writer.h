// ByteWriter: puts numbers of a chosen byte order one after another, for tests that write dumps. It shares no
// code with the readers, so that a mistake is not made twice.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace dumpgate::support {

using Bytes = std::vector<std::byte>;

class ByteWriter {
 public:
  explicit ByteWriter(bool big_endian = false) : big_endian_(big_endian) {}

  ByteWriter& number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (big_endian_ ? size - 1 - i : i);
      bytes_.push_back(static_cast<std::byte>(value >> shift & 0xffU));
    }
    return *this;
  }
  ByteWriter& u8(std::uint64_t value) { return number(value, 1); }
  ByteWriter& u16(std::uint64_t value) { return number(value, 2); }
  ByteWriter& u32(std::uint64_t value) { return number(value, 4); }
  ByteWriter& u64(std::uint64_t value) { return number(value, 8); }

  ByteWriter& raw(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ByteWriter& text(std::string_view text) { return raw(std::as_bytes(std::span(text))); }
  ByteWriter& zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  ByteWriter& zeros_until(std::size_t size) { return zeros(size > bytes_.size() ? size - bytes_.size() : 0); }
  ByteWriter& align(std::size_t to) { return zeros((to - bytes_.size() % to) % to); }

  // put writes over what is there.
  void put(std::size_t at, std::span<const std::byte> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes_.at(at + i) = bytes[i];
  }

  bool big_endian() const { return big_endian_; }
  std::size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const& { return bytes_; }
  Bytes bytes() && { return std::move(bytes_); }

 private:
  bool big_endian_;
  Bytes bytes_{};
};

// `count` bytes that are not zero and differ from each other for a while.
inline Bytes pattern(std::size_t count, unsigned seed = 1) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>((i * 7 + std::size_t{seed} * 31) % 255 + 1);
  return bytes;
}

}  // namespace dumpgate::support
