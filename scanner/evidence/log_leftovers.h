// What lies in a log's tile directory beside what its checkpoint needs: partial files of earlier sizes, and
// what an append left that did not come to its end. The one rule: an append adds one leaf, so what lies more
// than one leaf beyond the checkpoint shows that the checkpoint is not the newest that was signed.

#pragma once

#include "scanner/base/result.h"
#include "scanner/evidence/log_reader.h"

namespace dumpgate {

// For a log whose entries and tiles were verified already. ErrorCode::corrupt: an earlier partial file is not
// the beginning of what was verified, or the log goes on beyond its checkpoint.
Result<void> check_leftovers(const LogReader& reader);

}  // namespace dumpgate
