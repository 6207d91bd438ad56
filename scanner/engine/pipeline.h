// run_pipeline: windows through all cores. Read in order by one thread, examined by any, handed over in order
// by one: so memory is bounded by the number of windows in flight and results do not depend on threads. The
// one rule: nothing that happens to one window stops the others; an exception becomes a gap.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/detect/anchor_scan.h"
#include "scanner/detect/window.h"
#include "scanner/detect/word_alignment.h"
#include "scanner/hunt/factor_join.h"
#include "scanner/hunt/number_runs.h"
#include "scanner/io/gap.h"
#include "scanner/proof/finding.h"
#include "scanner/proof/prove.h"

namespace dumpgate {

// One window on its way; reused.
struct Slot {
  explicit Slot(const AnchorScan& anchors) : scratch(anchors) {}
  SecretBytes buffer{};
  Window window{};
  WordAlignment alignment{};
  AnchorScan::Scratch scratch;
  RunStore runs{};
  std::vector<FactorCandidate> factors{};
  std::vector<Finding> findings{};
  std::vector<Lead> leads{};
  std::vector<ShieldPointers> shield_pointers{};
  std::vector<std::uint64_t> prekeys{};  // layer offsets of those found by their looks
  std::vector<Gap> gaps{};

  // To be called before anything is looked for in the window.
  void read_alignment() {
    alignment.read(window);
    window.alignment = &alignment;
  }
};

struct PipelineSteps {
  // Fills slot.buffer and slot.window; false at the end. Serial, in order.
  std::function<Result<bool>(Slot&)> read;
  // Examines the window. Any thread; what it throws becomes a gap `internal` of this window.
  std::function<void(Slot&)> examine;
  // Takes the results. Serial, in order.
  std::function<void(Slot&)> collect;
};

// on_threads runs `work`, whose oneTBB algorithms then use that many threads, the caller's among them.
void on_threads(unsigned threads, const std::function<void()>& work);

// The reason why reading ended early, or nothing when it came to its end.
std::optional<Error> run_pipeline(const PipelineSteps& steps, const AnchorScan& anchors, unsigned threads);

}  // namespace dumpgate
