#include "scanner/evidence/signed_note.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/base/base64.h"
#include "scanner/base/byte_cursor.h"
#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/base/strict_text.h"

namespace dumpgate {
namespace {

// Signature types of signed-note: Ed25519 over the text, and timestamped Ed25519 cosignatures.
constexpr std::byte note_type{0x01};
constexpr std::byte cosignature_type{0x04};

constexpr std::string_view dash = "\u2014 ";  // begins a signature line
constexpr std::size_t most_signatures = 64;
constexpr std::size_t key_id_bytes = 4;
constexpr std::size_t time_bytes = 8;

using KeyId = std::array<std::byte, key_id_bytes>;

struct NoteSignature {
  std::string_view line{};  // with its newline
  std::string_view name{};
  KeyId id{};
  std::vector<std::byte> bytes{};  // what follows the key id
};

struct Note {
  std::string_view text{};  // with its last newline
  std::vector<NoteSignature> signatures{};
};

KeyId key_id(std::string_view name, std::byte type, const Ed25519PublicKey& key) {
  Sha256 hash;
  hash.update(bytes_of(name));
  hash.update(std::array{std::byte{'\n'}, type});
  hash.update(key);
  const Sha256Digest digest = hash.finish();
  KeyId id{};
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}
std::byte type_of(const NoteVerifier& verifier) { return verifier.cosigner ? cosignature_type : note_type; }

// Unicode's White_Space above ASCII.
bool is_wide_space(char32_t point) {
  return point == 0x85 || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
         point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

// Valid UTF-8 without control characters other than newline.
bool is_note_text(std::string_view text) {
  while (!text.empty()) {
    const auto point = next_code_point(text);
    if (!point || (*point < 0x20 && *point != U'\n')) return false;
  }
  return true;
}

std::optional<NoteSignature> parse_signature(std::string_view line) {
  NoteSignature signature{.line = line};
  if (!line.starts_with(dash) || !line.ends_with('\n')) return std::nullopt;
  line = line.substr(dash.size(), line.size() - dash.size() - 1);
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_note_name(line.substr(0, space))) return std::nullopt;
  signature.name = line.substr(0, space);
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= key_id_bytes) return std::nullopt;
  std::copy_n(bytes->begin(), key_id_bytes, signature.id.begin());
  signature.bytes.assign(bytes->begin() + key_id_bytes, bytes->end());
  return signature;
}

// Takes the note apart; nothing in it is to be believed yet.
Result<Note> split_note(std::string_view note) {
  if (note.size() > most_note_bytes) return corrupt("the note is too long");
  if (!is_note_text(note)) return corrupt("the note is not plain UTF-8 text");
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return corrupt("the note has no signature");
  Note parts{.text = note.substr(0, blank + 1)};
  std::string_view lines = note.substr(blank + 2);
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) return corrupt("the note does not end with a line");
    auto signature = parse_signature(lines.substr(0, end + 1));
    if (!signature) return corrupt("the note has a line among its signatures that is none");
    if (parts.signatures.size() == most_signatures) return corrupt("the note has too many signatures");
    parts.signatures.push_back(std::move(*signature));
    lines.remove_prefix(end + 1);
  }
  if (parts.signatures.empty()) return corrupt("the note has no signature");
  return parts;
}

bool signed_as(const NoteSignature& signature, const NoteVerifier& verifier, const KeyId& id) {
  return signature.name == verifier.name && signature.id == id;
}

std::string cosigned_message(std::string_view text, std::uint64_t time) {
  return "cosignature/v1\ntime " + std::to_string(time) + "\n" + std::string(text);
}

// Decimal digits without a needless zero, below 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto value = parse_decimal(text);
  return value && (*value >> 63U) == 0 ? value : std::nullopt;
}

// One line off the front; nothing when it is empty or has no end.
std::optional<std::string_view> take_full_line(std::string_view& text) {
  const auto line = take_line(text);
  return line && !line->empty() ? line : std::nullopt;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto origin = take_full_line(text);
  const auto size = take_full_line(text);
  const auto root = take_full_line(text);
  if (!origin || !size || !root) return corrupt("the note is no checkpoint");
  const auto leaves = parse_size(*size);
  const auto hash = from_base64(*root);
  if (!leaves || !hash || hash->size() != TreeHash{}.size()) return corrupt("the note is no checkpoint");
  while (!text.empty())
    if (!take_full_line(text)) return corrupt("the checkpoint has an empty line");
  Checkpoint checkpoint{.origin = std::string(*origin), .size = *leaves};
  std::ranges::copy(*hash, checkpoint.root.begin());
  return checkpoint;
}

std::string signature_line(std::string_view name, const KeyId& id, std::span<const std::byte> signature) {
  std::vector<std::byte> bytes(id.begin(), id.end());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return std::string(dash).append(name) + " " + to_base64(bytes) + "\n";
}

std::array<std::byte, time_bytes> big_endian(std::uint64_t value) {
  std::array<std::byte, time_bytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(value >> (56 - 8 * i));
  return bytes;
}

}  // namespace

bool is_note_name(std::string_view name) {
  if (name.empty() || name.size() > 1024) return false;
  while (!name.empty()) {
    const auto point = next_code_point(name);
    if (!point || *point <= 0x20 || *point == 0x7f || *point == U'+' || is_wide_space(*point)) return false;
  }
  return true;
}

std::string NoteVerifier::text() const {
  std::vector<std::byte> bytes{type_of(*this)};
  bytes.insert(bytes.end(), key.begin(), key.end());
  return name + "+" + to_hex(key_id(name, type_of(*this), key)) + "+" + to_base64(bytes);
}

Result<NoteVerifier> parse_note_verifier(std::string_view text) {
  const Error refused = usage("not a verifier key (name+id+key) of an Ed25519 signer");
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return refused;
  const auto bytes = from_base64(text.substr(second + 1));
  NoteVerifier verifier{.name = std::string(text.substr(0, first))};
  if (!bytes || bytes->size() != 1 + verifier.key.size() || !is_note_name(verifier.name)) return refused;
  if (bytes->front() != note_type && bytes->front() != cosignature_type) return refused;
  verifier.cosigner = bytes->front() == cosignature_type;
  std::copy(bytes->begin() + 1, bytes->end(), verifier.key.begin());
  // The id is a digest of the rest: a slip of the hand is noticed.
  if (verifier.text() != text) return refused;
  return verifier;
}

std::string Checkpoint::body() const {
  return origin + "\n" + std::to_string(size) + "\n" + to_base64(root) + "\n";
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, Signer& signer) {
  if (!is_note_name(checkpoint.origin)) return usage("not a name for a log: " + checkpoint.origin);
  const std::string body = checkpoint.body();
  const auto signature = signer.sign(bytes_of(body));
  if (!signature) return signature.error();
  return body + "\n" +
         signature_line(checkpoint.origin, key_id(checkpoint.origin, note_type, signer.public_key()),
                        *signature);
}

Result<Checkpoint> open_checkpoint(std::string_view note, const NoteVerifier& log) {
  const auto parts = split_note(note);
  if (!parts) return parts.error();
  const KeyId id = key_id(log.name, note_type, log.key);
  bool verified = false;
  for (const NoteSignature& signature : parts->signatures) {
    if (log.cosigner || !signed_as(signature, log, id)) continue;
    if (!verify_ed25519(log.key, bytes_of(parts->text), signature.bytes))
      return corrupt("the log's signature of the checkpoint is not valid");
    verified = true;
  }
  if (!verified) return corrupt("the checkpoint is not signed by the log " + printable(log.name));
  auto checkpoint = parse_checkpoint(parts->text);
  if (checkpoint && checkpoint->origin != log.name)
    return corrupt("the checkpoint is of another log: " + printable(checkpoint->origin));
  return checkpoint;
}

Result<std::string> cosign_checkpoint(std::string_view note, const std::string& witness, Signer& signer,
                                      std::uint64_t time) {
  const auto parts = split_note(note);
  if (!parts) return parts.error();
  if (!is_note_name(witness)) return usage("not a name for a witness: " + printable(witness));
  if ((time >> 63U) != 0) return usage("no time for a cosignature");
  const NoteVerifier self{.name = witness, .key = signer.public_key(), .cosigner = true};
  const KeyId id = key_id(self.name, cosignature_type, self.key);
  const auto signature = signer.sign(bytes_of(cosigned_message(parts->text, time)));
  if (!signature) return signature.error();
  const auto stamp = big_endian(time);
  std::vector<std::byte> stamped(stamp.begin(), stamp.end());
  stamped.insert(stamped.end(), signature->begin(), signature->end());
  std::string cosigned = std::string(parts->text) + "\n";
  for (const NoteSignature& old : parts->signatures)
    if (!signed_as(old, self, id)) cosigned += old.line;
  return cosigned + signature_line(witness, id, stamped);
}

std::optional<std::uint64_t> cosignature_time(std::string_view note, const NoteVerifier& witness) {
  const auto parts = split_note(note);
  if (!parts || !witness.cosigner) return std::nullopt;
  const KeyId id = key_id(witness.name, cosignature_type, witness.key);
  std::optional<std::uint64_t> newest;
  for (const NoteSignature& signature : parts->signatures) {
    if (!signed_as(signature, witness, id)) continue;
    if (signature.bytes.size() != time_bytes + Ed25519Signature{}.size()) return std::nullopt;
    const auto time = load<std::uint64_t>(signature.bytes.data(), ByteOrder::big);
    if ((time >> 63U) != 0 || !verify_ed25519(witness.key, bytes_of(cosigned_message(parts->text, time)),
                                              std::span(signature.bytes).subspan(time_bytes)))
      return std::nullopt;
    newest = std::max(newest.value_or(0), time);
  }
  return newest;
}

}  // namespace dumpgate
