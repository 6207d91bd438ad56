// Audit: everything that a log says about itself, checked: its tree, the envelope of each leaf, the artifacts
// that leaves name. The one rule: it succeeds only when all of it holds; an artifact may be missing only when
// a later leaf of the log says that it was removed.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/evidence/log_reader.h"

namespace dumpgate {

struct LogAudit {
  std::uint64_t leaves = 0;
  std::uint64_t artifacts = 0;  // in the store and named by leaves, each time counted
  std::uint64_t removed = 0;    // not in the store, and a later leaf says that they were removed
};

// `visit` sees the statement of each leaf, whose envelope the log's key signed, in order; it may be null.
// Only success says that what it saw is the log. ErrorCode::corrupt says what is wrong.
Result<LogAudit> audit_log(const LogReader& reader,
                           const std::function<Result<void>(std::uint64_t, std::string_view)>& visit = {});

}  // namespace dumpgate
