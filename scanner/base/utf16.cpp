#include "scanner/base/utf16.h"

#include <cstdint>

namespace dumpgate {

std::string utf8_of_utf16(std::span<const std::byte> utf16, ByteOrder order) {
  ByteCursor units(utf16, order);
  std::string out;
  while (const auto unit = units.u16()) {
    char32_t point = *unit;
    if (point >= 0xd800 && point < 0xe000) {
      ByteCursor ahead = units;
      const std::uint16_t low = ahead.u16().value_or(0);
      const bool pair = point < 0xdc00 && low >= 0xdc00 && low < 0xe000;
      if (pair) units = ahead;
      point = pair ? 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00U) : 0xfffd;
    }
    const auto tail = [&](unsigned shift) {
      out.push_back(static_cast<char>(0x80U | (static_cast<std::uint32_t>(point) >> shift & 0x3fU)));
    };
    const auto lead = [&](unsigned mark, unsigned shift) {
      out.push_back(static_cast<char>(mark | static_cast<std::uint32_t>(point) >> shift));
    };
    if (point < 0x80) {
      lead(0, 0);
    } else if (point < 0x800) {
      lead(0xc0, 6);
      tail(0);
    } else if (point < 0x10000) {
      lead(0xe0, 12);
      tail(6);
      tail(0);
    } else {
      lead(0xf0, 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return out;
}

}  // namespace dumpgate
