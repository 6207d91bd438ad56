#include "scanner/gate/owner_rights.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "scanner/base/printable.h"

namespace dumpgate {

Result<void> take_owner_rights(const std::string& directory) {
  struct stat status{};
  if (::stat(directory.c_str(), &status) != 0)
    return Error{ErrorCode::usage,
                 "cannot open " + printable(directory) + ": " + std::generic_category().message(errno),
                 std::nullopt};
  if (::geteuid() != 0 || status.st_uid == 0) return {};
  const bool done =
      ::setgroups(0, nullptr) == 0 && ::setresgid(status.st_gid, status.st_gid, status.st_gid) == 0 &&
      ::setresuid(status.st_uid, status.st_uid, status.st_uid) == 0 && ::setresuid(0, 0, 0) != 0 &&
      // A change of user has made the process dumpable again (prctl(2)).
      ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (done) return {};
  return Error{ErrorCode::io, "cannot take the rights of the owner of " + printable(directory), std::nullopt};
}

}  // namespace dumpgate
