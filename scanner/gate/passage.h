// Passage: the way of one dump out of quarantine: examined, decided, released or kept. The one rule: each
// step is durable before the next: verdict leaf, intent leaf, proof files, the rename that releases, the leaf
// that says complete. Killed between any two, the next passage of the same dump goes on from there.

#pragma once

#include <optional>
#include <string>

#include "scanner/base/result.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

enum class PassageEnd : std::uint8_t { released, kept, postponed };

struct PassageOutcome {
  PassageEnd end = PassageEnd::postponed;
  std::string message{};  // for a person; printable
};

class Passage {
 public:
  Passage(const Spool& spool, const GateContext& context) : spool_(spool), context_(context) {}

  // Brings the dump `scan_id` as far as it may come. Never fails: what cannot be done is postponed.
  PassageOutcome run(const std::string& scan_id);

 private:
  PassageOutcome examine(SpoolState state);
  PassageOutcome release(SpoolState state, const GateVerdict& verdict, int dump);
  PassageOutcome resume(SpoolState state);
  Result<void> place_proofs(const SpoolState& state) const;
  Result<void> place_dump(SpoolState& state, int dump, const std::string& expected_sha256);
  Result<void> place_copy(SpoolState& state, int dump);
  PassageOutcome finish(const SpoolState& state, const GateVerdict& verdict, const LeafPlace& intent);

  const Spool& spool_;
  const GateContext& context_;
};

}  // namespace dumpgate
