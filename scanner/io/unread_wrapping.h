// Wrappings that are recognised and not taken off: archives and compressed formats without a reader here, and
// encrypted containers. The one rule: what hides its content is named as a gap, and never passes as plain
// bytes. A format that gets a reader leaves this list.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "scanner/base/result.h"

namespace dumpgate {

struct UnreadWrapping {
  std::string_view magic;  // at the first byte
  std::string_view name;
  ErrorCode reason;  // unsupported or encrypted
};

// unread_wrapping returns the wrapping that begins with these bytes, or null.
const UnreadWrapping* unread_wrapping(std::span<const std::byte> head);

}  // namespace dumpgate
