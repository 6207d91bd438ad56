// LogReader: reads an evidence log that somebody else may be writing. The one rule: everything it returns was
// checked against the checkpoint that it opened, and through it against the log's key.
//
//   DIR/checkpoint                       signed note, the newest
//   DIR/tile/<level>/<n>[.p/<width>]     hashes             DIR/tile/entries/<n>[.p/<width>]   entries
//   DIR/store/sha256/<two digits>/<hex>  artifacts          DIR/log.vkey   verifier key
//   DIR/lock                             flock of writers   DIR/index.sqlite   a cache

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signed_note.h"
#include "scanner/evidence/signer.h"
#include "scanner/evidence/tlog_proof.h"

namespace dumpgate {

inline constexpr std::string_view checkpoint_file = "checkpoint";
inline constexpr std::string_view verifier_key_file = "log.vkey";
inline constexpr std::string_view lock_file = "lock";
// "store/sha256/ab/ab..." below the log's directory.
std::string artifact_path(const std::string& sha256);

class LogReader {
 public:
  // Reads log.vkey (or trusts `expected` instead, which a receiver must) and the checkpoint.
  // ErrorCode::corrupt when signature, tiles or root do not fit together.
  static Result<LogReader> open(const std::string& directory,
                                const std::optional<NoteVerifier>& expected = {});

  const std::string& directory() const { return directory_; }
  const NoteVerifier& verifier() const { return verifier_; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& note() const { return note_; }

  Result<std::string> entry(std::uint64_t index) const;  // hashes to its place in the tree
  // Entries from `begin` to before `end`, in order, each checked as entry() does.
  Result<void> entries(std::uint64_t begin, std::uint64_t end,
                       const std::function<Result<void>(std::uint64_t, std::string_view)>& visit) const;
  Result<std::vector<TreeHash>> inclusion(std::uint64_t index) const;
  Result<std::vector<TreeHash>> consistency_from(std::uint64_t old_size) const;
  Result<TlogProof> proof(std::uint64_t index) const;

  // The root of the log's first `size` entries.
  Result<TreeHash> root_of(std::uint64_t size) const;
  // The log as it was when it had `size` entries, its checkpoint signed anew: the same bytes as then.
  Result<LogReader> as_of(std::uint64_t size, Signer& signer) const;

  // Whether an older checkpoint of this log is the beginning of it. ErrorCode::corrupt: it is not, or it is
  // not signed by the log; a checkpoint of more leaves than there are now means that the log was rolled back.
  Result<void> extends(std::string_view old_note) const;

  // Reads every entry and every tile and compares all; calls `visit` in order, with the entry when it was
  // found to be in the tree of the tiles. ErrorCode::corrupt says which; then what was visited may be false
  // too, for only the end shows that the tiles belong to the checkpoint.
  Result<void> verify_all(const std::function<Result<void>(std::uint64_t, std::string_view)>& visit) const;

  // An artifact by the digest that a leaf names; its content is checked. Nothing when it is not in the store.
  Result<std::optional<std::vector<std::byte>>> artifact(const std::string& sha256) const;

 private:
  struct OlderTree {
    TreeHash root{};
    std::vector<TreeHash> proof{};  // that it is the beginning of the present one
  };
  Result<OlderTree> older_tree(std::uint64_t size) const;

  std::string directory_{};
  NoteVerifier verifier_{};
  Checkpoint checkpoint_{};
  std::string note_{};
};

// The verifier key that a log says is its own.
Result<NoteVerifier> read_verifier_key(const std::string& directory);

}  // namespace dumpgate
