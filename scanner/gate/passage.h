// Passage: the way of one dump out of quarantine: examined, decided, released or kept. The one rule: each
// step is durable before the next: verdict leaf, intent leaf, proof files, the rename that releases, the leaf
// that says complete. Killed between any two, the next passage of the same dump goes on from there.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/release_trace.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

enum class PassageEnd : std::uint8_t { released, kept, dropped, postponed };

struct PassageOutcome {
  PassageEnd end = PassageEnd::postponed;
  std::string message{};               // for a person; printable
  Decision decision = Decision::hold;  // release only when it was released by that verdict
};

class Passage {
 public:
  Passage(const Spool& spool, const GateContext& context) : spool_(spool), context_(context) {}

  // Brings the dump as far as it may come. Never fails: what cannot be done is postponed.
  PassageOutcome run(const Custody& custody);

  // Releases the open dump of a state whose digest, size and log_from are set: by a verdict that releases, or
  // by the waiver that the verdict names.
  PassageOutcome release(SpoolState state, const GateVerdict& verdict, int dump);

 private:
  PassageOutcome examine(SpoolState state);
  PassageOutcome resume(SpoolState state);
  PassageOutcome resume_unintended(SpoolState state);
  PassageOutcome complete(SpoolState state, const ReleaseTrace& trace);
  PassageOutcome keep(SpoolState state, const std::string& why);
  PassageOutcome drop(const SpoolState& state, const std::string& why);
  PassageOutcome abort(SpoolState state, const GateVerdict& verdict, const LeafPlace& intent,
                       const std::string& why);
  Result<void> log_recovery(const SpoolState& state, const std::string& what) const;
  Result<void> place_proofs(SpoolState& state) const;
  Result<void> claim_name(SpoolState& state, std::string_view envelopes) const;
  Result<void> take_longer_name(SpoolState& state) const;
  Result<void> place_dump(SpoolState& state, int dump, const std::string& expected_sha256);
  Result<void> place_copy(SpoolState& state, int dump);
  Result<void> copy_is_here(const SpoolState& state) const;
  PassageOutcome finish(const SpoolState& state, const GateVerdict& verdict, const LeafPlace& intent);

  const Spool& spool_;
  const GateContext& context_;
};

}  // namespace dumpgate
