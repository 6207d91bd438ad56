// For detectors whose anchors stand inside a group of numbers: how far a group may reach from an anchor, and
// which of its anchors reports it. The one rule: the answer depends on the bytes around the anchor alone, so
// that windows and seams change nothing, and a group is left to an earlier anchor only when that anchor sees
// the very same group: bytes before a key cannot take its report away.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "scanner/detect/window.h"

namespace dumpgate {

// Half of what a detector may see: a group around any anchor within this distance of another one is then
// seen alike from both.
inline constexpr std::size_t group_reach = window_context / 2;

struct GroupBytes {
  std::span<const std::byte> bytes{};
  std::size_t at = 0;     // the anchor in these bytes
  std::size_t begin = 0;  // of these bytes in Window::bytes
};

inline GroupBytes group_bytes(const Window& window, std::size_t position) {
  const std::size_t begin = position > group_reach ? position - group_reach : 0;
  const std::size_t end = std::min(window.bytes.size(), position + group_reach);
  return {window.bytes.subspan(begin, end - begin), position - begin, begin};
}

}  // namespace dumpgate
