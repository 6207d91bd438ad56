// Examiner: one dump, from an open descriptor to a verdict that is in the log. The one rule: nothing the
// examining process says is trusted beyond what was asked of it; whatever goes wrong, on any side, is a
// verdict that holds, and a verdict that could not be logged holds too.
//
// Every way into the gate (spool, clamd, ssh, core handlers, gate check) comes through here.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scanner/engine/scan.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/evidence/statement.h"
#include "scanner/gate/judge.h"
#include "scanner/gate/sandbox.h"
#include "scanner/verdict/policy.h"

namespace dumpgate {

// Everything that is the same for all dumps of a gate. Owned by the gate; outlives its examiners.
struct GateContext {
  ScanOptions scan{};  // signatures, protect, site key, limits, threads
  Policy policy{};
  KnownTestKeys known_test_keys{};
  SandboxPolicy sandbox{};
  unsigned seconds_per_dump = 120;  // time limit of an examination, plus
  unsigned seconds_per_gib = 240;   // for each begun GiB on the disk (time_limit.h)
  GateIdentity identity{};
  EvidenceLog* log = nullptr;       // never null
  std::string private_directory{};  // where what comes through a pipe is kept, without a name, while examined
  std::uint64_t most_pipe_bytes = std::uint64_t{1} << 40;
};

class Examiner final : public Judge {
 public:
  explicit Examiner(const GateContext& context) : context_(context) {}

  // Examines the open file or pipe `descriptor` (not taken over; a file is read from its start) in a confined
  // process, decides, stores the report and appends the verdict. Never fails: failure is a verdict that
  // holds.
  GateVerdict examine(int descriptor, const DumpSource& source) override;
  // The same under a scan id that exists already: the name of the dump's place in quarantine.
  GateVerdict examine_as(const std::string& scan_id, int descriptor, const DumpSource& source);

  Result<LeafPlace> intend_release(const GateVerdict& verdict, const std::string& name,
                                   const std::string& destination) override;
  Result<LeafPlace> end_release(const GateVerdict& verdict, const LeafPlace& intent, ReleaseStage stage,
                                const std::string& name, const std::string& destination,
                                const std::string& reason = {}) override;

 private:
  const GateContext& context_;
};

}  // namespace dumpgate
