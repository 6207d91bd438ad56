// What the log says of a dump in quarantine: its verdict, and a release that was under way. The one rule:
// only leaves that the log's own key signed count, whatever the state in quarantine claims.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scanner/base/result.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/gate/judge.h"

namespace dumpgate {

// The verdict in the leaf `index`; its digest is "" when the dump was never read to its end.
// ErrorCode::corrupt when that leaf is no verdict on `scan_id`.
Result<GateVerdict> logged_verdict(const EvidenceLog& log, const std::string& scan_id, std::uint64_t index);

struct ReleaseTrace {
  std::optional<LeafPlace> intent{};
  bool ended = false;  // complete or aborted
  GateVerdict
      verdict{};  // as the intent names it, with its waiver; its digest and size are those of the leaf
};

// Reads the leaves from `log_from` on for the release of `scan_id` that began last.
Result<ReleaseTrace> release_trace(const EvidenceLog& log, const std::string& scan_id,
                                   std::uint64_t log_from);

}  // namespace dumpgate
