// ProgressDisplay: what a person sees while a long dump is examined: one line on stderr, renewed, with rate
// and time left; and one full line whenever SIGUSR1 asks for it, terminal or not. It only reads counters.

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "scanner/engine/scan.h"

namespace dumpgate {

class ProgressDisplay {
 public:
  // `when`: "auto" (only if stderr is a terminal), "always", "never". `progress` outlives this.
  ProgressDisplay(const std::string& input, std::optional<std::uint64_t> size, const Progress& progress,
                  const std::string& when);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  std::string line() const;
  void watch();

  std::string input_;
  std::optional<std::uint64_t> size_;
  const Progress& progress_;
  bool bar_ = false;
  std::chrono::steady_clock::time_point begin_;
  std::mutex mutex_{};
  std::condition_variable ended_{};
  bool done_ = false;  // guarded by mutex_
  std::thread thread_{};
};

}  // namespace dumpgate
