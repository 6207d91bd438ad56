#include "scanner/gate/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace dumpgate {

Result<Descriptor> open_beneath(const std::string& directory, const std::string& path) {
  std::string_view below = path;
  const Error elsewhere{.code = ErrorCode::usage, .message = "not below " + directory};
  if (directory.empty() || !below.starts_with(directory)) return elsewhere;
  below.remove_prefix(directory.size());
  if (!directory.ends_with('/') && !below.starts_with('/')) return elsewhere;
  while (below.starts_with('/')) below.remove_prefix(1);
  const Descriptor root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const std::string name(below);
  // glibc 2.36 has no wrapper.
  const long number = root ? ::syscall(SYS_openat2, root.get(), name.c_str(), &how, sizeof how) : -1;
  if (number < 0)
    return Error{
        .code = ErrorCode::io,
        .message = "cannot open a file below " + directory + ": " + std::generic_category().message(errno)};
  return Descriptor(static_cast<int>(number));
}

}  // namespace dumpgate
