// The rest of a decoded payload: keys that stand in it behind, before or inside the one it is known for. The
// one rule: whoever decodes bytes that no window shows must show all of them, or a published key at their
// front would carry a secret one past the policy.

#pragma once

#include <cstddef>
#include <span>

#include "scanner/detect/candidate.h"
#include "scanner/detect/signature.h"

namespace dumpgate {

// Which part of a payload its own candidate reports already. Form::none: none of it.
struct OwnPart {
  Form form = Form::none;
  bool is_tail = false;  // what the payload ends with, its beginning lost; else what it begins with
};

// Whether public keys inside are leads: of an encoding that is no private key's, or states its public half.
enum class PublicInside : std::uint8_t { ignored, leads };

// Adds a candidate for each binary private-key encoding in `payload`, but for the own part. They lie where
// `outer` lies and carry their bytes with them. Encodings are not decoded any further, so work is linear in
// the payload. When not all of it could be examined, a marker without a name says so: it blocks. Any thread.
void examine_inside(std::span<const std::byte> payload, OwnPart own, const Candidate& outer,
                    const SignatureSet* signatures, CandidateSink& sink,
                    PublicInside publics = PublicInside::ignored);

// Adds the candidates of the binary detectors in `payload`, public forms too, placed in it. false: not all of
// it could be examined.
bool scan_payload(std::span<const std::byte> payload, const SignatureSet* signatures, CandidateSink& sink);

}  // namespace dumpgate
