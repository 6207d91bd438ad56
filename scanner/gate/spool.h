// Spool: the directories of the gate and what is known of each dump in quarantine. The one rule: a file is in
// one place at any time; each step that moves it is one rename, announced by a state that is durable before,
// so that whoever starts after a crash knows which step was next.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"

namespace dumpgate {

// How far a dump has come. Written before the step that it names.
enum class SpoolStage : std::uint8_t {
  taking,     // it is being moved or copied from the input directory
  taken,      // it is here, and nothing that was decided of it counts
  kept,       // it was decided that it stays
  releasing,  // its release may be intended in the log
  placed,     // a whole copy lies hidden in the release directory; the next step gives it its name
};

struct SpoolState {
  std::string scan_id{};
  std::string name{};      // in the input directory; any bytes
  std::string received{};  // RFC 3339
  SpoolStage stage = SpoolStage::taking;
  std::string decision{};                 // as decided, for a person
  std::string dump_sha256{};              // of releasing and placed
  std::uint64_t size = 0;                 // of releasing and placed
  std::string release_name{};             // of releasing and placed
  std::uint64_t verdict_index = 0;        // of releasing and placed
  std::optional<std::uint64_t> waiver{};  // leaf of the waiver, when one allows it
  std::uint64_t log_from = 0;             // leaves of this release are not before this one
};

class Spool {
 public:
  // The directories exist, and the quarantine is this process's alone from now on (a lock that forks share).
  // ErrorCode::usage when a directory cannot be opened, when two of them are one, or another gate has it.
  static Result<Spool> open(const std::string& in, const std::string& quarantine, const std::string& release);

  // Names in the input directory that may be complete files, in the order of their names.
  Result<std::vector<std::string>> waiting() const;
  // Takes a file into quarantine. Nothing when it is not to be taken now: still open for writing, just
  // written, gone, or no regular file. Durable on return.
  Result<std::optional<std::string>> take(const std::string& name) const;

  // What is in quarantine, oldest first.
  Result<std::vector<std::string>> scan_ids() const;
  // Undoes or completes what a crash left at the stage `taking`. The state after it; nothing when the file is
  // back where it was.
  Result<std::optional<SpoolState>> settle(const std::string& scan_id) const;

  Result<SpoolState> state(const std::string& scan_id) const;
  Result<void> save(const SpoolState& state) const;
  // Removes what is left of a dump that was released.
  Result<void> forget(const std::string& scan_id) const;

  std::string place(const std::string& scan_id) const { return quarantine_path_ + "/" + scan_id; }
  std::string dump_of(const std::string& scan_id) const { return place(scan_id) + "/dump"; }
  const std::string& in_path() const { return in_path_; }
  const std::string& quarantine_path() const { return quarantine_path_; }
  const std::string& release_path() const { return release_path_; }
  int release() const { return release_.get(); }

 private:
  Spool() = default;
  Result<std::optional<std::string>> move_in(const SpoolState& state, int file) const;
  Result<std::optional<std::string>> copy_in(const SpoolState& state) const;
  Result<void> copy_claimed(const SpoolState& state, const std::string& claimed) const;
  void undo(const SpoolState& state) const;

  Descriptor in_{}, quarantine_{}, release_{}, lock_{};
  std::string in_path_{}, quarantine_path_{}, release_path_{};
};

// Whether nobody can be writing to the open file. With a lease it is sure; where a file system or a foreign
// owner allows none, a file that nobody changed for some seconds counts as complete.
enum class WriteState : std::uint8_t { nobody, somebody, unknown };
WriteState take_read_lease(int file);
bool read_lease_held(int file);

}  // namespace dumpgate
