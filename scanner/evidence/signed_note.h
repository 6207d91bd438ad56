// Signed notes (C2SP signed-note v1) and the checkpoints (C2SP tlog-checkpoint v1) and cosignatures
// (tlog-cosignature v1, Ed25519) written as such. The one rule: only text whose signature was verified is
// parsed, and it is the very bytes that were verified.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

// Who signs notes: "name+key id in hex+base64(type || key)", as written by C2SP verifier keys.
struct NoteVerifier {
  std::string name{};  // of the log (its origin) or of a witness
  Ed25519PublicKey key{};
  bool cosigner = false;  // signs cosignature/v1 messages (type 0x04) instead of the text itself (type 0x01)

  std::string text() const;
};
Result<NoteVerifier> parse_note_verifier(std::string_view text);

struct Checkpoint {
  std::string origin{};
  std::uint64_t size = 0;  // leaves
  TreeHash root{};

  std::string body() const;  // the signed text: origin, size, base64 of the root, a line each
};

// `name` is the log's origin. The result is the whole note: body, empty line, one signature line.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, Signer& signer);
// Verifies the log's own signature among those of the note, and that the origin is the verifier's name.
Result<Checkpoint> open_checkpoint(std::string_view note, const NoteVerifier& log);

// Adds a witness's cosignature line of `time` (seconds since 1970) to a note that was opened.
Result<std::string> cosign_checkpoint(std::string_view note, const std::string& witness, Signer& signer,
                                      std::uint64_t time);
// The time of the witness's valid cosignature; nothing when there is none.
std::optional<std::uint64_t> cosignature_time(std::string_view note, const NoteVerifier& witness);

}  // namespace dumpgate
