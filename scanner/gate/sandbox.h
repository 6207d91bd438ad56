// Sandbox: what an examining process may still do: read its dump, answer on its pipe, use memory and threads
// up to a limit, end. The one rule: a mechanism that the kernel lacks is said aloud, and where the policy
// demands it nothing is examined at all.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

struct SandboxPolicy {
  bool require_all = true;          // false: go on without what the kernel lacks, and say so
  std::uint64_t address_space = 0;  // bytes; 0: four times --max-memory plus 2 GiB
  unsigned processor_seconds = 0;   // 0: the examination's time limit times its threads
  unsigned threads = 64;            // of one worker; counted by the kernel only where the user is changed
};

// Confines the calling process for good: no_new_privs, no dumps, rlimits, Landlock (no file, no network),
// seccomp (kills what tries to open, connect, execute, fork or trace), no capability, and when it is root
// another user. It ends when its parent does. Call before any thread is created; zeros in the policy mean
// "no limit" here: whoever knows the examination fills them in.
// Returns the names of the mechanisms in force ("no_new_privs", "not dumpable", "rlimits", "uid 65534",
// "no capabilities", "landlock abi 7", "seccomp"). An Error (ErrorCode::unsupported) when require_all and one
// is missing; what was in force by then stays.
Result<std::vector<std::string>> confine(const SandboxPolicy& policy);

// The same mechanisms for a process that sends and receives on a socket and does nothing else (the signer).
Result<std::vector<std::string>> confine_to_socket(const SandboxPolicy& policy);

// Closes every descriptor of the process but `kept`, which are renumbered from 3 on in their order, and makes
// 0, 1 and 2 /dev/null. Before confine(). ErrorCode::io when that cannot be.
Result<void> keep_only(std::span<const int> kept);

}  // namespace dumpgate
