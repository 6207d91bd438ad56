// EvidenceLog: an append-only transparency log on local disk (C2SP tlog-tiles, with the newest checkpoint in
// the file `checkpoint`), and beside it the artifacts that its leaves name by digest. The one rule: append
// returns only when the leaf, every tile above it and a signed checkpoint that covers it are durable; a log
// that does not hash to its own checkpoint is never written to again.
//
// Several processes may append: each append takes the lock file, reads the checkpoint anew, and writes.
// Killed at any instant, the log is that of the last checkpoint; bytes beyond it are written over by the next
// append.
//
//   DIR/checkpoint            signed note           DIR/tile/<level>/<n>[.p/<width>],
//   DIR/tile/entries/<n>[.p/<width>] DIR/log.vkey              verifier key          DIR/store/sha256/<first
//   two digits>/<digest>   artifacts DIR/lock                  flock                 DIR/index.sqlite a cache

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signed_note.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

struct LeafPlace {
  std::uint64_t index = 0;
  TreeHash hash{};
  std::string checkpoint{};  // the note that first covered it
};

// Reads a log that somebody else may be writing. Everything it returns was checked against the checkpoint.
class LogReader {
 public:
  // Reads log.vkey (or trusts `expected` instead, which a receiver must) and the checkpoint.
  // ErrorCode::corrupt when signature, tiles or root do not fit together.
  static Result<LogReader> open(const std::string& directory,
                                const std::optional<NoteVerifier>& expected = {});

  const NoteVerifier& verifier() const { return verifier_; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& note() const { return note_; }

  Result<std::string> entry(std::uint64_t index) const;  // hashes to its place in the tree
  Result<std::vector<TreeHash>> inclusion(std::uint64_t index) const;
  Result<std::vector<TreeHash>> consistency_from(std::uint64_t old_size) const;
  // Reads every entry and every tile and compares all; calls `visit` in order. ErrorCode::corrupt says which.
  Result<void> verify_all(const std::function<Result<void>(std::uint64_t, std::string_view)>& visit) const;

  // An artifact by the digest that a leaf names; its content is checked. Nothing when it is not in the store.
  Result<std::optional<std::vector<std::byte>>> artifact(const std::string& sha256) const;

 private:
  friend class EvidenceLog;
  std::string directory_{};
  NoteVerifier verifier_{};
  Checkpoint checkpoint_{};
  std::string note_{};
};

class EvidenceLog {
 public:
  // A new, empty log with a checkpoint of size 0. `origin` is its name, for example
  // "gate1.example.org/dumps": no spaces, no plus. An existing directory that is not empty is an Error.
  static Result<EvidenceLog> create(const std::string& directory, const std::string& origin, Signer& signer);
  // `signer` outlives the log and must hold the key of log.vkey.
  static Result<EvidenceLog> open(const std::string& directory, Signer& signer);

  const NoteVerifier& verifier() const { return verifier_; }
  const std::string& directory() const { return directory_; }
  Signer& signer() const { return *signer_; }

  // Seals the in-toto statement into an envelope and appends it. Durable on return. Waits for the lock.
  Result<LeafPlace> append(std::string_view statement);
  // Appends an envelope that was sealed elsewhere (a waiver of two people).
  Result<LeafPlace> append_envelope(std::string_view envelope);
  // Signs the present tree again; for a log that a heartbeat keeps fresh without new leaves.
  Result<std::string> sign_now();

  // Stores bytes under their digest (lower-case hex), durable on return; storing the same twice is one file.
  Result<std::string> store(std::span<const std::byte> artifact);

  Result<LogReader> reader() const;

 private:
  std::string directory_{};
  NoteVerifier verifier_{};
  Signer* signer_ = nullptr;
};

}  // namespace dumpgate
