// CoreFacts: what the kernel tells about a process whose core is being born: by the arguments of core_pattern
// (core(5)) or by the socket it writes to. The one rule: host name, program and all else were chosen by
// whoever ran the process: they are made printable, and nothing depends on them but names.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "scanner/base/result.h"
#include "scanner/evidence/statement.h"

namespace dumpgate {

struct CoreFacts {
  std::string pid{};  // of the process in the initial pid namespace
  std::string uid{};
  std::string gid{};
  std::string signal{};
  std::string time{};                    // seconds since 1970
  std::optional<std::uint64_t> limit{};  // RLIMIT_CORE, bytes
  std::string host{};
  std::string mode{};     // 1: as the user may have it, 2: for root alone (suid_dumpable)
  std::string program{};  // path

  // Whether the process asked for no core at all (setrlimit(2)); a piped core comes all the same.
  bool unwanted() const { return limit == std::uint64_t{0}; }

  // "core.signing_service.4711.1700000000", of letters, digits and "._+-".
  std::string file_name() const;

  DumpSource source(const std::string& channel) const;
};

// The values of "%P %u %g %s %t %c %h %d %E", in this order. ErrorCode::usage for another count, or when a
// number is none.
Result<CoreFacts> core_facts(std::span<const std::string> arguments);

}  // namespace dumpgate
