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

// What of a text is signed and hashed.
inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// A note is at most this long, with the signatures of its witnesses.
inline constexpr std::size_t most_note_bytes = 256U << 10U;

// Who signs notes: "name+key id in hex+base64(type || key)", as written by C2SP verifier keys.
struct NoteVerifier {
  std::string name{};  // of the log (its origin) or of a witness
  Ed25519PublicKey key{};
  bool cosigner = false;  // signs cosignature/v1 messages (type 0x04) instead of the text itself (type 0x01)

  std::string text() const;
};
// ErrorCode::usage for what is no verifier key, or one of another type of signature.
Result<NoteVerifier> parse_note_verifier(std::string_view text);

// Whether a key may have this name: UTF-8, not empty, no space, no plus, no control character.
bool is_note_name(std::string_view name);

struct Checkpoint {
  std::string origin{};
  std::uint64_t size = 0;  // leaves
  TreeHash root{};

  std::string body() const;  // the signed text: origin, size, base64 of the root, a line each
};

// `name` is the log's origin. The result is the whole note: body, empty line, one signature line.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, Signer& signer);
// Verifies the log's own signature among those of the note, and that the origin is the verifier's name.
// ErrorCode::corrupt says what is wrong. A note with extension lines is taken; they are not kept.
Result<Checkpoint> open_checkpoint(std::string_view note, const NoteVerifier& log);

// Adds a witness's cosignature line of `time` (seconds since 1970) to a note that was opened; an older one of
// the same witness goes.
Result<std::string> cosign_checkpoint(std::string_view note, const std::string& witness, Signer& signer,
                                      std::uint64_t time);
// The time of the witness's valid cosignature; nothing when there is none.
std::optional<std::uint64_t> cosignature_time(std::string_view note, const NoteVerifier& witness);

}  // namespace dumpgate
