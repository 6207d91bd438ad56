#include "scanner/gate/owner_rights.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "scanner/base/printable.h"

namespace dumpgate {

namespace {

// Of the capabilities that the process may have (a container may lack some), only these stay, in force.
bool keep_capabilities(std::uint32_t wanted) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  const std::uint32_t kept = sets[0].permitted & wanted;
  sets = {};
  sets[0].effective = sets[0].permitted = kept;
  return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

std::uint32_t capabilities_of(KeptRights kept) {
  switch (kept) {
    case KeptRights::none:
      return 0;
    case KeptRights::of_intake:
      return 1U << CAP_CHOWN | 1U << CAP_LEASE;
    case KeptRights::of_peers:
      return 1U << CAP_SYS_PTRACE;
  }
  return 0;
}

}  // namespace

Result<void> take_owner_rights(const std::string& directory, KeptRights kept) {
  struct stat status{};
  if (::stat(directory.c_str(), &status) != 0)
    return Error{ErrorCode::usage,
                 "cannot open " + printable(directory) + ": " + std::generic_category().message(errno),
                 std::nullopt};
  if (::geteuid() != 0 || status.st_uid == 0) return {};
  const std::uint32_t capabilities = capabilities_of(kept);
  const bool done =
      ::prctl(PR_SET_KEEPCAPS, capabilities != 0 ? 1 : 0, 0, 0, 0) == 0 && ::setgroups(0, nullptr) == 0 &&
      ::setresgid(status.st_gid, status.st_gid, status.st_gid) == 0 &&
      ::setresuid(status.st_uid, status.st_uid, status.st_uid) == 0 && keep_capabilities(capabilities) &&
      ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0 && ::setresuid(0, 0, 0) != 0 &&
      // A change of user has made the process dumpable again (prctl(2)).
      ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (done) return {};
  return Error{ErrorCode::io, "cannot take the rights of the owner of " + printable(directory), std::nullopt};
}

Result<void> give_up_kept_rights() {
  if (::geteuid() == 0 || keep_capabilities(0)) return {};
  return Error{ErrorCode::io, "cannot give up rights", std::nullopt};
}

}  // namespace dumpgate
