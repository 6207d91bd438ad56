#include "scanner/gate/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace dumpgate {
namespace {

constexpr uid_t nobody = 65534;
constexpr int most_arenas = 8;  // of malloc

Error refused(const std::string& what, int number) {
  return {.code = ErrorCode::unsupported, .message = what + ": " + std::generic_category().message(number)};
}

// Collects what is in force; a mechanism that is missing ends the matter when all are required.
class Mechanisms {
 public:
  explicit Mechanisms(bool require_all) : require_all_(require_all) {}

  // `failed`: an errno value, 0 for success.
  bool add(const std::string& name, int failed) {
    if (failed == 0)
      in_force_.push_back(name);
    else if (require_all_)
      error_ = refused("the sandbox needs " + name + ", which this system refuses", failed);
    return !error_;
  }
  bool possible() const { return !error_; }
  Result<std::vector<std::string>> take() && {
    if (error_) return std::move(*error_);
    return std::move(in_force_);
  }

 private:
  bool require_all_;
  std::vector<std::string> in_force_{};
  std::optional<Error> error_{};
};

int result_of(long call) { return call == 0 ? 0 : errno; }

int limit(__rlimit_resource resource, rlim_t value) {
  const rlimit both{value, value};
  return result_of(::setrlimit(resource, &both));
}

// The number of threads is bounded only for a user of our own: the kernel counts all processes of a user, and
// a limit below what the gate's own user already runs would stop examinations for no reason.
int set_limits(const SandboxPolicy& policy, bool change_user) {
  const std::array failures{limit(RLIMIT_CORE, 0),
                            limit(RLIMIT_FSIZE, 0),
                            limit(RLIMIT_NOFILE, 16),
                            policy.address_space == 0 ? 0 : limit(RLIMIT_AS, policy.address_space),
                            policy.processor_seconds == 0 ? 0 : limit(RLIMIT_CPU, policy.processor_seconds),
                            change_user ? limit(RLIMIT_NPROC, policy.threads) : 0};
  for (const int failed : failures)
    if (failed != 0) return failed;
  return 0;
}

int change_user_for_good() {
  if (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
      ::setresuid(nobody, nobody, nobody) != 0)
    return errno;
  return 0;
}

int drop_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return result_of(::syscall(SYS_capset, &header, none.data()));
}

// Landlock's attributes as of ABI 6; headers of older systems end earlier. The kernel takes the size.
struct LandlockAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

// Handles every kind of access that the running kernel knows and allows none. Returns the ABI, or -errno.
long forbid_files_and_network() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) return -errno;
  constexpr std::array<unsigned, 5> file_bits{13, 14, 15, 15,
                                              16};  // of ABI 1 to 5: how many rights there are
  LandlockAttributes all;
  all.files = (std::uint64_t{1} << file_bits.at(static_cast<std::size_t>(std::min(abi, 5L) - 1))) - 1;
  all.network = abi >= 4 ? 3 : 0;  // bind and connect of TCP
  all.scoped = abi >= 6 ? 3 : 0;   // abstract sockets and signals of others
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const auto ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size, 0));
  if (ruleset < 0) return -errno;
  const long restricted = ::syscall(SYS_landlock_restrict_self, ruleset, 0);
  const int failed = errno;
  (void)::close(ruleset);
  return restricted == 0 ? abi : -failed;
}

// The system calls that memory, threads, time and ending need. Whatever is not named here kills the process.
constexpr std::array harmless{
    SCMP_SYS(munmap),      SCMP_SYS(mremap),          SCMP_SYS(madvise),      SCMP_SYS(brk),
    SCMP_SYS(futex),       SCMP_SYS(sched_yield),     SCMP_SYS(getrandom),    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),        SCMP_SYS(rt_sigprocmask),  SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime),   SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),   SCMP_SYS(gettid),          SCMP_SYS(getpid),       SCMP_SYS(exit),
    SCMP_SYS(exit_group),  SCMP_SYS(restart_syscall), SCMP_SYS(close),        SCMP_SYS(sched_getaffinity),
};
// Of an examination: reads the dump, answers. The descriptor's own state may be asked for (by fstat, which
// glibc makes of newfstatat), which also tells whether a path exists; there is nobody to be told.
constexpr std::array reading{
    SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(lseek), SCMP_SYS(fadvise64), SCMP_SYS(fstat),
};
constexpr std::array talking{SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(read), SCMP_SYS(write)};

int add_rules(scmp_filter_ctx filter, std::span<const int> own, bool examines) {
  int failed = 0;
  const auto allow = [&](int call, auto... conditions) {
    const int added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, sizeof...(conditions), conditions...);
    if (failed == 0) failed = -added;
  };
  for (const int call : harmless) allow(call);
  for (const int call : own) allow(call);
  allow(SCMP_SYS(mmap), scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
  allow(SCMP_SYS(mprotect), scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0});
  if (!examines) return failed;
  allow(SCMP_SYS(newfstatat), scmp_arg_cmp{3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0});
  allow(SCMP_SYS(clone), scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD});
  allow(SCMP_SYS(prctl), scmp_arg_cmp{0, SCMP_CMP_EQ, PR_SET_NAME, 0});
  allow(SCMP_SYS(prlimit64), scmp_arg_cmp{2, SCMP_CMP_EQ, 0, 0});  // asks, and sets nothing
  // Its flags are in memory, where a filter cannot see them; glibc falls back to clone.
  const int without = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  return failed != 0 ? failed : -without;
}

int filter_system_calls(std::span<const int> own, bool examines) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (filter == nullptr) return ENOSYS;
  int failed = -seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  if (failed == 0) failed = add_rules(filter, own, examines);
  if (failed == 0) failed = -seccomp_load(filter);
  seccomp_release(filter);
  return failed;
}

// Before a thread's heap shrinks for the first time, malloc opens a file of /proc to learn how memory is
// committed (glibc's check_may_shrink_heap), which would kill a confined process. It remembers the answer, so
// a thread lets its heap shrink before. The heap is filled, because how much must be free first grows with
// what was allocated in mappings.
void let_a_heap_shrink() {
  constexpr std::size_t piece = std::size_t{64} << 10U;
  constexpr std::size_t most = std::size_t{60}
                               << 20U;  // a heap has 64 MiB of addresses; few of its pages are touched
  try {
    std::thread([] {
      std::vector<std::unique_ptr<char[]>> pieces;
      try {
        for (std::size_t size = 0; size < most; size += piece)
          pieces.push_back(std::make_unique_for_overwrite<char[]>(piece));
      } catch (const std::bad_alloc&) {
        return;  // with little memory a part of the heap has to do
      }
    }).join();
  } catch (const std::exception&) {
    return;  // without threads no heap of a thread shrinks
  }
}

Result<std::vector<std::string>> confine_with(const SandboxPolicy& policy, std::span<const int> own,
                                              bool examines) {
  Mechanisms mechanisms(policy.require_all);
  const bool change_user = ::geteuid() == 0;
  // With many threads malloc wants to know how many processors there are and opens a file of /sys for it
  // (glibc's arena_get2), which would kill the process. Told how many arenas it may have, it does not ask.
  // The process has no thread yet.
  (void)::mallopt(M_ARENA_MAX, most_arenas);  // NOLINT(concurrency-mt-unsafe)
  let_a_heap_shrink();
  mechanisms.add("no_new_privs", result_of(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
  mechanisms.add("rlimits", set_limits(policy, change_user));
  if (change_user) mechanisms.add("uid 65534", change_user_for_good());
  mechanisms.add("no capabilities", drop_capabilities());
  // Both are undone by a change of user, so they come after it.
  mechanisms.add("not dumpable", result_of(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)));
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const long abi = forbid_files_and_network();
  mechanisms.add(abi > 0 ? "landlock abi " + std::to_string(abi) : "landlock",
                 abi > 0 ? 0 : static_cast<int>(-abi));
  if (mechanisms.possible()) mechanisms.add("seccomp", filter_system_calls(own, examines));
  return std::move(mechanisms).take();
}

}  // namespace

Result<std::vector<std::string>> confine(const SandboxPolicy& policy) {
  return confine_with(policy, reading, true);
}

Result<std::vector<std::string>> confine_to_socket(const SandboxPolicy& policy) {
  return confine_with(policy, talking, false);
}

Result<void> keep_only(std::span<const int> kept) {
  // First above all numbers that are to be used, so that moving one never closes another.
  constexpr int above = 64;
  std::vector<int> moved;
  for (const int descriptor : kept) {
    moved.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, above));
    if (moved.back() < 0) return Error{ErrorCode::io, "cannot keep a descriptor", std::nullopt};
  }
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  bool arranged = nothing >= 0;
  for (int number = 0; number < 3; ++number) arranged = arranged && ::dup2(nothing, number) == number;
  int next = 3;
  for (const int descriptor : moved) {
    arranged = arranged && ::dup2(descriptor, next) == next;
    ++next;
  }
  arranged = arranged && ::close_range(static_cast<unsigned>(next), ~0U, 0) == 0;
  if (!arranged) return Error{ErrorCode::io, "cannot arrange descriptors", std::nullopt};
  return {};
}

}  // namespace dumpgate
