// prove: what arithmetic says about a candidate. The one rule: lack of data never refutes. A candidate
// disappears only when arithmetic shows that it is not a key; otherwise it keeps at least the evidence its
// detector gave it.

#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/detect/candidate.h"
#include "scanner/detect/shield_prekey.h"
#include "scanner/detect/window.h"
#include "scanner/proof/finding.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {

// What confirms a secret that has no public key: bytes that only the right secret explains.
struct Oracle {
  enum class Kind : std::uint8_t {
    none,
    openssh_shield,  // AES-256-CTR key and counter (48 bytes): the plaintext of the right place is a key
    hmac_token,      // a compact JWS (RFC 7515): the right key gives its signature
    tsig_message,    // a signed DNS request (RFC 8945): the right key gives its MAC
  };
  Kind kind = Kind::none;
  SecretBytes bytes{};

  friend auto operator<=>(const Oracle&, const Oracle&) = default;
};

// A public key, or an oracle, learnt on the way, for the hunt.
struct Lead {
  PublicKey key{};
  KeyOrigin origin = KeyOrigin::spki;
  Oracle oracle{};  // of a kind: there is no key
};

struct Judgement {
  std::optional<Finding> finding{};  // nothing: refuted, or a public form
  std::vector<Lead> leads{};
  // What lies elsewhere in the layer, to be judged when its bytes are at hand (engine/pointed_shields.h).
  std::optional<ShieldPointers> shield_pointers{};
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
  // judge_in is what prove() calls; a proof that needs more than the payload may look at window.around() of
  // the candidate.
  virtual bool judge_in(const Window& window, const Candidate& candidate, std::span<const std::byte> payload,
                        Finding& finding, std::vector<Lead>& leads) const {
    (void)window;
    return judge(candidate, payload, finding, leads);
  }
  // pointers: what the candidate points to, for a proof that cannot judge without it.
  virtual std::optional<ShieldPointers> pointers(const Window& window, const Candidate& candidate) const {
    (void)window, (void)candidate;
    return std::nullopt;
  }
};
std::span<const Proof* const> all_proofs();

// Safe for concurrent use. `window` is the one the candidate was found in.
Judgement prove(const Window& window, const Candidate& candidate);

}  // namespace dumpgate
