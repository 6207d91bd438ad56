// ReceiverMemory: what a receiver knows of one log: the newest checkpoint that it accepted, and trees that
// were proven to be beginnings of it. The one rule: memory that cannot be read is an Error, never an empty
// memory: forgetting is what a rolled-back log needs.
//
// One file of DIR for each verifier key, replaced whole, locked while the object lives (one process at a
// time):
//
//   dumpgate-receiver@v1
//   <size> <base64 of the root>   none or more, ascending
//   <empty line>
//   <the newest checkpoint, as the log signed it>

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signed_note.h"

namespace dumpgate {

struct RememberedTrees {
  std::string note{};                         // "" when nothing is remembered yet
  Checkpoint newest{};                        // of `note`
  std::map<std::uint64_t, TreeHash> known{};  // by size; holds `newest` too
};

// The content of such a file. Trees that `known` has beyond the newest 100,000 are left out.
std::string remembered_text(const RememberedTrees& trees);
// ErrorCode::corrupt: not of this form, or its checkpoint is not signed by `log`.
Result<RememberedTrees> parse_remembered(std::string_view text, const NoteVerifier& log);

class ReceiverMemory {
 public:
  // Makes the directory where it is missing. Waits for another process that holds the lock.
  static Result<ReceiverMemory> open(const std::string& directory, const NoteVerifier& log);
  ReceiverMemory(ReceiverMemory&& other) noexcept;
  ReceiverMemory& operator=(ReceiverMemory&&) = delete;
  ~ReceiverMemory();

  const RememberedTrees& trees() const { return trees_; }
  // Durable on return.
  Result<void> keep(RememberedTrees trees);

 private:
  ReceiverMemory() = default;

  std::string path_{};
  int lock_ = -1;
  RememberedTrees trees_{};
};

}  // namespace dumpgate
