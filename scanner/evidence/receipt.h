// Receipts: what travels with a released file, so that its receiver can check it without the gate. The one
// rule: a receipt proves itself or nothing; whoever carries the file may have written any byte of it.
//
//   FILE.intoto.jsonl  DSSE envelopes, one a line: the verdict, the intent to release, and the waiver when
//                      one allowed it
//   FILE.tlog-proof    C2SP tlog-proof v1: the intent is in the log. Its extra line holds the checkpoints of
//                      earlier receipts, each with the proof that it is a beginning of this one's tree:
//                      these connect what a receiver knows of the log to what it is shown now.
//
// The proof is for the tree that ends with the intent, so that a receipt is the same bytes whenever it is
// made.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/tlog_proof.h"

namespace dumpgate {

inline constexpr std::string_view envelopes_suffix = ".intoto.jsonl";
inline constexpr std::string_view proof_suffix = ".tlog-proof";

struct Receipt {
  std::string envelopes{};  // content of FILE.intoto.jsonl
  std::string proof{};      // content of FILE.tlog-proof
};

// For an intent that is a leaf of the log. Reads back at most 16,384 leaves for earlier receipts.
// ErrorCode::usage: that leaf is no intent to release.
Result<Receipt> make_receipt(const EvidenceLog& log, std::uint64_t intent_index);

// A tree that is claimed to be the beginning of another.
struct Beginning {
  std::uint64_t size = 0;
  TreeHash root{};
  std::vector<TreeHash> proof{};  // consistency (RFC 6962 section 2.1.2) with the tree of the receipt
};

struct ParsedReceipt {
  std::string verdict{};  // envelopes, as they are in the log
  std::string intent{};
  std::optional<std::string> waiver{};
  TlogProof proof{};
  std::vector<Beginning> beginnings{};  // unproven
};

inline constexpr std::size_t most_receipt_bytes = std::size_t{512} << 10U;  // of each of the two files

// Takes bytes nobody vouches for, and verifies nothing. ErrorCode::corrupt for what is no receipt.
Result<ParsedReceipt> parse_receipt(std::string_view envelopes, std::string_view proof);

}  // namespace dumpgate
