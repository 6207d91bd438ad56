// DSSE envelopes (secure-systems-lab DSSE 1.0.2) around in-toto Statements: one line of JSON each. The one
// rule: the payload that is used is the one whose signature was verified; it is decoded once and never parsed
// before.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

inline constexpr std::string_view in_toto_media_type = "application/vnd.in-toto+json";
// A leaf of a tlog-tiles log is at most this long (its length has 16 bits).
inline constexpr std::size_t most_envelope_bytes = 65'535;

// "DSSEv1 SP LEN(type) SP type SP LEN(body) SP body": what is signed.
std::vector<std::byte> dsse_pre_authentication(std::string_view type, std::string_view body);

// One line without its newline: {"payload":...,"payloadType":...,"signatures":[{"keyid":...,"sig":...}]}.
// ErrorCode::limit when it would be longer than most_envelope_bytes.
Result<std::string> seal_envelope(std::string_view payload, std::span<Signer* const> signers);

// The envelope with one signature more, over the payload it has. The other signatures are kept as they are:
// nobody has verified them.
Result<std::string> add_signature(std::string_view line, Signer& signer);

struct OpenedEnvelope {
  std::string payload{};
  std::vector<std::size_t>
      signed_by{};  // indices into `keys` whose signatures are valid, each once, ascending
};
// Takes bytes nobody vouches for; an object that has a name twice is refused, since readers differ in it. An
// Error when it is no envelope of in_toto_media_type or no key of `keys` signed it.
Result<OpenedEnvelope> open_envelope(std::string_view line, std::span<const Ed25519PublicKey> keys);

}  // namespace dumpgate
