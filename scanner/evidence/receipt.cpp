#include "scanner/evidence/receipt.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/evidence/beginnings.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/log_tiles.h"
#include "scanner/evidence/statement_reader.h"

namespace dumpgate {
namespace {

constexpr std::uint64_t most_leaves_back = 16'384;

class ReceiptMaker {
 public:
  ReceiptMaker(const LogReader& reader, Signer& signer) : reader_(reader), signer_(signer) {}

  Result<Receipt> make(std::uint64_t intent_index) {
    const auto intent = reader_.entry(intent_index);
    if (!intent) return intent.error();
    const auto release = intent_in(*intent);
    if (!release) return release.error();
    if (!*release)
      return Error{ErrorCode::usage,
                   "entry " + std::to_string(intent_index) + " of the log is no intent to release",
                   std::nullopt};
    const auto verdict = reader_.entry((*release)->verdict_index);
    if (!verdict) return verdict.error();
    Receipt receipt{.envelopes = *verdict + "\n" + *intent + "\n"};
    if ((*release)->waiver_index) {
      const auto waiver = reader_.entry(*(*release)->waiver_index);
      if (!waiver) return waiver.error();
      receipt.envelopes += *waiver + "\n";
    }
    auto proof = prove(intent_index);
    if (!proof) return proof.error();
    receipt.proof = std::move(*proof);
    return receipt;
  }

 private:
  Result<std::string> prove(std::uint64_t intent_index) {
    const auto tree = reader_.as_of(intent_index + 1, signer_);
    if (!tree) return tree.error();
    auto proof = tree->proof(intent_index);
    if (!proof) return proof.error();
    const auto earlier = earlier_receipts(intent_index);
    if (!earlier) return earlier.error();
    std::vector<Beginning> beginnings;
    for (const std::uint64_t size : *earlier) {
      const auto root = tree->root_of(size);
      if (!root) return root.error();
      auto connection = tree->consistency_from(size);
      if (!connection) return connection.error();
      beginnings.push_back({size, *root, std::move(*connection)});
    }
    proof->extra = beginnings_text(beginnings);
    return proof->text();
  }

  // Sizes of the trees of earlier receipts, newest first.
  Result<std::vector<std::uint64_t>> earlier_receipts(std::uint64_t intent_index) {
    std::vector<std::uint64_t> sizes;
    const std::uint64_t last = intent_index - std::min(intent_index, most_leaves_back);
    for (std::uint64_t end = intent_index; end > last && sizes.size() < most_beginnings;) {
      const std::uint64_t begin = std::max(last, (end - 1) / tile_width * tile_width);
      std::vector<std::uint64_t> found;
      const auto read =
          reader_.entries(begin, end, [&](std::uint64_t index, std::string_view entry) -> Result<void> {
            const auto release = intent_in(entry);
            if (!release) return release.error();
            if (*release) found.push_back(index + 1);
            return {};
          });
      if (!read) return read.error();
      sizes.insert(sizes.end(), found.rbegin(), found.rend());
      end = begin;
    }
    sizes.resize(std::min(sizes.size(), most_beginnings));
    return sizes;
  }

  // Nothing when the entry is something else.
  Result<std::optional<ReleaseFields>> intent_in(std::string_view entry) const {
    const std::array<Ed25519PublicKey, 1> own{reader_.verifier().key};
    const auto opened = open_envelope(entry, own);
    if (!opened) return opened.error();
    const auto statement = read_statement(opened->payload);
    if (!statement) return statement.error();
    const auto* const release = std::get_if<ReleaseFields>(&statement->fields);
    if (release == nullptr || release->stage != "intent") return std::optional<ReleaseFields>{};
    return std::optional(*release);
  }

  const LogReader& reader_;
  Signer& signer_;
};

}  // namespace

Result<Receipt> make_receipt(const EvidenceLog& log, std::uint64_t intent_index) {
  const auto reader = log.reader();
  if (!reader) return reader.error();
  return ReceiptMaker(*reader, log.signer()).make(intent_index);
}

Result<ParsedReceipt> parse_receipt(std::string_view envelopes, std::string_view proof) {
  if (envelopes.size() > most_receipt_bytes || proof.size() > most_receipt_bytes)
    return corrupt("the receipt is too long");
  std::vector<std::string> lines;
  while (!envelopes.empty() && lines.size() <= 3) {
    const std::size_t end = envelopes.find('\n');
    if (end == std::string_view::npos) return corrupt("the receipt's last envelope is cut");
    lines.emplace_back(envelopes.substr(0, end));
    envelopes.remove_prefix(end + 1);
  }
  if (lines.size() < 2 || lines.size() > 3)
    return corrupt("the receipt does not hold two or three envelopes");
  auto parsed = parse_tlog_proof(proof);
  if (!parsed) return parsed.error();
  auto beginnings = parse_beginnings(parsed->extra);
  if (!beginnings) return beginnings.error();
  ParsedReceipt receipt{.verdict = std::move(lines[0]), .intent = std::move(lines[1])};
  if (lines.size() == 3) receipt.waiver = std::move(lines[2]);
  receipt.proof = std::move(*parsed);
  receipt.beginnings = std::move(*beginnings);
  return receipt;
}

}  // namespace dumpgate
