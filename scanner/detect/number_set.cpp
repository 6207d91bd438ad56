#include "scanner/detect/number_set.h"

#include <algorithm>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_numbers = 64;

}  // namespace

void NumberSetWriter::begin(NumberRole role, std::size_t size) {
  payload_.reserve(payload_.size() + size + 5);
  payload_.push_back(static_cast<std::byte>(role));
  for (const unsigned shift : {24U, 16U, 8U, 0U}) payload_.push_back(static_cast<std::byte>(size >> shift));
}

void NumberSetWriter::add(NumberRole role, std::span<const std::byte> bytes) {
  begin(role, bytes.size());
  payload_.insert(payload_.end(), bytes.begin(), bytes.end());
}

void NumberSetWriter::add_reversed(NumberRole role, std::span<const std::byte> bytes) {
  begin(role, bytes.size());
  payload_.insert(payload_.end(), bytes.rbegin(), bytes.rend());
}

void NumberSetWriter::add(NumberRole role, std::string_view text) {
  add(role, std::as_bytes(std::span(text)));
}

std::vector<NumberEntry> read_number_set(std::span<const std::byte> payload) {
  std::vector<NumberEntry> numbers;
  ByteCursor cursor(payload, ByteOrder::big);
  while (numbers.size() < most_numbers) {
    const auto role = cursor.u8();
    const auto size = cursor.u32();
    const auto bytes = role && size ? cursor.take(*size) : std::nullopt;
    if (!bytes || *role > static_cast<std::uint8_t>(NumberRole::point)) break;
    numbers.push_back({.role = static_cast<NumberRole>(*role), .bytes = *bytes});
  }
  return numbers;
}

}  // namespace dumpgate
