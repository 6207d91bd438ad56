#include "scanner/gate/gate.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <deque>
#include <exception>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/engine/self_test.h"
#include "scanner/gate/free_room.h"
#include "scanner/gate/owner_rights.h"
#include "scanner/gate/passage.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds farewell{10};  // for passages under way when the gate is asked to stop

class Gate {
 public:
  Gate(const Spool& spool, const Intake& intake, const GateContext& context, const GateSettings& settings,
       const std::atomic<bool>& stop, const std::function<void(const std::string&)>& say)
      : spool_(spool), intake_(intake), context_(context), settings_(settings), stop_(stop), say_(say) {}

  Result<GateCount> run() {
    if (auto begun = begin(); !begun) return begun.error();
    watch();
    for (;;) {
      reap();
      if (stop_) break;
      if (auto same = in_place(); !same) return leave(same.error());
      const bool found = look();
      start_passages();
      beat();
      if (settings_.once && !found && queue_.empty() && children_.empty()) break;
      wait();
    }
    say_farewell();
    if (auto ended = leaf("stop", {}); !ended) return ended.error();
    return count_;
  }

 private:
  // Whether the directories are those that people see; else what was released would lie where nobody looks.
  Result<void> in_place() const {
    if (auto same = spool_.in_place(); !same) return same;
    return intake_.in_place();
  }

  Error leave(const Error& error) {
    say_farewell();
    if (const auto said = leaf("stop", {{"because", error.message}}); !said)
      say_("the log cannot be written: " + printable(said.error().message));
    return error;
  }

  struct Child {
    std::string scan_id{};
    Descriptor pidfd{};
  };

  Result<void> leaf(const std::string& event, std::map<std::string, std::string> details) {
    const auto place = context_.log->append(control_statement(
        {.event = event, .gate = context_.identity, .time = utc_now(), .details = std::move(details)}));
    if (!place) return place.error();
    return {};
  }

  // The first leaves, and what is left in quarantine from before.
  Result<void> begin() {
    (void)std::signal(SIGIO, SIG_IGN);  // a lease that is asked for is seen when the file is looked at
    load_threading();
    const SelfTest tested = self_test(*context_.scan.signatures);
    const std::string policy = context_.policy.sha256();
    const std::string signatures = context_.scan.signatures->sha256();
    if (auto said = leaf("start", {{"policy_sha256", policy}, {"signatures_sha256", signatures}}); !said)
      return said;
    if (auto said = leaf("self-test", {{"self_test", tested.passed ? "passed" : "failed"}}); !said)
      return said;
    if (!tested.passed) return Error{ErrorCode::internal, "the self-test did not pass", std::nullopt};
    if (auto said = say_changes(policy, signatures); !said) return said;
    return queue_what_is_left();
  }

  // What lies in quarantine and is neither decided on nor under way here: from before, put off, or left by a
  // core handler that died.
  Result<void> queue_what_is_left() {
    auto left = spool_.scan_ids();
    if (!left) return left.error();
    for (std::string& scan_id : *left) {
      const auto state = spool_.state(scan_id);
      if (state && state->stage == SpoolStage::kept) continue;
      if (std::ranges::find(queue_, scan_id) != queue_.end() || is_under_way(scan_id)) continue;
      queue_.push_back(std::move(scan_id));
    }
    return {};
  }

  bool is_under_way(const std::string& scan_id) const {
    return std::ranges::any_of(children_, [&](const auto& child) { return child.second.scan_id == scan_id; });
  }

  // What differs from the last run is a leaf of its own.
  Result<void> say_changes(const std::string& policy, const std::string& signatures) {
    const std::string file = spool_.quarantine_path() + "/.settings";
    const std::string now = policy + "\n" + signatures + "\n";
    const auto bytes = read_file(file, 4096);
    const std::string before =
        bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : std::string();
    if (before == now) return {};
    if (!before.empty() && !before.starts_with(policy + "\n"))
      if (auto said = leaf("policy-change", {{"policy_sha256", policy}}); !said) return said;
    if (!before.empty() && !before.ends_with("\n" + signatures + "\n"))
      if (auto said = leaf("signatures-change", {{"signatures_sha256", signatures}}); !said) return said;
    return replace_file(file, std::as_bytes(std::span(now)), S_IRUSR | S_IWUSR);
  }

  void watch() {
    inotify_ = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify_ || ::inotify_add_watch(inotify_.get(), intake_.path().c_str(),
                                         IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB) < 0)
      say_("no notice of new files; they are looked for every " + std::to_string(settings_.rescan_seconds) +
           " s");
  }

  bool has_room() {
    for (const auto& [path, name] : {std::pair(spool_.quarantine_path(), spool_.quarantine_name()),
                                     std::pair(context_.log->directory(), context_.log->directory())}) {
      if (const auto room = free_room(path); room && *room >= settings_.reserve) continue;
      if (!std::exchange(full_, true)) say_("no file is taken in: too little room beside " + printable(name));
      return false;
    }
    full_ = false;
    return true;
  }

  // Takes in what is waiting, as far as there are processes for it. Whether there was anything.
  bool look() {
    const std::size_t free = settings_.workers > children_.size() + queue_.size()
                                 ? settings_.workers - children_.size() - queue_.size()
                                 : 0;
    if (free == 0) return true;
    if (!has_room()) return false;
    const auto names = intake_.waiting();
    if (!names) {
      say_(printable(names.error().message));
      return false;
    }
    std::erase_if(complained_,
                  [&](const std::string& name) { return !std::ranges::binary_search(*names, name); });
    std::size_t taken = 0;
    for (const std::string& name : *names) {
      if (taken == free || stop_) break;
      const auto scan_id = intake_.take(name);
      if (!scan_id) {
        if (complained_.insert(name).second)
          say_(printable(name) + ": not taken in: " + printable(scan_id.error().message));
      } else if (*scan_id) {
        queue_.push_back(**scan_id);
        ++taken;
      }
    }
    return taken > 0;
  }

  void start_passages() {
    while (!queue_.empty() && children_.size() < settings_.workers) {
      const std::string scan_id = std::move(queue_.front());
      queue_.pop_front();
      const pid_t parent = ::getpid();
      const pid_t pid = ::fork();
      if (pid == 0) passage(scan_id, parent);
      if (pid < 0) {
        say_("no process for " + scan_id);
        queue_.push_front(scan_id);
        return;
      }
      children_.emplace(pid, Child{scan_id, Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))});
    }
  }

  [[noreturn]] void passage(const std::string& scan_id, pid_t parent) {
    int status = static_cast<int>(PassageEnd::postponed);
    // It dies with the gate, so that two of them never have the same dump in hand.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || ::getppid() != parent) ::_exit(status);
    // Taking files in needs rights that reading a worker's answer does not.
    if (!give_up_kept_rights()) ::_exit(status);
    try {
      const PassageOutcome outcome = pass(scan_id);
      if (!outcome.message.empty()) say_(outcome.message);
      status = static_cast<int>(outcome.end);
    } catch (const std::exception& error) {
      say_(scan_id + ": not now: internal error: " + printable(error.what()));
    }
    ::_exit(status);
  }

  PassageOutcome pass(const std::string& scan_id) {
    const auto not_now = [&](const std::string& why) {
      return PassageOutcome{.message = scan_id + ": not now: " + printable(why)};
    };
    const auto custody = spool_.custody(scan_id);
    if (!custody) return not_now(custody.error().message);
    const auto settled = intake_.settle(*custody);
    if (!settled) return not_now(settled.error().message);
    if (!*settled) return not_now("it did not come whole, and nothing of it is here");
    return Passage(spool_, context_).run(*custody);
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto child = children_.find(pid);
      if (child == children_.end()) continue;  // the signer, whose absence is noticed when it should sign
      const int end = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      if (end == static_cast<int>(PassageEnd::released))
        ++count_.released;
      else if (end == static_cast<int>(PassageEnd::kept))
        ++count_.kept;
      else if (end == static_cast<int>(PassageEnd::dropped))
        ++count_.dropped;
      else
        ++count_.postponed;
      if (WIFSIGNALED(status))
        say_(child->second.scan_id + ": its process was killed by signal " +
             std::to_string(WTERMSIG(status)));
      children_.erase(child);
    }
  }

  // Sometimes: a sign of life, and another try for what could not be done.
  void beat() {
    const auto now = Clock::now();
    if (now < next_beat_) return;
    if (next_beat_ != Clock::time_point{}) {
      if (const auto said = leaf("heartbeat", {{"released", std::to_string(count_.released)},
                                               {"kept", std::to_string(count_.kept)},
                                               {"dropped", std::to_string(count_.dropped)}});
          !said)
        say_("the log cannot be written: " + printable(said.error().message));
      if (const auto queued = queue_what_is_left(); !queued) say_(printable(queued.error().message));
    }
    next_beat_ = now + std::chrono::seconds(settings_.heartbeat_seconds);
  }

  void wait() {
    std::vector<pollfd> all{{.fd = inotify_.get(), .events = POLLIN, .revents = 0}};
    for (const auto& [pid, child] : children_)
      all.push_back({.fd = child.pidfd.get(), .events = POLLIN, .revents = 0});
    // Files that were just written to and have no lease need some seconds of quiet: with `once` too.
    const int patience_ms =
        settings_.once && children_.empty() ? 0 : static_cast<int>(settings_.rescan_seconds) * 1000;
    (void)::poll(all.data(), all.size(), patience_ms);
    std::array<std::byte, 4096> events{};
    while (inotify_ && ::read(inotify_.get(), events.data(), events.size()) > 0) continue;
  }

  void say_farewell() {
    const auto deadline = Clock::now() + farewell;
    while (!children_.empty() && Clock::now() < deadline) {
      (void)::poll(nullptr, 0, 50);
      reap();
    }
    // A passage can be killed at any instant; the next gate goes on from there.
    for (const auto& [pid, child] : children_) (void)::kill(pid, SIGKILL);
    for (const auto& [pid, child] : children_) (void)::waitpid(pid, nullptr, 0);
    children_.clear();
  }

  const Spool& spool_;
  const Intake& intake_;
  const GateContext& context_;
  const GateSettings& settings_;
  const std::atomic<bool>& stop_;
  const std::function<void(const std::string&)>& say_;
  Descriptor inotify_{};
  std::deque<std::string> queue_{};
  std::map<pid_t, Child> children_{};
  Clock::time_point next_beat_{};
  bool full_ = false;
  std::set<std::string> complained_{};  // of names in the input directory, said once
  GateCount count_{};
};

}  // namespace

Result<GateCount> run_gate(const Spool& spool, const Intake& intake, const GateContext& context,
                           const GateSettings& settings, const std::atomic<bool>& stop,
                           const std::function<void(const std::string&)>& say) {
  return Gate(spool, intake, context, settings, stop, say).run();
}

}  // namespace dumpgate
