#include "scanner/gate/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace dumpgate {
namespace {

Error io_error(const std::string& what, int number) {
  return {.code = ErrorCode::io, .message = what + ": " + std::generic_category().message(number)};
}

}  // namespace

Result<PrivateFile> PrivateFile::create(const std::string& directory, std::uint64_t most_bytes) {
  Descriptor file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return io_error("no private file in " + directory, errno);
  return PrivateFile(std::move(file), most_bytes);
}

Result<void> PrivateFile::append(std::span<const std::byte> bytes) {
  if (!whole_ || bytes.size() > most_bytes_ - size_) {
    whole_ = false;
    return Error{.code = ErrorCode::limit, .message = "more than " + std::to_string(most_bytes_) + " bytes"};
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      whole_ = false;
      return io_error("cannot store what arrives", written < 0 ? errno : EIO);
    }
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace dumpgate
