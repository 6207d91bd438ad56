#include "scanner/io/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/base/system_error.h"

namespace dumpgate {
namespace {

template <typename Bytes>
Result<Bytes> read_descriptor(int descriptor, const std::string& path, std::size_t most) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return io_error("cannot read " + path, errno);
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::io, path + " is not a regular file", std::nullopt};
  Bytes bytes;
  std::size_t filled = 0;
  const auto expected = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  for (bytes.resize(std::min(expected, most) + 1);;) {
    const ssize_t got = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("cannot read " + path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > most) return Error{ErrorCode::limit, path + " is too long", std::nullopt};
    if (filled == bytes.size()) bytes.resize(std::min(2 * filled, most + 1));
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> write_whole(int descriptor, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("cannot write " + path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Writes to a file that was opened for it, and closes it.
Result<void> fill_durably(Descriptor& file, const std::string& path, std::span<const std::byte> bytes) {
  if (const auto written = write_whole(file.get(), path, bytes); !written) return written.error();
  if (::fsync(file.get()) != 0) return io_error("cannot write " + path, errno);
  // Some file systems report a failed write only here.
  if (::close(file.release()) != 0) return io_error("cannot write " + path, errno);
  return {};
}

// A file that is going to get its name by a rename. What lies there is half of an earlier one, or was put
// there in the hope that it is written to or waited for: it goes first.
Result<void> write_aside(const std::string& path, std::span<const std::byte> bytes, mode_t mode) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("cannot write " + path, errno);
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return io_error("cannot write " + path, errno);
  const auto filled = fill_durably(file, path, bytes);
  if (!filled) (void)::unlink(path.c_str());
  return filled;
}

}  // namespace

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string below(const std::string& directory, std::string_view name) {
  return directory + "/" + std::string(name);
}

bool path_exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string hidden_name(const std::string& path) {
  return directory_of(path) + "/." + path.substr(path.rfind('/') + 1) + ".tmp";
}

Result<std::vector<std::byte>> read_file(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return io_error("cannot read " + path, errno);
  return read_descriptor<std::vector<std::byte>>(file.get(), path, most);
}

Result<SecretBytes> read_secret_file(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return io_error("cannot read " + path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return io_error("cannot read " + path, errno);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return usage(path + " may be read by others than its owner: chmod 600 it");
  return read_descriptor<SecretBytes>(file.get(), path, most);
}

Result<void> replace_file(const std::string& path, std::span<const std::byte> bytes, mode_t mode) {
  const std::string temporary = hidden_name(path);
  if (const auto written = write_aside(temporary, bytes, mode); !written) return written.error();
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = io_error("cannot write " + path, errno);
    (void)::unlink(temporary.c_str());
    return error;
  }
  return sync_directory(directory_of(path));
}

Result<bool> create_file(const std::string& path, const std::string& aside, std::span<const std::byte> bytes,
                         mode_t mode) {
  if (const auto written = write_aside(aside, bytes, mode); !written) return written.error();
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    const int number = errno;
    (void)::unlink(aside.c_str());
    if (number == EEXIST) return false;
    return io_error("cannot write " + path, number);
  }
  if (const auto synced = sync_directory(directory_of(path)); !synced) return synced.error();
  return true;
}

Result<void> create_secret_file(const std::string& path, std::span<const std::byte> bytes) {
  const auto created = create_file(path, hidden_name(path), bytes, S_IRUSR | S_IWUSR);
  if (!created) return created.error();
  if (!*created) return usage(path + " is there already");
  return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  std::vector<std::string> missing;
  for (std::string at = path; at != "." && at != "/"; at = directory_of(at)) {
    struct stat status{};
    if (::stat(at.c_str(), &status) == 0) {
      if (!S_ISDIR(status.st_mode)) return io_error("cannot make " + path, ENOTDIR);
      break;
    }
    if (errno != ENOENT) return io_error("cannot make " + path, errno);
    missing.push_back(at);
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (::mkdir(at->c_str(), mode) != 0 && errno != EEXIST) return io_error("cannot make " + *at, errno);
    if (const auto synced = sync_directory(directory_of(*at)); !synced) return synced.error();
  }
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return io_error("cannot open " + path, errno);
  if (::fsync(directory.get()) != 0) return io_error("cannot write " + path, errno);
  return {};
}

}  // namespace dumpgate
