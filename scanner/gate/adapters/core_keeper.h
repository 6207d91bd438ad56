// keep_core: a core as it is born: taken in without a name, examined, and then released, put into quarantine
// or gone. The one rule: until its verdict the core has no name, so whatever happens meanwhile it is nowhere.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "scanner/gate/adapters/core_facts.h"
#include "scanner/gate/judge.h"

namespace dumpgate {

struct CoreSettings {
  std::string quarantine{};  // directories of one file system
  std::string release{};
  bool refuse = false;  // what is not released is dropped, instead of kept in quarantine
  std::uint64_t most_bytes = std::uint64_t{64} << 30;
  std::chrono::seconds receiving{600};  // for the whole core
};

struct CoreFate {
  enum class Kind : std::uint8_t { dropped, quarantined, released };
  Kind kind = Kind::dropped;
  Decision decision = Decision::hold;
  std::string said{};  // for the journal: what was done, and why
};

// Reads the core from `descriptor` (a pipe or a socket) to its end. `channel`: "core-pattern" or
// "coredump-socket". Never fails: a core that could not be kept is dropped.
CoreFate keep_core(int descriptor, const CoreFacts& facts, const std::string& channel,
                   const CoreSettings& settings, Judge& judge);

}  // namespace dumpgate
