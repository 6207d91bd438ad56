#include "scanner/gate/private_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "scanner/base/hex.h"
#include "scanner/base/system_error.h"

namespace dumpgate {
namespace {

std::string random_ending() {
  std::array<std::byte, 8> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return "-again";
  return "-" + to_hex(bytes);
}

}  // namespace

Result<std::string> first_free_name(const std::string& name,
                                    const std::function<int(const std::string&)>& give) {
  int failed = give(name);
  if (failed == 0) return name;
  const std::string other = name + random_ending();
  if (failed == EEXIST) failed = give(other);
  if (failed == 0) return other;
  return io_error("cannot hand over " + name, failed);
}

int link_file(int file, int directory, const std::string& name) {
  const std::string from = "/proc/self/fd/" + std::to_string(file);
  return ::linkat(AT_FDCWD, from.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

Result<std::string> PrivateFile::give_name(int directory, const std::string& name) const {
  return first_free_name(name, [&](const std::string& as) { return link_file(file_.get(), directory, as); });
}

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
