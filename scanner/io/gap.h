// Gap: bytes that should have been examined and were not, with the reason. The one rule: any gap but `absent`
// keeps a dump from being released.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

enum class GapReason : std::uint8_t {
  truncated,    // the data ends before its own headers say
  corrupt,      // the data contradicts its format or checksum
  encrypted,    // readable only with a secret
  limit,        // a limit of ours was reached
  unsupported,  // recognised, and no reader for it
  io,           // the operating system failed to deliver
  absent,       // memory that the dump does not hold: it cannot leave with it, so this never holds a dump
  internal,     // a defect of ours
};

// The word used in reports: "truncated", "corrupt", ...
std::string_view to_string(GapReason reason);
GapReason gap_reason(ErrorCode code);

struct Gap {
  GapReason reason = GapReason::internal;
  std::string layer{};                    // path of the layer, outermost first, joined by '!'
  std::uint64_t offset = 0;               // in that layer's bytes
  std::optional<std::uint64_t> length{};  // bytes; nothing when it cannot be known
  std::string detail{};                   // for a person; never bytes of the dump

  friend bool operator==(const Gap&, const Gap&) = default;
};

}  // namespace dumpgate
