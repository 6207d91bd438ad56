// Detector: one family of encodings. A detector names the literal bytes that announce its encodings (anchors)
// and is called at each place where one of them stands; all anchors of all detectors are searched in one pass
// (detect/anchor_scan.h). No state, no files, no formats, no threads, no policy: const means shared by all
// threads.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "scanner/detect/candidate.h"
#include "scanner/detect/window.h"

namespace dumpgate {

class Detector {
 public:
  virtual ~Detector() = default;
  virtual std::string_view name() const noexcept = 0;

  // The literals to search for: 3 to 64 bytes each, any values; fixed for the life of the program.
  virtual std::span<const std::string_view> anchors() const noexcept { return {}; }

  // at is called for each occurrence of anchors()[which] that begins at window.bytes[position], with position
  // in the window's own bytes. It looks at window.around(position) only.
  virtual void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const {
    (void)window, (void)position, (void)which, (void)sink;
  }

  // sweep is called once for each window, for detectors without literals (statistics).
  virtual void sweep(const Window& window, CandidateSink& sink) const { (void)window, (void)sink; }
};

// The detectors, one for each file of scanner/detect/detectors/; the build lists the folder.
std::span<const Detector* const> all_detectors();

}  // namespace dumpgate
