// Receiver: checks a released file on the other side, offline: the file, what was said about it, that this is
// in the log, and that the log is the one that was seen before. The one rule: verified means that every check
// was made and passed; whatever could not be made is undecided.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/approvers.h"
#include "scanner/evidence/consistency.h"
#include "scanner/evidence/signed_note.h"
#include "scanner/evidence/statement_reader.h"
#include "scanner/evidence/waiver.h"

namespace dumpgate {

struct ReceiverOptions {
  NoteVerifier log{};                 // of whom a receipt is accepted
  std::string state_directory{};      // "": nothing is remembered, and consistency is not asked
  bool first = false;                 // accept the log as it is when nothing is remembered yet
  std::string log_directory{};        // a copy of the log; "": none
  std::vector<Approver> approvers{};  // of waivers; empty: a waiver cannot be checked
};

enum class Answer : std::uint8_t { undecided = 0, refused, verified };

struct ReceiptCheck {
  Answer answer = Answer::undecided;
  std::string reason{};  // of a refusal, or what is missing; "" when verified

  // What the log's key signed, as far as the check came.
  std::string file_sha256{};
  VerdictFields verdict{};
  ReleaseFields release{};
  std::optional<Waiver> waiver{};  // that allowed the release, valid on its day
  std::uint64_t leaf = 0;          // index of the intent to release
  Checkpoint checkpoint{};
  Consistency consistency = Consistency::unknown;
  std::string consistency_reason{};
};

// Error (usage): the file cannot be read. Everything else is an answer. When it is `verified` and there is a
// state directory, the checkpoint is remembered, durably, before this returns.
Result<ReceiptCheck> check_received_file(const std::string& path, const ReceiverOptions& options);

}  // namespace dumpgate
