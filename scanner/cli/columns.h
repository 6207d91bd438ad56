// Pieces of the tables that commands print for people: numbers and words of a fixed width. The one rule:
// nothing is cut off; what is wider than its column moves the rest of the line.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dumpgate {

// At least `width` (to 20) hexadecimal digits, filled with zeros.
std::string hexadecimal(std::uint64_t value, int width = 1);

// Right-aligned in `width` characters.
std::string padded(std::string text, std::size_t width);

}  // namespace dumpgate
