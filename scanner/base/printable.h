// printable: makes text that came from a file safe to show. The one rule: no byte of a mapping name, a file
// name or a configuration key reaches a terminal or a log unless it went through here.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dumpgate {

// next_code_point takes one code point off the front of `text`, which must not be empty. Nothing for a byte
// that does not begin well-formed UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF);
// that one byte is taken off.
std::optional<char32_t> next_code_point(std::string_view& text);

// The text as valid UTF-8 on one line: control characters (C0, DEL, C1), line and paragraph separators,
// characters that are invisible or change the direction of writing, and bytes that are not UTF-8 become \n,
// \t, \x1b, \u202e; a backslash becomes \\, so that two different names never look the same.
std::string printable(std::string_view text);

}  // namespace dumpgate
