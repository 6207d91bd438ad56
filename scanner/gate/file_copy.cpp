#include "scanner/gate/file_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/base/hex.h"
#include "scanner/base/system_error.h"
#include "scanner/gate/confined_process.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

Result<CopiedFile> read_all(int file, std::uint64_t most,
                            const std::function<bool(std::span<const std::byte>)>& take) {
  std::vector<std::byte> piece(std::size_t{1} << 20);
  Sha256 hash;
  CopiedFile done;
  for (;;) {
    const ssize_t got = ::pread(file, piece.data(), piece.size(), static_cast<off_t>(done.size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("cannot read a dump");
    if (got == 0) break;
    if (static_cast<std::uint64_t>(got) > most - done.size)
      return Error{ErrorCode::limit, "a file grew while it was copied", std::nullopt};
    const auto bytes = std::span(piece).first(static_cast<std::size_t>(got));
    hash.update(bytes);
    if (!take(bytes)) return io_error("cannot write a copy");
    done.size += bytes.size();
  }
  done.sha256 = to_hex(hash.finish());
  return done;
}

}  // namespace

Result<CopiedFile> copy_file(int from, const std::string& to, std::uint64_t size, mode_t mode) {
  if (::unlink(to.c_str()) != 0 && errno != ENOENT) return io_error("cannot replace " + to);
  const Descriptor copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!copy) return io_error("cannot create a copy");
  auto copied =
      read_all(from, size, [&](std::span<const std::byte> bytes) { return write_whole(copy.get(), bytes); });
  if (copied && ::fchmod(copy.get(), mode) != 0) copied = io_error("cannot set the mode of a copy");
  if (copied && ::fsync(copy.get()) != 0) copied = io_error("cannot make a copy durable");
  if (!copied) (void)::unlink(to.c_str());
  return copied;
}

Result<CopiedFile> hash_file(int file) {
  return read_all(file, std::numeric_limits<std::uint64_t>::max(),
                  [](std::span<const std::byte>) { return true; });
}

}  // namespace dumpgate
