// The index: a SQLite database made from the leaves of a log, which answers at once what a key was seen in.
// The one rule: it is a cache and is never trusted: it is used only when it says that it was made from the
// very tree of the checkpoint; what it finds is read again from the log; whatever else is wrong with it, it
// is made anew. Somebody who can write the log's directory could still take rows out of it, and write any
// count or digest beside them: `log verify` and `--rebuild` see that, and a file of one's own, which is made
// by reading every entry once and extended with what came after, is out of their reach.
//
// DIR/index.sqlite, or memory alone where that cannot be written. Names of keys are kept as 32 bytes.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/log_reader.h"
#include "scanner/evidence/statement_reader.h"

namespace dumpgate {

// How a key stands to a dump.
enum class KeyRelation : std::uint8_t {
  held = 0,    // its private half, or part of it, was found
  seen = 1,    // its public half was seen
  sought = 2,  // the gate was told to look for it (--protect), and did not find it
};

struct KeyHit {
  std::uint64_t leaf = 0;  // of the verdict
  KeyRelation relation = KeyRelation::seen;
};

class LogIndex {
 public:
  // Uses the file when it fits the reader's checkpoint, extends it when it was made from the beginning of
  // that tree, and makes it anew otherwise or when `rebuild` says so. `reader` outlives it.
  // `own`: a file instead of the one in the log's directory. It remembers the tree that it was made from,
  // also for `rebuild`: a log that does not go on from there is ErrorCode::corrupt, another log
  // ErrorCode::usage.
  static Result<LogIndex> open(const LogReader& reader, bool rebuild = false, const std::string& own = {});
  LogIndex(LogIndex&&) noexcept;
  LogIndex& operator=(LogIndex&&) noexcept;
  ~LogIndex();

  // Verdicts that name the key (SHA-256 of its SubjectPublicKeyInfo, or the name of a secret), by leaf and
  // then by relation.
  Result<std::vector<KeyHit>> key(const std::string& sha256) const;
  // Leaves of releases of a dump, whichever examination allowed them; of the examination alone when the
  // digest is "".
  Result<std::vector<std::uint64_t>> releases(const std::string& dump_sha256,
                                              const std::string& scan_id) const;
  // Verdicts that do not exclude a key that they do not name: not examined whole, or a list cannot be read.
  Result<std::vector<std::uint64_t>> unanswerable() const;
  Result<std::uint64_t> verdicts() const;

  bool made_anew() const;  // by open
  // SHA-256 over all rows: two indices of the same tree have the same one.
  Result<std::string> content_sha256() const;

 private:
  struct State;
  explicit LogIndex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

enum class IndexState : std::uint8_t { absent, older, same, different };
// Makes the index anew from all leaves, and says what the one that was there had been: `older` one that was
// made from the beginning of the tree, `same` and `different` one that claimed this tree.
Result<IndexState> rebuild_index(const LogReader& reader);

}  // namespace dumpgate
