// Worker: examines one open file in a confined process of its own. The one rule: nothing that process says is
// taken on trust: the gate hashes the same descriptor itself, and an answer that does not fit is thrown away
// whole, so that what is left holds.

#pragma once

#include <string>
#include <vector>

#include "scanner/engine/scan.h"
#include "scanner/gate/record_wire.h"
#include "scanner/gate/sandbox.h"

namespace dumpgate {

struct WorkerOrder {
  int descriptor = -1;  // a regular file; not taken over
  std::string name{};   // of the dump, for the record
  const ScanOptions* scan = nullptr;
  SandboxPolicy sandbox{};
  unsigned seconds = 120;  // until the worker is killed
};

struct WorkerReport {
  WorkerAnswer answer{};      // answer.problems says what went wrong; then the record cannot release
  std::string dump_sha256{};  // by the gate's own hashing; "" when the file could not be read to its end
  std::uint64_t size = 0;     // bytes hashed
};

// Blocks until the worker ended. `order.scan->stop`, when set, kills it. The caller has no other thread.
WorkerReport examine_confined(const WorkerOrder& order);

}  // namespace dumpgate
