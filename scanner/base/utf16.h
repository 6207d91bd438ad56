// UTF-16 to UTF-8, for names that a dump brings. The one rule: what is no UTF-16 becomes U+FFFD; nothing is
// refused.

#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {

// An odd last byte is left out. Halves of surrogate pairs become U+FFFD.
std::string utf8_of_utf16(std::span<const std::byte> utf16, ByteOrder order);

}  // namespace dumpgate
