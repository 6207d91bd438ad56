// Judge: what a way into the gate asks of it. The one rule: an adapter decides nothing; it brings bytes,
// hears a verdict, and acts on a release only after the intent to release is durable.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/evidence/statement.h"
#include "scanner/verdict/verdict.h"

namespace dumpgate {

struct GateVerdict {
  std::string scan_id{};
  Decision decision = Decision::hold;
  std::string dump_sha256{};  // "" when never read to its end
  std::uint64_t size = 0;
  std::vector<std::string> reasons{};     // for a person; printable
  std::optional<LeafPlace> leaf{};        // of the verdict; without one the decision is never release
  std::optional<std::uint64_t> waiver{};  // leaf of the waiver that allows a release whatever was decided
};

// One thread at a time.
class Judge {
 public:
  virtual ~Judge() = default;

  // Examines the open file or pipe `descriptor` (not taken over; a file is read from its start, whatever its
  // offset) and makes the verdict durable. Never fails: failure is a verdict that holds.
  virtual GateVerdict examine(int descriptor, const DumpSource& source) = 0;

  // Makes the intent to release durable. Only after this returns a value may the first byte leave.
  virtual Result<LeafPlace> intend_release(const GateVerdict& verdict, const std::string& name,
                                           const std::string& destination) = 0;

  // Says how a release that was intended ended.
  virtual Result<LeafPlace> end_release(const GateVerdict& verdict, const LeafPlace& intent,
                                        ReleaseStage stage, const std::string& name,
                                        const std::string& destination, const std::string& reason = {}) = 0;
};

}  // namespace dumpgate
