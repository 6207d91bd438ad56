#include "scanner/gate/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/base/system_error.h"
#include "scanner/gate/spool_state.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

// Held while a place is made and locked, so that nobody takes one in hand that is just being made. Opened
// anew each time: processes that were forked from one another share the locks of what they share.
Result<Descriptor> lock_door(const std::string& quarantine) {
  auto door = open_directory(quarantine);
  if (!door) return door;
  while (::flock(door->get(), LOCK_EX) != 0)
    if (errno != EINTR) return io_error("cannot lock the quarantine");
  return door;
}

}  // namespace

Result<Descriptor> open_directory(const std::string& path) {
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory)
    return Error{ErrorCode::usage, "cannot open " + path + ": " + std::generic_category().message(errno),
                 std::nullopt};
  return directory;
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

std::string path_of(const Descriptor& directory) {
  return "/proc/self/fd/" + std::to_string(directory.get());
}

Result<void> leads_to(const std::string& path, int directory) {
  struct stat named{};
  struct stat opened{};
  if (::stat(path.c_str(), &named) == 0 && ::fstat(directory, &opened) == 0 &&
      named.st_dev == opened.st_dev && named.st_ino == opened.st_ino)
    return {};
  return Error{ErrorCode::io, path + " is not the directory any more that it was when the work began",
               std::nullopt};
}

Result<void> different_directories(int one, int other, const std::string& path) {
  struct stat a{};
  struct stat b{};
  if (::fstat(one, &a) != 0 || ::fstat(other, &b) != 0) return io_error("cannot examine " + path);
  if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
    return Error{ErrorCode::usage, path + " is given twice", std::nullopt};
  return {};
}

Result<Spool> Spool::open(const std::string& quarantine, const std::string& release) {
  auto first = open_directory(quarantine);
  if (!first) return first.error();
  auto second = open_directory(release);
  if (!second) return second.error();
  if (const auto differ = different_directories(first->get(), second->get(), release); !differ)
    return differ.error();
  Spool spool;
  spool.quarantine_ = std::move(*first);
  spool.release_ = std::move(*second);
  spool.quarantine_name_ = quarantine;
  spool.release_name_ = release;
  return spool;
}

Result<void> Spool::in_place() const {
  if (const auto same = leads_to(quarantine_name_, quarantine_.get()); !same) return same;
  return leads_to(release_name_, release_.get());
}

Result<std::string> Spool::release_identity() const {
  struct statx status{};
  if (::statx(release_.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0)
    return io_error("cannot examine " + release_name_);
  std::string identity = std::to_string(status.stx_ino);
  if ((status.stx_mask & STATX_BTIME) != 0)
    identity +=
        " " + std::to_string(status.stx_btime.tv_sec) + "." + std::to_string(status.stx_btime.tv_nsec);
  return identity;
}

Result<Custody> Spool::make_place(const SpoolState& state) const {
  auto door = lock_door(quarantine_path());
  if (!door) return door.error();
  if (::mkdirat(quarantine_.get(), state.scan_id.c_str(), S_IRWXU) != 0)
    return io_error("cannot make a place in quarantine");
  auto lock = open_directory(place(state.scan_id));
  if (lock && ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) lock = io_error("cannot lock a place");
  *door = Descriptor();
  const auto saved = lock ? save(state) : Result<void>(lock.error());
  if (saved) return Custody(state.scan_id, std::move(*lock));
  (void)::unlinkat(quarantine_.get(), state.scan_id.c_str(), AT_REMOVEDIR);
  return saved.error();
}

Result<Custody> Spool::custody(const std::string& scan_id) const {
  const Error none{ErrorCode::usage, "nothing lies in quarantine as " + printable(scan_id), std::nullopt};
  if (!is_scan_id(scan_id)) return none;
  const auto door = lock_door(quarantine_path());
  if (!door) return door.error();
  Descriptor lock(
      ::openat(quarantine_.get(), scan_id.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!lock) return errno == ENOENT ? none : io_error("cannot open a place in quarantine");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::io, "another process has " + scan_id + " in hand", std::nullopt};
  // Whoever had it may have removed it between the two calls.
  struct stat locked{};
  struct stat named{};
  if (::fstat(lock.get(), &locked) != 0 ||
      ::fstatat(quarantine_.get(), scan_id.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      locked.st_ino != named.st_ino)
    return none;
  return Custody(scan_id, std::move(lock));
}

Result<std::vector<std::string>> Spool::scan_ids() const {
  auto names = names_in(quarantine_path());
  if (names) std::erase_if(*names, [](const std::string& name) { return !is_scan_id(name); });
  return names;
}

Result<SpoolState> Spool::state(const std::string& scan_id) const {
  const auto bytes = read_file(place(scan_id) + "/state.json", std::size_t{64} * 1024);
  if (!bytes) return bytes.error();
  auto state = parse_spool_state(*bytes);
  if (state && state->scan_id != scan_id)
    return Error{ErrorCode::corrupt, "the state of another dump", std::nullopt};
  return state;
}

Descriptor Spool::open_dump(const std::string& scan_id) const {
  const Descriptor place(
      ::openat(quarantine_.get(), scan_id.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat owner{};
  if (!place || ::fstat(place.get(), &owner) != 0) return {};
  Descriptor dump(::openat(place.get(), "dump", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status{};
  if (!dump || ::fstat(dump.get(), &status) != 0) return {};
  const bool own = S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == owner.st_uid &&
                   (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  return own ? std::move(dump) : Descriptor();
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
  return sync_directory(quarantine_path());
}

}  // namespace dumpgate
