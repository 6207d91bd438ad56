#include "scanner/gate/adapters/inbox.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include "scanner/base/printable.h"
#include "scanner/base/system_error.h"
#include "scanner/gate/adapters/ssh_command.h"
#include "scanner/gate/private_file.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view session_prefix = ".receive-";
constexpr std::string_view hidden_prefix = ".pending-";
// The gate's own user reads by group where it is not the owner.
constexpr mode_t visible_mode = S_IRUSR | S_IWUSR | S_IRGRP;

// Durable content of a regular file of its own. ErrorCode::usage for anything else.
Result<void> make_ready(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1)
    return Error{.code = ErrorCode::usage, .message = "no file of its own"};
  if (::fchmod(file, visible_mode) != 0 || ::fsync(file) != 0) return io_error("cannot keep a file", errno);
  return {};
}

}  // namespace

Result<Inbox> Inbox::open(const std::string& directory) {
  Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened)
    return Error{.code = ErrorCode::usage,
                 .message = "cannot open " + directory + ": " + std::generic_category().message(errno)};
  std::error_code failed;
  const fs::path path = fs::canonical(directory, failed);
  if (failed) return io_error("cannot find " + directory, failed.value());
  return Inbox(std::move(opened), path.string());
}

Inbox::~Inbox() {
  std::error_code ignored;
  if (!session_.empty() && session_lock_) fs::remove_all(session_, ignored);
}

// Sessions hold a lock on their directory as long as they live.
void Inbox::remove_left_behind() const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path_, ignored)) {
    if (!entry.path().filename().string().starts_with(session_prefix)) continue;
    const Descriptor left(::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (left && ::flock(left.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
  }
}

Result<std::string> Inbox::session_directory() {
  // Between making a directory and locking it nobody else may take it for one left behind.
  if (::flock(directory_.get(), LOCK_EX) != 0) return io_error("cannot lock " + path_, errno);
  remove_left_behind();
  std::string pattern = path_ + "/" + std::string(session_prefix) + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return io_error("cannot receive below " + path_, errno);
  session_ = pattern;
  session_lock_ = Descriptor(::open(session_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool locked = session_lock_ && ::flock(session_lock_.get(), LOCK_EX | LOCK_NB) == 0;
  (void)::flock(directory_.get(), LOCK_UN);
  if (!locked) return io_error("cannot lock " + session_, errno);
  return session_;
}

Result<std::string> Inbox::publish(int file, const std::string& name) const {
  if (const auto ready = make_ready(file); !ready) return ready.error();
  auto given =
      first_free_name(name, [&](const std::string& as) { return link_file(file, directory_.get(), as); });
  if (given && ::fsync(directory_.get()) != 0) return io_error("cannot keep a name in " + path_, errno);
  return given;
}

Result<void> Inbox::keep_hidden(int file, const std::string& name) const {
  if (const auto ready = make_ready(file); !ready) return ready.error();
  const std::string hidden = std::string(hidden_prefix) + name;
  int failed = link_file(file, directory_.get(), hidden);
  if (failed == EEXIST && ::unlinkat(directory_.get(), hidden.c_str(), 0) == 0)
    failed = link_file(file, directory_.get(), hidden);
  if (failed != 0) return io_error("cannot keep " + name, failed);
  return {};
}

// `from` is below the inbox, and nobody writes to it any more.
Result<std::string> Inbox::move_in(const std::string& from, const std::string& name) const {
  const Descriptor file(
      ::openat(directory_.get(), from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return io_error("cannot open what arrived", errno);
  if (const auto ready = make_ready(file.get()); !ready) return ready.error();
  auto given = first_free_name(name, [&](const std::string& as) {
    return ::renameat2(directory_.get(), from.c_str(), directory_.get(), as.c_str(), RENAME_NOREPLACE) == 0
               ? 0
               : errno;
  });
  if (given && ::fsync(directory_.get()) != 0) return io_error("cannot keep a name in " + path_, errno);
  return given;
}

Result<std::string> Inbox::promote(const std::string& name, const std::string& as) const {
  const std::string hidden = std::string(hidden_prefix) + name;
  if (::faccessat(directory_.get(), hidden.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
    return Error{.code = ErrorCode::usage, .message = "nothing was received as " + name};
  return move_in(hidden, as);
}

namespace {

// The files that were still being written, as absolute paths. Nothing when one cannot be told: it was renamed
// meanwhile, or its name is written with escapes.
std::optional<std::vector<fs::path>> unfinished_files(const std::vector<std::string>& logged,
                                                      const fs::path& session) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (const std::string& name : logged) {
    const fs::path path = (session / name).lexically_normal();
    if (name.find('\\') != std::string::npos || !fs::exists(fs::symlink_status(path, ignored)))
      return std::nullopt;
    paths.push_back(path);
  }
  return paths;
}

}  // namespace

Inbox::Delivery Inbox::deliver(const std::vector<std::string>& unfinished) const {
  Delivery delivery;
  const auto still_open = unfinished_files(unfinished, session_);
  if (!still_open) {
    delivery.left_out.emplace_back("everything: a file was cut off, and which one is not known");
    return delivery;
  }
  std::error_code failed;
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(session_, failed);
       !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed))
    if (!fs::is_directory(entry->symlink_status(failed))) files.push_back(entry->path());
  if (failed) delivery.left_out.emplace_back("what could not be listed: " + failed.message());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const std::string below = file.lexically_relative(session_).string();
    const std::string name = safe_name(below);
    const auto leave_out = [&](const std::string& why) {
      delivery.left_out.push_back(printable(below) + ": " + why);
    };
    if (std::ranges::find(*still_open, file) != still_open->end()) {
      leave_out("cut off");
    } else if (file.filename().string().starts_with('.')) {
      leave_out("hidden, or not complete");
    } else if (says_incomplete(name)) {
      leave_out("calls itself incomplete");
    } else if (const auto moved = move_in(file.lexically_relative(path_).string(), name); moved) {
      delivery.names.push_back(*moved);
    } else {
      leave_out(moved.error().message);
    }
  }
  return delivery;
}

}  // namespace dumpgate
