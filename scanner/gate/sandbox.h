// Sandbox: what an examining process may still do: read its dump, answer on its pipe, use memory and threads
// up to a limit, end. The one rule: a mechanism that the kernel lacks is said aloud, and where the policy
// demands it nothing is examined at all.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

struct SandboxPolicy {
  bool require_all = true;          // false: go on without what the kernel lacks, and say so
  std::uint64_t address_space = 0;  // bytes; 0: four times --max-memory plus 2 GiB
  unsigned processor_seconds = 0;   // 0: the examination's time limit times its threads
  unsigned threads = 64;            // processes and threads
};

// Confines the calling process for good: no_new_privs, no dumps, rlimits, Landlock (no file, no network),
// seccomp (kills what tries to open, connect, execute, fork or trace). Call before any thread is created.
// Returns the names of the mechanisms in force ("no_new_privs", "landlock abi 7", "seccomp", "rlimits", "not
// dumpable", "uid 65534"). An Error (ErrorCode::unsupported) when require_all and one is missing.
Result<std::vector<std::string>> confine(const SandboxPolicy& policy);

}  // namespace dumpgate
