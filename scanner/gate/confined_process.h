// ConfinedProcess: a forked child that gets a few descriptors, confines itself, and says what it has to say
// on a pipe. The one rule: the parent waits neither forever nor for an honest end: a deadline kills, and how
// the child ended is part of what is returned.
//
// Forked without exec, so that nothing has to be opened once it is confined; hence the parent may have no
// other thread.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

class ConfinedProcess {
 public:
  // What the child runs: `given` are its descriptors, `answer` is the pipe. It confines itself. The process
  // ends with status 0 when it returns true.
  using Body = std::function<bool(std::span<const int> given, int answer)>;

  // ErrorCode::io when no process can be made. The descriptors stay the caller's, and the child has no other.
  static Result<ConfinedProcess> start(std::span<const int> descriptors, const Body& body);
  ~ConfinedProcess();  // kills it if it still runs
  ConfinedProcess(ConfinedProcess&& other) noexcept;
  ConfinedProcess& operator=(ConfinedProcess&&) = delete;

  struct Ending {
    std::vector<std::byte> answer{};
    std::string problem{};  // "" for an honest end: "worker killed by signal 31 (forbidden system call)"
  };
  // Takes the answer, at most `most` bytes, until `deadline`. Between reads it calls `work`, which returns
  // whether there is more for it to do and does a small piece at a time. `stop` ends everything at once when
  // it says so.
  Ending finish(std::size_t most, std::chrono::steady_clock::time_point deadline,
                const std::function<bool()>& work, const std::function<bool()>& stop);

  int pid() const { return pid_; }

 private:
  ConfinedProcess(int pid, int pidfd, int answer) : pid_(pid), pidfd_(pidfd), answer_(answer) {}
  void kill_and_reap();
  std::string reap(std::chrono::steady_clock::time_point deadline);
  int pid_ = -1;
  int pidfd_ = -1;
  int answer_ = -1;
};

// Writes all; false when that fails (the reader is gone).
[[nodiscard]] bool write_whole(int descriptor, std::span<const std::byte> bytes);

}  // namespace dumpgate
