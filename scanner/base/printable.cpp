#include "scanner/base/printable.h"

#include <array>
#include <charconv>

namespace dumpgate {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Characters that a terminal acts upon, that show nothing, or that reorder what stands around them (Unicode
// 15: Cc, Zl, Zp, Cf in the ranges below), and noncharacters.
constexpr std::array<Range, 15> unsafe{{{0x00, 0x1f},
                                        {0x7f, 0x9f},
                                        {0xad, 0xad},
                                        {0x61c, 0x61c},
                                        {0x180b, 0x180f},
                                        {0x200b, 0x200f},
                                        {0x2028, 0x202e},
                                        {0x2060, 0x206f},
                                        {0xe000, 0xf8ff},  // private use: means what the font likes
                                        {0xfdd0, 0xfdef},
                                        {0xfe00, 0xfe0f},
                                        {0xfeff, 0xfeff},
                                        {0xfff0, 0xfffb},
                                        {0xfffe, 0xffff},
                                        {0xe0000, 0x10ffff}}};

bool is_unsafe(char32_t point) {
  for (const Range& range : unsafe) {
    if (point >= range.first && point <= range.last) return true;
  }
  return false;
}

void append_escape(std::string& out, char32_t point) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), std::uint32_t{point}, 16).ptr;
  const std::string_view hex(digits.data(), static_cast<std::size_t>(end - digits.data()));
  const std::size_t width = point <= 0xff ? 2 : 4;
  out += point <= 0xff ? "\\x" : "\\u";
  if (hex.size() < width) out.append(width - hex.size(), '0');
  out += hex;
}

}  // namespace

std::optional<char32_t> next_code_point(std::string_view& text) {
  const auto byte = [&text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xc2 ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  char32_t point = size == 1 ? lead : size == 2 ? lead & 0x1fU : size == 3 ? lead & 0x0fU : lead & 0x07U;
  bool valid = size != 0 && size <= text.size();
  for (std::size_t i = 1; valid && i < size; ++i) {
    valid = (byte(i) & 0xc0U) == 0x80U;
    point = (point << 6U) | (byte(i) & 0x3fU);
  }
  // Two-byte overlong forms have the leads c0 and c1, refused above.
  if (size == 3) valid = valid && point >= 0x800 && (point < 0xd800 || point > 0xdfff);
  if (size == 4) valid = valid && point >= 0x10000 && point <= 0x10ffff;
  text.remove_prefix(valid ? size : 1);
  if (!valid) return std::nullopt;
  return point;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const std::optional<char32_t> point = next_code_point(text);
    if (!point) {
      append_escape(out, static_cast<std::uint8_t>(before[0]));
    } else if (*point == '\\') {
      out += "\\\\";
    } else if (*point == '\n') {
      out += "\\n";
    } else if (*point == '\t') {
      out += "\\t";
    } else if (is_unsafe(*point)) {
      append_escape(out, *point);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

}  // namespace dumpgate
