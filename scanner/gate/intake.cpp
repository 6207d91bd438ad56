#include "scanner/gate/intake.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "scanner/base/system_error.h"
#include "scanner/gate/file_copy.h"
#include "scanner/gate/file_state.h"
#include "scanner/gate/free_room.h"
#include "scanner/gate/read_lease.h"
#include "scanner/gate/release_name.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::string_view claim_prefix = ".dumpgate-";
constexpr std::chrono::seconds settle_time{5};  // of files whose writers cannot be seen

// The name of an original in the input directory while it is copied.
std::string claimed_name(const std::string& scan_id) { return std::string(claim_prefix) + scan_id; }

bool is_set_aside(std::string_view name) {
  return name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp") ||
         name.ends_with(".filepart");
}

bool changed_lately(const struct stat& status) {
  timespec now{};
  (void)::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec - std::max(status.st_mtim.tv_sec, status.st_ctim.tv_sec) < settle_time.count();
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Makes the file ours alone: whoever made it could otherwise open it again by a descriptor it kept.
bool make_own(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return false;
  if (status.st_uid != ::geteuid() && ::fchown(file, ::geteuid(), ::getegid()) != 0) return false;
  return ::fchmod(file, S_IRUSR | S_IWUSR) == 0;
}

int rename_new(int from_directory, const std::string& from, int to_directory, const std::string& to) {
  return ::renameat2(from_directory, from.c_str(), to_directory, to.c_str(), RENAME_NOREPLACE);
}

}  // namespace

Result<Intake> Intake::open(const Spool& spool, const std::string& in, std::uint64_t reserve) {
  auto directory = open_directory(in);
  if (!directory) return directory.error();
  for (const int other : {spool.quarantine(), spool.release()})
    if (const auto differ = different_directories(directory->get(), other, in); !differ)
      return differ.error();
  Intake intake(spool, in, reserve);
  intake.in_ = std::move(*directory);
  intake.lock_ = Descriptor(
      ::openat(spool.quarantine(), ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!intake.lock_) return io_error("cannot lock " + spool.quarantine_name());
  if (::flock(intake.lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::usage, "another gate works in " + spool.quarantine_name(), std::nullopt};
  return intake;
}

Result<std::vector<std::string>> Intake::waiting() const {
  auto names = names_in(path());
  if (names) std::erase_if(*names, is_set_aside);
  return names;
}

Result<std::optional<std::string>> Intake::take(const std::string& name) const {
  const std::optional<std::string> not_now;
  const Descriptor file(
      ::openat(in_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status{};
  // A file that is there for good and cannot be read is somebody's mistake, and shall not lie unnoticed.
  if (!file && errno == EACCES && ::fstatat(in_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(status.st_mode))
    return Error{ErrorCode::io, "this user may not read it", std::nullopt};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return not_now;
  const WriteState writers = take_read_lease(file.get());
  if (writers == WriteState::somebody) return not_now;
  if (writers == WriteState::unknown && changed_lately(status)) return not_now;

  const SpoolState state{
      .scan_id = new_scan_id(), .name = name, .source = {.channel = "spool"}, .received = utc_now()};
  const auto custody = spool_->make_place(state);
  if (!custody) return custody.error();
  const bool may_move = writers == WriteState::nobody && status.st_nlink == 1 && make_own(file.get());
  auto taken = may_move ? move_in(state, file.get()) : copy_in(state);
  if (!taken || !*taken) undo(state);
  return taken;
}

// By rename. What then lies in quarantine must be the file that was looked at, with nobody writing to it.
Result<std::optional<std::string>> Intake::move_in(const SpoolState& state, int file) const {
  const Descriptor place(
      ::openat(spool_->quarantine(), state.scan_id.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!place) return io_error("cannot open a place in quarantine");
  if (rename_new(in_.get(), state.name, place.get(), "dump") != 0) {
    if (errno == EXDEV) return copy_in(state);
    if (errno == ENOENT) return std::optional<std::string>();
    return io_error("cannot move a file into quarantine");
  }
  struct stat seen{};
  struct stat moved{};
  const bool same = ::fstat(file, &seen) == 0 &&
                    ::fstatat(place.get(), "dump", &moved, AT_SYMLINK_NOFOLLOW) == 0 &&
                    same_file(seen, moved);
  if (!same || moved.st_nlink != 1 || !read_lease_held(file)) return std::optional<std::string>();
  if (::fsync(file) != 0 || ::fsync(place.get()) != 0 || ::fsync(in_.get()) != 0)
    return io_error("cannot make a move durable");
  SpoolState taken = state;
  taken.stage = SpoolStage::taken;
  if (const auto saved = spool_->save(taken); !saved) return saved.error();
  return std::optional(state.scan_id);
}

// By copy. The original is first given a hidden name, so that nothing else is removed in its stead.
Result<std::optional<std::string>> Intake::copy_in(const SpoolState& state) const {
  const std::string claimed = claimed_name(state.scan_id);
  if (rename_new(in_.get(), state.name, in_.get(), claimed) != 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return io_error("cannot claim a file");
  }
  if (const auto copied = copy_claimed(state, claimed); !copied) return copied.error();
  return std::optional(state.scan_id);
}

// Holes have a size and take no room, until they are copied: what cannot come whole is not begun.
Result<void> Intake::room_for(std::uint64_t bytes) const {
  const auto room = free_room(spool_->quarantine_path());
  if (!room) return room.error();
  if (*room > reserve_ && bytes <= *room - reserve_) return {};
  return Error{ErrorCode::limit, "too little room in quarantine for a copy of it", std::nullopt};
}

Result<void> Intake::copy_claimed(const SpoolState& state, const std::string& claimed) const {
  const Descriptor from(::openat(in_.get(), claimed.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat before{};
  if (!from || ::fstat(from.get(), &before) != 0 || !S_ISREG(before.st_mode))
    return io_error("cannot open a claimed file");
  const auto size = static_cast<std::uint64_t>(before.st_size);
  if (const auto room = room_for(size); !room) return room;
  const std::string part = spool_->place(state.scan_id) + "/dump.part";
  if (const auto copied = copy_file(from.get(), part, size); !copied) return copied.error();
  struct stat after{};
  if (::fstat(from.get(), &after) != 0 || !same_content(before, after))
    return Error{ErrorCode::io, "a file changed while it was copied", std::nullopt};
  if (::rename(part.c_str(), spool_->dump_of(state.scan_id).c_str()) != 0)
    return io_error("cannot name a copy");
  if (const auto synced = sync_directory(spool_->place(state.scan_id)); !synced) return synced;
  SpoolState taken = state;
  taken.stage = SpoolStage::taken;
  if (const auto saved = spool_->save(taken); !saved) return saved;
  if (::unlinkat(in_.get(), claimed.c_str(), 0) != 0 || ::fsync(in_.get()) != 0)
    return io_error("cannot remove what was copied");
  return {};
}

// Puts a file that was not taken after all back under its name, or a longer one where that is taken by now.
// What cannot go back stays at the stage `taking`, of which nothing is ever examined or released.
void Intake::undo(const SpoolState& state) const {
  const auto now = spool_->state(state.scan_id);
  if (now && now->stage != SpoolStage::taking) return;
  const std::string part = spool_->place(state.scan_id) + "/dump.part";
  (void)::unlink(part.c_str());
  const std::string second = longer_name(state.name, state.scan_id);
  const auto put_back = [&](int directory, const std::string& from) {
    return rename_new(directory, from, in_.get(), state.name) == 0 ||
           rename_new(directory, from, in_.get(), second) == 0;
  };
  (void)put_back(in_.get(), claimed_name(state.scan_id));
  if (path_exists(spool_->dump_of(state.scan_id)) && !put_back(AT_FDCWD, spool_->dump_of(state.scan_id)))
    return;
  (void)::fsync(in_.get());
  (void)spool_->forget(state.scan_id);
}

// Whether what lies in a place at the stage `taking` is what was to come there: a file that was made ours
// before it was moved, or one that nobody but us ever had. Another that took its name just before the rename
// is neither. Durable when true.
bool Intake::arrived_whole(const std::string& scan_id) const {
  const Descriptor dump = spool_->open_dump(scan_id);
  return dump && take_read_lease(dump.get()) != WriteState::somebody && ::fsync(dump.get()) == 0;
}

Result<std::optional<SpoolState>> Intake::settle(const Custody& custody) const {
  const std::optional<SpoolState> back;
  const std::string& scan_id = custody.scan_id();
  auto known = spool_->state(scan_id);
  const bool holds_dump = path_exists(spool_->dump_of(scan_id));
  if (!known) {
    // A crash before the first state was durable: nothing was moved yet.
    if (holds_dump) return known.error();
    if (const auto gone = spool_->forget(scan_id); !gone) return gone.error();
    return back;
  }
  const std::string claimed = claimed_name(scan_id);
  if (known->stage != SpoolStage::taking) {
    // The copy is whole; only its original may still be there.
    if (::unlinkat(in_.get(), claimed.c_str(), 0) == 0) (void)::fsync(in_.get());
    return std::optional(std::move(*known));
  }
  struct stat status{};
  const bool is_copy = ::fstatat(in_.get(), claimed.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_copy && holds_dump && arrived_whole(scan_id)) {
    known->stage = SpoolStage::taken;
    if (const auto saved = spool_->save(*known); !saved) return saved.error();
    return std::optional(std::move(*known));
  }
  // A copy beside its original.
  if (is_copy && holds_dump) (void)::unlink(spool_->dump_of(scan_id).c_str());
  undo(*known);
  return back;
}

Result<Custody> take_unnamed(const Spool& spool, const PrivateFile& file, SpoolState state) {
  state.stage = SpoolStage::taking;
  if (::fsync(file.descriptor()) != 0) return io_error("cannot keep what arrived");
  auto custody = spool.make_place(state);
  if (!custody) return custody;
  const auto directory = open_directory(spool.place(state.scan_id));
  if (!directory) return directory.error();
  if (const int failed = link_file(file.descriptor(), directory->get(), "dump"); failed != 0) {
    errno = failed;
    const Error error = io_error("cannot put what arrived into quarantine");
    (void)spool.forget(state.scan_id);
    return error;
  }
  if (const auto synced = sync_directory(spool.place(state.scan_id)); !synced) return synced.error();
  if (const auto synced = sync_directory(spool.quarantine_path()); !synced) return synced.error();
  state.stage = SpoolStage::taken;
  if (const auto saved = spool.save(state); !saved) return saved.error();
  return custody;
}

}  // namespace dumpgate
