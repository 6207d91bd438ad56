// Window: the bytes a detector sees at once. Each byte of a layer is own in exactly one window, and around
// the own bytes lie up to window_context more on either side. The one rule: a candidate belongs to the window
// that owns its anchor, and a detector looks no further than window_context from the anchor (around() sees to
// it). So neither the size of windows nor their seams can change what is found.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scanner/dump/region.h"

namespace dumpgate {

class SignatureSet;
class WordAlignment;

// How far from its anchor anything may reach, in bytes: more than an RSA-16384 key in any text encoding.
inline constexpr std::size_t window_context = std::size_t{64} * 1024;

struct Window {
  std::span<const std::byte> bytes{};  // valid only while the window is examined
  std::size_t own_begin = 0;           // own bytes are bytes[own_begin, own_end)
  std::size_t own_end = 0;
  std::uint64_t offset = 0;                  // of bytes[0] in the layer
  const RegionIndex* regions = nullptr;      // never null in a scan; tests may leave it out
  const WordAlignment* alignment = nullptr;  // the same
  const SignatureSet* signatures = nullptr;  // never null in a scan
  std::span<const std::byte> site_key{};     // names secrets without a public half; empty: they get no name

  struct Around {
    std::span<const std::byte> bytes{};  // at most window_context before and after the anchor
    std::size_t at = 0;                  // the anchor in these bytes
    std::size_t begin = 0;               // of these bytes in Window::bytes
  };
  // The bytes a detector may look at for an anchor at `position` of `bytes`.
  Around around(std::size_t position) const {
    const std::size_t begin = position > window_context ? position - window_context : 0;
    const std::size_t end = std::min(bytes.size(), position + window_context);
    return {bytes.subspan(begin, end - begin), position - begin, begin};
  }
};

}  // namespace dumpgate
