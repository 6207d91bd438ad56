// prove: what arithmetic says about a candidate. The one rule: lack of data never refutes. A candidate
// disappears only when arithmetic shows that it is not a key; otherwise it keeps at least the evidence its
// detector gave it.

#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/detect/candidate.h"
#include "scanner/detect/window.h"
#include "scanner/proof/finding.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

// A public key learnt on the way, for the hunt.
struct Lead {
  PublicKey key{};
  KeyOrigin origin = KeyOrigin::spki;
};

struct Judgement {
  std::optional<Finding> finding{};  // nothing: refuted, or a public form
  std::vector<Lead> leads{};
};

// One arithmetic relation or one kind of check, one file of scanner/proof/proofs/.
class Proof {
 public:
  virtual ~Proof() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual bool takes(Form form) const noexcept = 0;
  // judge gets the candidate's payload. `finding` arrives filled from the candidate; the proof raises or
  // lowers its evidence, fills relation, bits, curve, algorithm and digest, and adds leads. false: refuted,
  // drop it.
  virtual bool judge(const Candidate& candidate, std::span<const std::byte> payload, Finding& finding,
                     std::vector<Lead>& leads) const = 0;
};
std::span<const Proof* const> all_proofs();

// Safe for concurrent use. `window` is the one the candidate was found in.
Judgement prove(const Window& window, const Candidate& candidate);

}  // namespace dumpgate
