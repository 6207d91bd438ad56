// release_trace: what the log says of a release that was under way when the gate died. The one rule: only
// leaves that the log's own key signed count, whatever the state in quarantine claims.

#pragma once

#include <optional>

#include "scanner/base/result.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/gate/judge.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

struct ReleaseTrace {
  std::optional<LeafPlace> intent{};
  bool ended = false;     // complete or aborted
  GateVerdict verdict{};  // as the intent names it: its digest and size are those of the leaf
};

// Reads the leaves from state.log_from on.
Result<ReleaseTrace> release_trace(const EvidenceLog& log, const SpoolState& state);

}  // namespace dumpgate
