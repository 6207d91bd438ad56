// TextView: the characters that some bytes encode, read outward from one place in either direction and no
// further than somebody asks. Views stand on views (base64 of UTF-16 of bytes), and each character knows
// which bytes it came from, so one parser serves every encoding. The one rule: a view decodes lazily, so that
// an anchor costs as much as the text that really surrounds it, however hostile the bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

// Indices are relative to the place where a view starts: 0 is the first character at or after it, -1 the one
// before.
class TextView {
 public:
  static constexpr int none = -1;    // the text ends before here
  static constexpr int other = 256;  // a character above U+00FF

  virtual ~TextView() = default;

  // The character at `index`: 0 to 255, other, or none.
  virtual int at(std::ptrdiff_t index) = 0;

  // The bytes that the character at `index` came from: [begin_of, end_of) of the bytes at the bottom.
  // Meaningful only where at() is not none.
  virtual std::size_t begin_of(std::ptrdiff_t index) = 0;
  virtual std::size_t end_of(std::ptrdiff_t index) = 0;

  // Whether `text` stands at `index`.
  bool matches(std::ptrdiff_t index, std::string_view text);
};

// Each byte is a character. The bytes outlive the view.
std::unique_ptr<TextView> raw_text(std::span<const std::byte> bytes, std::size_t start);

// The views below read `source`, which outlives them, from its index `start` on.

// Backslash escapes of JSON and C (\n \r \t \/ \" \u002d \x2d, the backslash repeated by nested quoting too)
// and percent-encoded characters (RFC 3986 2.1); everything else is itself.
// In forms a '+' is a space.
enum class Plus : std::uint8_t { itself, space };
std::unique_ptr<TextView> unescaped_text(TextView& source, std::ptrdiff_t start, Plus plus = Plus::itself);

// Base64 and base64url (RFC 4648), line breaks and other separators between characters allowed; `start`
// begins a group of four.
std::unique_ptr<TextView> base64_text(TextView& source, std::ptrdiff_t start);

// Pairs of hexadecimal digits, separators between pairs allowed; `start` begins a pair.
std::unique_ptr<TextView> hex_text(TextView& source, std::ptrdiff_t start);

enum class Utf16Order : std::uint8_t { little, big };
// UTF-16; `start` begins a character.
std::unique_ptr<TextView> utf16_text(TextView& source, std::ptrdiff_t start, Utf16Order order);

// The value of a base64 or base64url character, or nothing.
std::optional<std::uint8_t> base64_value(int character);
std::optional<std::uint8_t> hex_value(int character);

// What may stand between the characters of a body: white space, NUL, quotes and the marks that quoting,
// listing or commenting puts before and after lines.
bool is_separator(int character);

// The most separators in a row that an encoded text is followed across.
inline constexpr int most_separators = 64;

// decode_base64 decodes base64 characters without separators or padding; up to 5 bits left over are dropped.
SecretBytes decode_base64(std::string_view characters);

}  // namespace dumpgate
