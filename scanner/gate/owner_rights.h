// take_owner_rights: what root does in a spool is done with the rights of the spool's owner. The one rule:
// there is no way back, and a process that could not give its rights up goes no further.

#pragma once

#include <string>

#include "scanner/base/result.h"

namespace dumpgate {

// When the caller is root and the directory is not: takes user and group of the directory for good, without
// further groups, and stays undumpable. The kernel starts core handlers as root, and what they write must be
// the gate's. ErrorCode::usage when there is no such directory, ErrorCode::io when it cannot be. One thread.
Result<void> take_owner_rights(const std::string& directory);

}  // namespace dumpgate
