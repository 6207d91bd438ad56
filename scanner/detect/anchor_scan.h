// AnchorScan: finds every anchor of every detector in one pass over a window and calls the detectors there.
//
// Vectorscan in block mode; a naive scan of the same contract stands beside it so that a test can compare the
// two on any bytes. Compile once, share by all threads; each thread brings its own Scratch.

#pragma once

#include <memory>
#include <span>

#include "scanner/base/result.h"
#include "scanner/detect/detector.h"

namespace dumpgate {

class AnchorScan {
 public:
  static Result<std::unique_ptr<AnchorScan>> compile(std::span<const Detector* const> detectors);
  ~AnchorScan();

  class Scratch {
   public:
    explicit Scratch(const AnchorScan& scan);
    ~Scratch();
    Scratch(Scratch&&) noexcept;

   private:
    friend class AnchorScan;
    struct State;
    std::unique_ptr<State> state_;
  };

  // scan calls Detector::at for each anchor that begins in the window's own bytes, ordered by position, then
  // by detector and anchor; then Detector::sweep of each. Error: the matcher failed, so nothing may be
  // concluded.
  Result<void> scan(const Window& window, Scratch& scratch, CandidateSink& sink) const;

  // The same result by plain search.
  void scan_naive(const Window& window, CandidateSink& sink) const;

 private:
  AnchorScan();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dumpgate
