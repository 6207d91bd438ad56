// confine_receiver: what a program that takes in uploads (sftp-server, rsync, scp) may touch: the system's
// programs and libraries to read, one directory to write, nothing else. The one rule: without Landlock it is
// not started at all, since it would otherwise reach every file of its user, the list of allowed keys among
// them.

#pragma once

#include <cstdint>
#include <string>

#include "scanner/base/result.h"

namespace dumpgate {

// Confines the calling process and what it executes, for good: no_new_privs, Landlock (everything below
// `directory`; reading and executing below /usr, /lib* and /bin; the few files of /etc that libc needs; no
// TCP where the kernel can forbid it), no cores, files of at most `most_bytes`. ErrorCode::unsupported when
// the kernel cannot.
Result<void> confine_receiver(const std::string& directory, std::uint64_t most_bytes);

}  // namespace dumpgate
