// Proof files (C2SP tlog-proof v1): that a leaf is in a log, checkable without the log. The one rule: a proof
// comes from whoever carries a dump; nothing of it counts before its checkpoint's signature was verified.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signed_note.h"

namespace dumpgate {

struct TlogProof {
  std::string extra{};  // bytes of the `extra` line, which nobody signed; "" for none
  std::uint64_t index = 0;
  std::vector<TreeHash> path{};  // from the leaf's sibling up
  std::string note{};            // the checkpoint, with its signatures

  std::string text() const;
};

// Takes the text apart. ErrorCode::corrupt for anything else.
Result<TlogProof> parse_tlog_proof(std::string_view text);

// The checkpoint that covers the leaf. ErrorCode::corrupt: not signed by `log`, or the leaf is not in it.
Result<Checkpoint> verify_tlog_proof(const TlogProof& proof, const TreeHash& leaf, const NoteVerifier& log);

}  // namespace dumpgate
