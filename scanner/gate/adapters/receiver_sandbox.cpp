#include "scanner/gate/adapters/receiver_sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "scanner/base/descriptor.h"

namespace dumpgate {
namespace {

// The rights of ABI 1; those of later ones are added when the running kernel knows them.
constexpr std::uint64_t reading =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t rights_of_first_abi = (std::uint64_t{1} << 13) - 1;
constexpr std::uint64_t refer = std::uint64_t{1} << 13;     // ABI 2: rename and link between directories
constexpr std::uint64_t truncate = std::uint64_t{1} << 14;  // ABI 3

// linux/landlock.h of older systems ends after the first member.
struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;  // ABI 4: bind and connect of TCP
};

Error cannot(const std::string& what, int number) {
  return {.code = ErrorCode::unsupported,
          .message = "no confined receiver: " + what + ": " + std::generic_category().message(number)};
}

bool allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const Descriptor below(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!below) return errno == ENOENT;  // not every system has a /lib64
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = below.get();
  return ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

}  // namespace

Result<void> confine_receiver(const std::string& directory, std::uint64_t most_bytes) {
  const rlimit no_core{0, 0};
  const rlimit size{most_bytes, most_bytes};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0 || ::setrlimit(RLIMIT_FSIZE, &size) != 0)
    return cannot("limits", errno);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return cannot("no_new_privs", errno);
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return cannot("Landlock", errno);
  const std::uint64_t all = rights_of_first_abi | (abi >= 2 ? refer : 0) | (abi >= 3 ? truncate : 0);
  const RulesetAttributes handled{.files = all, .network = abi >= 4 ? 3U : 0U};
  const Descriptor ruleset(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, abi >= 4 ? sizeof handled : sizeof handled.files, 0)));
  if (!ruleset) return cannot("Landlock", errno);
  static constexpr std::array programs{"/usr", "/lib", "/lib32", "/lib64", "/bin"};
  static constexpr std::array settings{"/etc/ld.so.cache",   "/etc/passwd",    "/etc/group",
                                       "/etc/nsswitch.conf", "/etc/localtime", "/dev/urandom"};
  const auto allow_each = [&](const auto& paths, std::uint64_t rights) {
    return std::ranges::all_of(paths, [&](const char* path) { return allow(ruleset.get(), path, rights); });
  };
  const bool allowed =
      allow_each(programs, reading) && allow_each(settings, LANDLOCK_ACCESS_FS_READ_FILE) &&
      allow(ruleset.get(), "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE) &&
      allow(ruleset.get(), directory, all);
  if (!allowed || ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return cannot("Landlock", errno);
  return {};
}

}  // namespace dumpgate
