// EvidenceLog: an append-only transparency log on local disk (C2SP tlog-tiles, with the newest checkpoint in
// the file `checkpoint`), and beside it the artifacts that its leaves name by digest (layout: log_reader.h).
// The one rule: append returns only when the leaf, every tile above it and a signed checkpoint that covers it
// are durable; a log that does not hash to its own checkpoint is never written to again.
//
// Several processes may append: each append takes the lock file, reads the checkpoint anew, and writes.
// Killed at any instant, the log is that of the last checkpoint; what lies beyond it, at most one leaf, is
// written over by the next append.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/evidence/log_reader.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signed_note.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

struct LeafPlace {
  std::uint64_t index = 0;
  TreeHash hash{};
  std::string checkpoint{};  // the note that first covered it
};

class EvidenceLog {
 public:
  // A new, empty log with a checkpoint of size 0. `origin` is its name, for example
  // "gate1.example.org/dumps": no spaces, no plus. An existing directory that is not vacant is an Error; what
  // a creation with the same name and key leaves when it is killed is gone on with.
  static Result<EvidenceLog> create(const std::string& directory, const std::string& origin, Signer& signer);
  // Whether a log can be made in the directory: it is not there, or nothing is in it but the beginning of a
  // log without a checkpoint, which nobody can have used. Else ErrorCode::usage.
  static Result<void> check_vacant(const std::string& directory);
  // `signer` outlives the log and must hold the key of log.vkey.
  static Result<EvidenceLog> open(const std::string& directory, Signer& signer);

  const NoteVerifier& verifier() const { return verifier_; }
  const std::string& directory() const { return directory_; }
  Signer& signer() const { return *signer_; }

  // Seals the in-toto statement into an envelope and appends it. Durable on return. Waits for the lock.
  Result<LeafPlace> append(std::string_view statement);
  // Appends an envelope that was sealed elsewhere (a waiver of two people). Every leaf bears the log's own
  // signature: it is added where it is not there yet.
  Result<LeafPlace> append_envelope(std::string_view envelope);
  // Signs the present tree again; for a log that a heartbeat keeps fresh without new leaves.
  Result<std::string> sign_now();

  // Stores bytes under their digest (lower-case hex), durable on return; storing the same twice is one file.
  Result<std::string> store(std::span<const std::byte> artifact);

  Result<LogReader> reader() const;

 private:
  EvidenceLog(std::string directory, NoteVerifier verifier, Signer& signer)
      : directory_(std::move(directory)), verifier_(std::move(verifier)), signer_(&signer) {}

  Result<LeafPlace> extend(std::string_view entry);

  std::string directory_;
  NoteVerifier verifier_;
  Signer* signer_;
};

}  // namespace dumpgate
