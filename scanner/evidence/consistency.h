// Whether the log that a receipt shows is the one that a receiver has seen before. The one rule: what no
// proof connects is unknown, and unknown is not consistent; two trees that contradict each other are proof
// that the log was rewritten or shows different people different things.

#pragma once

#include <optional>
#include <span>
#include <string>

#include "scanner/evidence/log_reader.h"
#include "scanner/evidence/receipt.h"
#include "scanner/evidence/receiver_memory.h"

namespace dumpgate {

enum class Consistency : std::uint8_t {
  unknown = 0,  // nothing connects what is remembered with what is shown
  first,        // nothing is remembered yet
  proven,
  broken,  // a tree is shown that contradicts one that was accepted
};

struct ConsistencyAnswer {
  Consistency consistency = Consistency::unknown;
  std::string reason{};  // for a person
};

// `shown` was signed by the log; each of `beginnings` was verified to be a beginning of it. `log` may be a
// copy of the log that is at hand.
ConsistencyAnswer check_consistency(const RememberedTrees& remembered, const Checkpoint& shown,
                                    std::span<const Beginning> beginnings,
                                    const std::optional<LogReader>& log);

// What is remembered after `shown` was accepted.
RememberedTrees remember(RememberedTrees remembered, const Checkpoint& shown, const std::string& note,
                         std::span<const Beginning> beginnings);

}  // namespace dumpgate
