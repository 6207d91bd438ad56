#include "scanner/gate/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "scanner/evidence/statement.h"
#include "scanner/gate/file_copy.h"
#include "scanner/gate/spool_state.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::string_view claim_prefix = ".dumpgate-";
constexpr std::chrono::seconds settle_time{5};  // of files whose writers cannot be seen

Error io_error(const std::string& what) {
  return {.code = ErrorCode::io, .message = what + ": " + std::generic_category().message(errno)};
}

Result<Descriptor> open_directory(const std::string& path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory)
    return Error{ErrorCode::usage, "cannot open " + path + ": " + std::generic_category().message(errno),
                 std::nullopt};
  return directory;
}

bool is_set_aside(std::string_view name) {
  return name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp") ||
         name.ends_with(".filepart");
}

Result<std::vector<std::string>> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) {
    errno = error.value();
    return io_error("cannot read " + path);
  }
  std::ranges::sort(names);
  return names;
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

WriteState take_read_lease(int file) {
  if (::fcntl(file, F_SETLEASE, F_RDLCK) == 0) return WriteState::nobody;
  return errno == EAGAIN ? WriteState::somebody : WriteState::unknown;
}

bool read_lease_held(int file) { return ::fcntl(file, F_GETLEASE) == F_RDLCK; }

Result<Spool> Spool::open(const std::string& in, const std::string& quarantine, const std::string& release) {
  Spool spool;
  const std::array<std::pair<const std::string*, Descriptor*>, 3> all{
      {{&in, &spool.in_}, {&quarantine, &spool.quarantine_}, {&release, &spool.release_}}};
  std::vector<struct stat> seen;
  for (const auto& [path, directory] : all) {
    auto opened = open_directory(*path);
    if (!opened) return opened.error();
    struct stat status{};
    if (::fstat(opened->get(), &status) != 0) return io_error("cannot examine " + *path);
    for (const struct stat& other : seen)
      if (same_file(other, status)) return Error{ErrorCode::usage, *path + " is given twice", std::nullopt};
    seen.push_back(status);
    *directory = std::move(*opened);
  }
  spool.in_path_ = in;
  spool.quarantine_path_ = quarantine;
  spool.release_path_ = release;
  spool.lock_ = Descriptor(::openat(spool.quarantine_.get(), ".lock",
                                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!spool.lock_) return io_error("cannot lock " + quarantine);
  if (::flock(spool.lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::usage, "another gate works in " + quarantine, std::nullopt};
  return spool;
}

Result<std::vector<std::string>> Spool::waiting() const {
  auto names = names_in(in_path_);
  if (names) std::erase_if(*names, is_set_aside);
  return names;
}

Result<std::vector<std::string>> Spool::scan_ids() const {
  auto names = names_in(quarantine_path_);
  if (names) std::erase_if(*names, [](const std::string& name) { return name.starts_with('.'); });
  return names;
}

Result<std::optional<std::string>> Spool::take(const std::string& name) const {
  const std::optional<std::string> not_now;
  const Descriptor file(
      ::openat(in_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return not_now;
  const WriteState writers = take_read_lease(file.get());
  if (writers == WriteState::somebody) return not_now;
  if (writers == WriteState::unknown && changed_lately(status)) return not_now;

  const SpoolState state{.scan_id = new_scan_id(), .name = name, .received = utc_now()};
  if (::mkdirat(quarantine_.get(), state.scan_id.c_str(), S_IRWXU) != 0)
    return io_error("cannot make a place in quarantine");
  if (const auto saved = save(state); !saved) {
    (void)::unlinkat(quarantine_.get(), state.scan_id.c_str(), AT_REMOVEDIR);
    return saved.error();
  }
  const bool may_move = writers == WriteState::nobody && status.st_nlink == 1 && make_own(file.get());
  auto taken = may_move ? move_in(state, file.get()) : copy_in(state);
  if (!taken || !*taken) undo(state);
  return taken;
}

// By rename. What then lies in quarantine must be the file that was looked at, with nobody writing to it.
Result<std::optional<std::string>> Spool::move_in(const SpoolState& state, int file) const {
  const Descriptor place(
      ::openat(quarantine_.get(), state.scan_id.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
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
  if (const auto saved = save(taken); !saved) return saved.error();
  return std::optional(state.scan_id);
}

// By copy. The original is first given a hidden name, so that nothing else is removed in its stead.
Result<std::optional<std::string>> Spool::copy_in(const SpoolState& state) const {
  const std::string claimed = std::string(claim_prefix) + state.scan_id;
  if (rename_new(in_.get(), state.name, in_.get(), claimed) != 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return io_error("cannot claim a file");
  }
  if (const auto copied = copy_claimed(state, claimed); !copied) return copied.error();
  return std::optional(state.scan_id);
}

Result<void> Spool::copy_claimed(const SpoolState& state, const std::string& claimed) const {
  const Descriptor from(::openat(in_.get(), claimed.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat before{};
  if (!from || ::fstat(from.get(), &before) != 0 || !S_ISREG(before.st_mode))
    return io_error("cannot open a claimed file");
  const std::string part = place(state.scan_id) + "/dump.part";
  if (const auto copied = copy_file(from.get(), part); !copied) return copied.error();
  struct stat after{};
  if (::fstat(from.get(), &after) != 0 || after.st_size != before.st_size ||
      after.st_mtim.tv_sec != before.st_mtim.tv_sec || after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
    return Error{ErrorCode::io, "a file changed while it was copied", std::nullopt};
  if (::rename(part.c_str(), dump_of(state.scan_id).c_str()) != 0) return io_error("cannot name a copy");
  if (const auto synced = sync_directory(place(state.scan_id)); !synced) return synced;
  SpoolState taken = state;
  taken.stage = SpoolStage::taken;
  if (const auto saved = save(taken); !saved) return saved;
  if (::unlinkat(in_.get(), claimed.c_str(), 0) != 0 || ::fsync(in_.get()) != 0)
    return io_error("cannot remove what was copied");
  return {};
}

// Puts a file that was not taken after all back under its name. Where that is taken by now, it stays here.
void Spool::undo(const SpoolState& state) const {
  const auto now = this->state(state.scan_id);
  if (now && now->stage != SpoolStage::taking) return;
  const std::string part = place(state.scan_id) + "/dump.part";
  (void)::unlink(part.c_str());
  const std::string claimed = std::string(claim_prefix) + state.scan_id;
  (void)rename_new(in_.get(), claimed, in_.get(), state.name);
  struct stat status{};
  if (::lstat(dump_of(state.scan_id).c_str(), &status) == 0) {
    // A copy beside a claimed original is dropped; a file that was moved goes back.
    if (rename_new(AT_FDCWD, dump_of(state.scan_id), in_.get(), state.name) != 0) return;
  }
  (void)::fsync(in_.get());
  (void)forget(state.scan_id);
}

Result<std::optional<SpoolState>> Spool::settle(const std::string& scan_id) const {
  const std::optional<SpoolState> back;
  auto known = state(scan_id);
  const bool holds_dump = path_exists(dump_of(scan_id));
  if (!known) {
    // A crash before the first state was durable: nothing was moved yet.
    if (holds_dump) return known.error();
    if (const auto gone = forget(scan_id); !gone) return gone.error();
    return back;
  }
  const std::string claimed = std::string(claim_prefix) + scan_id;
  if (known->stage != SpoolStage::taking) {
    // The copy is whole; only its original may still be there.
    if (::unlinkat(in_.get(), claimed.c_str(), 0) == 0) (void)::fsync(in_.get());
    return std::optional(std::move(*known));
  }
  struct stat status{};
  const bool is_copy = ::fstatat(in_.get(), claimed.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_copy && holds_dump) {
    known->stage = SpoolStage::taken;
    if (const auto saved = save(*known); !saved) return saved.error();
    return std::optional(std::move(*known));
  }
  if (holds_dump) (void)::unlink(dump_of(scan_id).c_str());
  undo(*known);
  return back;
}

Result<SpoolState> Spool::state(const std::string& scan_id) const {
  const auto bytes = read_file(place(scan_id) + "/state.json", std::size_t{64} * 1024);
  if (!bytes) return bytes.error();
  return parse_spool_state(*bytes);
}

Result<void> Spool::save(const SpoolState& state) const {
  const std::string text = spool_state_text(state);
  return replace_file(place(state.scan_id) + "/state.json", std::as_bytes(std::span(text)),
                      S_IRUSR | S_IWUSR);
}

Result<void> Spool::forget(const std::string& scan_id) const {
  const std::string directory = place(scan_id);
  for (const char* const file : {"/dump.part", "/.state.json.tmp", "/state.json"})
    if (::unlink((directory + file).c_str()) != 0 && errno != ENOENT)
      return io_error("cannot clear quarantine");
  if (::rmdir(directory.c_str()) != 0 && errno != ENOENT) return io_error("cannot clear quarantine");
  return sync_directory(quarantine_path_);
}

}  // namespace dumpgate
