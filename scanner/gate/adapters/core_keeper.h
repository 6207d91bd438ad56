// keep_core: a core as it is born: taken in without a name, put into quarantine when it is whole, and from
// there on the way of every dump. The one rule: a core that did not come whole leaves nothing behind.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "scanner/gate/adapters/core_facts.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/passage.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

struct CoreSettings {
  bool refuse = false;  // what is not released is dropped, instead of kept in quarantine
  std::uint64_t most_bytes = std::uint64_t{64} << 30;
  std::chrono::seconds receiving{600};  // for the whole core
};

// Reads the core from `descriptor` (a pipe or a socket) to its end. `channel`: "core-pattern" or
// "coredump-socket". Never fails: a core that could not be taken in is dropped. One that is postponed lies in
// quarantine, and a gate that works there goes on with it.
PassageOutcome keep_core(int descriptor, const CoreFacts& facts, const std::string& channel,
                         const CoreSettings& settings, const Spool& spool, const GateContext& context);

}  // namespace dumpgate
