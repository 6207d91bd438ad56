#include "scanner/evidence/tlog_proof.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "scanner/base/base64.h"
#include "scanner/base/strict_text.h"

namespace dumpgate {
namespace {

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1";
constexpr std::size_t most_proof_bytes = most_note_bytes + (256U << 10U);
constexpr std::size_t most_hashes = 64;

std::optional<std::uint64_t> parse_index(std::string_view line) {
  constexpr std::string_view word = "index ";
  if (!line.starts_with(word)) return std::nullopt;
  line.remove_prefix(word.size());
  return parse_decimal(line);
}

}  // namespace

std::string TlogProof::text() const {
  std::string out = std::string(first_line) + "\n";
  if (!extra.empty()) out += "extra " + to_base64(std::as_bytes(std::span(extra))) + "\n";
  out += "index " + std::to_string(index) + "\n";
  for (const TreeHash& hash : path) out += to_base64(hash) + "\n";
  return out + "\n" + note;
}

Result<TlogProof> parse_tlog_proof(std::string_view text) {
  const Error refused = corrupt("not a proof of the form c2sp.org/tlog-proof@v1");
  if (text.size() > most_proof_bytes || take_line(text) != first_line) return refused;
  TlogProof proof;
  auto line = take_line(text);
  if (line && line->starts_with("extra ")) {
    const auto extra = from_base64(line->substr(6));
    if (!extra) return refused;
    proof.extra.assign(reinterpret_cast<const char*>(extra->data()), extra->size());
    line = take_line(text);
  }
  const auto index = line ? parse_index(*line) : std::nullopt;
  if (!index) return refused;
  proof.index = *index;
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    const auto hash = from_base64(*line);
    if (!hash || hash->size() != TreeHash{}.size() || proof.path.size() == most_hashes) return refused;
    std::ranges::copy(*hash, proof.path.emplace_back().begin());
  }
  if (!line || text.empty()) return refused;
  proof.note = std::string(text);
  return proof;
}

Result<Checkpoint> verify_tlog_proof(const TlogProof& proof, const TreeHash& leaf, const NoteVerifier& log) {
  auto checkpoint = open_checkpoint(proof.note, log);
  if (!checkpoint) return checkpoint.error();
  if (!verify_inclusion(proof.index, checkpoint->size, leaf, proof.path, checkpoint->root))
    return corrupt("the proof does not show that the leaf is in the log");
  return checkpoint;
}

}  // namespace dumpgate
