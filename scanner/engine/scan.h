// scan: examines one input from its first byte to its last with everything the program knows. The one rule:
// whatever goes wrong inside becomes a gap in the record; scan neither throws nor stops early without saying
// so.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "scanner/detect/signature.h"
#include "scanner/engine/window_tap.h"
#include "scanner/io/input.h"
#include "scanner/io/limits.h"
#include "scanner/proof/public_key.h"
#include "scanner/verdict/scan_record.h"

namespace dumpgate {

// Counters that a progress display may read at any time while scan runs.
struct Progress {
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> bytes_examined{0};
  std::atomic<std::uint64_t> findings{0};
  std::atomic<unsigned> pass{1};
};

struct ScanOptions {
  unsigned threads = 0;                          // 0: as many as the machine has
  std::size_t window = std::size_t{512} * 1024;  // own bytes of a window; tests vary it, results must not
  Limits limits{};
  bool hunt = true;  // off only for measuring what the hunt costs
  std::vector<NamedPublicKey> protect{};
  const SignatureSet* signatures = nullptr;  // never null
  SecretBytes site_key{};                    // names secrets without a public half; empty: they get no name
  WindowTap* tap = nullptr;                  // sees every window as well; may be null; outlives the scan
  Progress* progress = nullptr;              // may be null
  std::atomic<bool>* stop = nullptr;         // set by a signal: stop soon, with a gap
};

ScanRecord scan(Input& input, const ScanOptions& options);

// Loads the libraries that oneTBB looks for when it is first used, and makes no thread: for a process that
// will not be allowed to open a file when it scans, or that forks such processes. Again costs nothing.
void load_threading();

}  // namespace dumpgate
