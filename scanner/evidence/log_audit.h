// Audit: everything that a log says about itself, checked: its tree, the envelope of each leaf, the artifacts
// that leaves name. The one rule: it succeeds only when all of it holds.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/evidence/log_reader.h"

namespace dumpgate {

struct LogAudit {
  std::uint64_t leaves = 0;
  std::uint64_t artifacts = 0;  // named by leaves, each time counted
};

// `visit` sees the statement of each leaf, whose envelope the log's key signed, in order; it may be null.
// Only success says that what it saw is the log. ErrorCode::corrupt says what is wrong.
Result<LogAudit> audit_log(const LogReader& reader,
                           const std::function<Result<void>(std::uint64_t, std::string_view)>& visit = {});

}  // namespace dumpgate
