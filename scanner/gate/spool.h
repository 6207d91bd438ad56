// Spool: quarantine and release directory, and what is known of each dump in quarantine. The one rule: a file
// is in one place at any time; each step that moves it is one rename, announced by a state that is durable
// before, so that whoever comes after a crash knows which step was next.
//
//   QUARANTINE/<scan id>/dump        every dump until it is released; 0600 in a directory of 0700
//   QUARANTINE/<scan id>/state.json  SpoolState
//   RELEASE/NAME                     released, with its receipt beside it (evidence/receipt.h)
//
// Its directories are those that were opened at the beginning, whatever their paths mean later: every path
// that is given out leads through the open descriptor, so that a dump and its receipt land in one place.
// in_place() tells whether they still are where people look for them.
//
// Several programs work in one quarantine: the gate, core handlers, a person with a waiver. Whoever handles a
// dump has it in custody: a lock on its directory, which ends with the process.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"
#include "scanner/evidence/statement.h"

namespace dumpgate {

// How far a dump has come. Written before the step that it names.
enum class SpoolStage : std::uint8_t {
  taking,     // it is being moved or copied into its place
  taken,      // it is here, and nothing that was decided of it counts
  kept,       // it was decided that it stays
  releasing,  // its release may be intended in the log
  placed,     // a whole copy lies hidden in the release directory; the next step gives it its name
  dropping,   // it was decided that nothing of it stays
};

struct SpoolState {
  std::string scan_id{};
  std::string name{};      // as its sender called it; any bytes
  DumpSource source{};     // but for the name
  std::string received{};  // RFC 3339
  SpoolStage stage = SpoolStage::taking;
  bool refuse = false;        // what is not released is dropped, not kept
  std::string decision{};     // as decided, for a person
  std::string dump_sha256{};  // as examined: from here on of all but taking and taken
  std::uint64_t size = 0;
  std::uint64_t verdict_index = 0;        // leaf of the verdict
  std::string release_name{};             // of releasing and placed
  std::string release_directory{};        // of placed: Spool::release_identity() of where the copy lies
  std::optional<std::uint64_t> waiver{};  // leaf of the waiver, when one allows it
  std::uint64_t log_from = 0;             // leaves of this release are not before this one
};

// A dump in the hands of this process and of no other, until it is destroyed. Moves; not shared.
class Custody {
 public:
  const std::string& scan_id() const { return scan_id_; }

 private:
  friend class Spool;
  Custody(std::string scan_id, Descriptor lock) : scan_id_(std::move(scan_id)), lock_(std::move(lock)) {}
  std::string scan_id_;
  Descriptor lock_;
};

// The path of an open directory, whatever its name is by now; proc(5).
std::string path_of(const Descriptor& directory);

class Spool {
 public:
  // ErrorCode::usage when a directory cannot be opened, or both are one.
  static Result<Spool> open(const std::string& quarantine, const std::string& release);

  // A new place with this state, durable, in custody.
  Result<Custody> make_place(const SpoolState& state) const;
  // The dump that lies there already. ErrorCode::usage when there is none by this name, ErrorCode::io when
  // another process has it in hand.
  Result<Custody> custody(const std::string& scan_id) const;

  // What is in quarantine, oldest first.
  Result<std::vector<std::string>> scan_ids() const;
  // ErrorCode::corrupt for one that cannot be read, or that is another dump's.
  Result<SpoolState> state(const std::string& scan_id) const;
  Result<void> save(const SpoolState& state) const;
  // Removes what is left of a dump that is not there any more.
  Result<void> forget(const std::string& scan_id) const;

  // ErrorCode::io when one of the paths leads to another directory than at the beginning.
  Result<void> in_place() const;
  // Tells the release directory from others, also after a restart of the machine: its inode's number and the
  // time it was made, where the file system keeps that.
  Result<std::string> release_identity() const;

  std::string place(const std::string& scan_id) const { return quarantine_path() + "/" + scan_id; }
  std::string dump_of(const std::string& scan_id) const { return place(scan_id) + "/dump"; }
  // For reading. None when it cannot be, and when it is anything but a regular file with one name, of the
  // owner of its place and writable by nobody else: nothing else is examined, hashed or released. Never
  // waits.
  Descriptor open_dump(const std::string& scan_id) const;
  // For system calls, of this process and its forks.
  std::string quarantine_path() const { return path_of(quarantine_); }
  std::string release_path() const { return path_of(release_); }
  // As they were given, for people.
  const std::string& quarantine_name() const { return quarantine_name_; }
  const std::string& release_name() const { return release_name_; }
  int quarantine() const { return quarantine_.get(); }
  int release() const { return release_.get(); }

 private:
  Spool() = default;

  Descriptor quarantine_{}, release_{};
  std::string quarantine_name_{}, release_name_{};
};

// An open directory; ErrorCode::usage when it cannot be opened.
Result<Descriptor> open_directory(const std::string& path);
// The names in it, in their order.
Result<std::vector<std::string>> names_in(const std::string& path);
// ErrorCode::io when the path does not lead to the open directory (any more).
Result<void> leads_to(const std::string& path, int directory);
// ErrorCode::usage when the open directories are one.
Result<void> different_directories(int one, int other, const std::string& path);

}  // namespace dumpgate
