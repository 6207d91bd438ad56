// The gate's loop: watches the input directory, takes files in, gives each dump in quarantine to a process of
// its own, and keeps the log alive. The one rule: it has one thread and examines nothing itself; what one
// dump does to its process is no other's concern.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "scanner/base/result.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/intake.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

struct GateSettings {
  unsigned workers = 1;                            // dumps at a time
  std::uint64_t reserve = std::uint64_t{1} << 30;  // bytes that stay free beside log and quarantine
  unsigned rescan_seconds = 5;                     // what inotify missed is seen then
  unsigned heartbeat_seconds = 3600;               // silence in the log is distinguishable from deletion
  bool once = false;                               // handle what is there, and end
};

struct GateCount {
  std::uint64_t released = 0;
  std::uint64_t kept = 0;
  std::uint64_t dropped = 0;
  std::uint64_t postponed = 0;  // tries, not dumps
};

// Runs until `stop`, or with `once` until nothing is left that can be done now. `say` takes one line for a
// person. An Error before anything was taken in: the log cannot be written, or the self-test does not pass.
Result<GateCount> run_gate(const Spool& spool, const Intake& intake, const GateContext& context,
                           const GateSettings& settings, const std::atomic<bool>& stop,
                           const std::function<void(const std::string&)>& say);

}  // namespace dumpgate
