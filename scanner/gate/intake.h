// Intake: the way of files from the input directory into quarantine. The one rule: a file is taken when
// nobody can be writing to it, and what then lies in quarantine is that very file, or a whole copy of it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"
#include "scanner/gate/private_file.h"
#include "scanner/gate/spool.h"

namespace dumpgate {

class Intake {
 public:
  // Takes from the directory `in`, for as long as it lives the only one that takes into this quarantine (a
  // lock that forks share). `spool` outlives it. ErrorCode::usage when the directory cannot be opened or is
  // one of the spool's, or when another gate takes into this quarantine. Copies leave `reserve` bytes free.
  static Result<Intake> open(const Spool& spool, const std::string& in, std::uint64_t reserve = 0);

  // Names in the input directory that may be complete files, in the order of their names.
  Result<std::vector<std::string>> waiting() const;
  // Takes a file into quarantine: its scan id. Nothing when it is not to be taken now: still open for
  // writing, just written, gone, or no regular file. Durable on return.
  Result<std::optional<std::string>> take(const std::string& name) const;
  // Undoes or completes what a crash left at the stage `taking`, of this and of take_unnamed. The state after
  // it; nothing when nothing is left in that place.
  Result<std::optional<SpoolState>> settle(const Custody& custody) const;

  // Of the directory that was opened; for system calls.
  std::string path() const { return path_of(in_); }
  // ErrorCode::io when its path leads to another directory than at the beginning.
  Result<void> in_place() const { return leads_to(name_, in_.get()); }

 private:
  Intake(const Spool& spool, std::string name, std::uint64_t reserve)
      : spool_(&spool), name_(std::move(name)), reserve_(reserve) {}
  Result<std::optional<std::string>> move_in(const SpoolState& state, int file) const;
  Result<std::optional<std::string>> copy_in(const SpoolState& state) const;
  Result<void> room_for(std::uint64_t bytes) const;
  Result<void> copy_claimed(const SpoolState& state, const std::string& claimed) const;
  void undo(const SpoolState& state) const;
  bool arrived_whole(const std::string& scan_id) const;

  const Spool* spool_;
  std::string name_;
  std::uint64_t reserve_;
  Descriptor in_{}, lock_{};
};

// Gives a whole file that has no name yet (of the quarantine's file system) its place in quarantine, in
// custody. Durable on return. Of `state`, the stage is set here.
Result<Custody> take_unnamed(const Spool& spool, const PrivateFile& file, SpoolState state);

}  // namespace dumpgate
