#include "scanner/gate/confined_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>

#include "scanner/base/system_error.h"
#include "scanner/gate/sandbox.h"

namespace dumpgate {
namespace {

using Clock = std::chrono::steady_clock;

// The parent's handlers and blocked signals mean nothing in the child.
void forget_signals() {
  for (int number = 1; number < SIGRTMIN; ++number) (void)std::signal(number, SIG_DFL);
  (void)std::signal(SIGPIPE, SIG_IGN);
  sigset_t none{};
  (void)sigemptyset(&none);
  (void)pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(std::span<const int> descriptors, int answer, const ConfinedProcess::Body& body) {
  bool well = false;
  try {
    forget_signals();
    std::vector<int> kept(descriptors.begin(), descriptors.end());
    kept.push_back(answer);
    if (keep_only(kept)) {
      std::vector<int> given(descriptors.size());
      int number = 3;
      for (int& descriptor : given) descriptor = number++;
      well = body(given, number);
    }
  } catch (const std::exception&) {
    well = false;
  }
  ::_exit(well ? 0 : 1);
}

std::string describe_end(int status) {
  if (WIFEXITED(status)) {
    if (WEXITSTATUS(status) == 0) return {};
    return "worker ended with status " + std::to_string(WEXITSTATUS(status));
  }
  if (!WIFSIGNALED(status)) return "worker ended in an unknown way";
  const int number = WTERMSIG(status);
  std::string text = "worker killed by signal " + std::to_string(number);
  if (number == SIGSYS) text += " (forbidden system call)";
  if (number == SIGXCPU) text += " (processor time used up)";
  return text;
}

int milliseconds_until(Clock::time_point deadline) {
  // Never longer than this, so that a request to stop is seen soon.
  constexpr std::chrono::milliseconds look_up{200};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds{0}, look_up).count());
}

}  // namespace

bool write_whole(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return true;
}

Result<ConfinedProcess> ConfinedProcess::start(std::span<const int> descriptors, const Body& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return io_error("cannot make a pipe");
  const pid_t pid = ::fork();
  if (pid == 0) run_child(descriptors, ends[1], body);
  const Error failed = io_error("cannot start an examining process");
  (void)::close(ends[1]);
  if (pid < 0) {
    (void)::close(ends[0]);
    return failed;
  }
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  ConfinedProcess process(pid, pidfd, ends[0]);
  if (pidfd < 0) return io_error("cannot watch the examining process");
  return process;
}

ConfinedProcess::ConfinedProcess(ConfinedProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      answer_(std::exchange(other.answer_, -1)) {}

ConfinedProcess::~ConfinedProcess() {
  kill_and_reap();
  for (const int descriptor : {pidfd_, answer_})
    if (descriptor >= 0) (void)::close(descriptor);
}

void ConfinedProcess::kill_and_reap() {
  if (pid_ < 0) return;
  (void)::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

// Waits for the end until the deadline; what a person should know about it.
std::string ConfinedProcess::reap(Clock::time_point deadline) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      pid_ = -1;
      return describe_end(status);
    }
    if (ended < 0 && errno != EINTR) return "the examining process was lost";
    if (Clock::now() >= deadline) {
      kill_and_reap();
      return "worker killed: it did not end in time";
    }
    pollfd wait{.fd = pidfd_, .events = POLLIN, .revents = 0};
    (void)::poll(&wait, 1, milliseconds_until(deadline));
  }
}

ConfinedProcess::Ending ConfinedProcess::finish(std::size_t most, Clock::time_point deadline,
                                                const std::function<bool()>& work,
                                                const std::function<bool()>& stop) {
  Ending ending;
  std::array<std::byte, std::size_t{64} * 1024> piece{};
  bool more_work = true;
  bool open = true;
  const auto give_up = [&](const char* why) {
    kill_and_reap();
    ending.problem = why;
    return ending;
  };
  while (open || more_work) {
    if (stop()) return give_up("the examination was stopped");
    if (Clock::now() >= deadline) return give_up("worker killed: it did not end in time");
    more_work = more_work && work();
    pollfd wait{.fd = answer_, .events = POLLIN, .revents = 0};
    if (!open || ::poll(&wait, 1, more_work ? 0 : milliseconds_until(deadline)) <= 0) continue;
    const ssize_t got = ::read(answer_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return give_up("the answer could not be read");
    open = got > 0;
    if (static_cast<std::size_t>(got) > most - ending.answer.size())
      return give_up("worker killed: its answer is too long");
    ending.answer.insert(ending.answer.end(), piece.begin(), piece.begin() + got);
  }
  ending.problem = reap(deadline);
  return ending;
}

}  // namespace dumpgate
