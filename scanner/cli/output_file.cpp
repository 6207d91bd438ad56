#include "scanner/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "scanner/cli/command.h"

namespace dumpgate {
namespace {

std::string reason_of(int number) { return std::generic_category().message(number); }

// Whether the descriptor is a regular file. Error: it is the one of `input`, or that cannot be told.
Result<bool> regular_and_apart(int descriptor, const std::string& input) {
  struct stat output_status{};
  if (::fstat(descriptor, &output_status) != 0)
    return Error{ErrorCode::usage, reason_of(errno), std::nullopt};
  if (!S_ISREG(output_status.st_mode)) return false;
  struct stat status{};
  const int known = input == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(input.c_str(), &status);
  if (known != 0) return Error{ErrorCode::usage, input + ": " + reason_of(errno), std::nullopt};
  if (status.st_dev == output_status.st_dev && status.st_ino == output_status.st_ino)
    return Error{ErrorCode::usage, "it would overwrite the input", std::nullopt};
  return true;
}

}  // namespace

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) (void)::close(descriptor_);
}

// The file is emptied only when it is known not to be the input: a slip of the hand must not cost a dump.
Result<void> OutputFile::open(const std::string& path, const std::string& input) {
  if (path.empty() || path == "-") return {};
  path_ = path;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const auto refuse = [&](const std::string& reason) {
    return Error{ErrorCode::usage, "cannot write to " + path + ": " + reason, std::nullopt};
  };
  if (descriptor_ < 0) return refuse(reason_of(errno));
  const auto regular = regular_and_apart(descriptor_, input);
  if (!regular) return refuse(regular.error().message);
  if (*regular && ::ftruncate(descriptor_, 0) != 0) return refuse(reason_of(errno));
  return {};
}

void OutputFile::put(std::string_view text) {
  if (descriptor_ < 0) {
    write_stdout(text);
    return;
  }
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw std::runtime_error("cannot write " + path_ + ": " + reason_of(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::close() {
  if (descriptor_ < 0) return;
  const int descriptor = std::exchange(descriptor_, -1);
  // What has no disk behind it (a pipe, /dev/full) cannot be synchronised, and need not be.
  const bool kept = ::fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
  const int reason = errno;
  const bool closed = ::close(descriptor) == 0;
  if (!kept || !closed)
    throw std::runtime_error("cannot write " + path_ + ": " + reason_of(kept ? errno : reason));
}

}  // namespace dumpgate
