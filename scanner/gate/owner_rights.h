// take_owner_rights: what root does in a spool is done with the rights of the spool's owner. The one rule:
// there is no way back, and a process that could not give its rights up goes no further.

#pragma once

#include <cstdint>
#include <string>

#include "scanner/base/result.h"

namespace dumpgate {

// What stays of root's power.
enum class KeptRights : std::uint8_t {
  none,
  // CAP_CHOWN and CAP_LEASE: to take files of other users by rename, and to know that nobody writes to them.
  of_intake,
  // CAP_SYS_PTRACE: to learn which program a process of another user runs.
  of_peers,
};

// When the caller is root and the directory is not: takes user and group of the directory for good, without
// further groups, and stays undumpable. What root wrote there nobody else could go on with; and the kernel
// starts core handlers as root. ErrorCode::usage when there is no such directory, ErrorCode::io when it
// cannot be. One thread.
Result<void> take_owner_rights(const std::string& directory, KeptRights kept = KeptRights::none);

// Gives up what take_owner_rights kept, for good. Of root in a directory of root's own nothing changes.
// ErrorCode::io when it cannot be.
Result<void> give_up_kept_rights();

}  // namespace dumpgate
