// The release of a dump that lies in quarantine by a waiver of two people. The one rule: the waiver, the
// verdict in the log and the bytes that lie there must name one and the same digest; else nothing is done.

#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/evidence/approvers.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/passage.h"
#include "scanner/gate/spool.h"
#include "scanner/verdict/policy.h"

namespace dumpgate {

// Releases what was kept as `scan_id`, as every release: the waiver's leaf, the intent's leaf, the receipt,
// the rename, the leaf that says complete. Of `context`, log and identity are used. `today` is asked when
// it begins, and once more when the bytes were read, which takes long: the waiver must hold both times.
// ErrorCode::usage: refused, with the reason for a person; nothing was logged or moved. Called again after a
// crash it goes on.
Result<PassageOutcome> release_by_waiver(const Spool& spool, const GateContext& context,
                                         const std::string& scan_id, std::string_view envelope,
                                         std::span<const Approver> approvers,
                                         const std::function<Date()>& today);

}  // namespace dumpgate
