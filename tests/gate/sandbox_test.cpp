// The sandbox, tried by a process that wants out: each way is attempted in a child of its own, and the kernel
// must stop it.

#include "scanner/gate/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <barrier>
#include <csignal>
#include <functional>
#include <thread>

namespace dumpgate {
namespace {

// How a child ended that ran `attempt` after confine(): its status, or 1000 and the signal.
int confined(const std::function<int()>& attempt, bool to_socket = false) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto done = to_socket ? confine_to_socket({}) : confine({});
    if (!done) ::_exit(99);
    ::_exit(attempt());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}
constexpr int killed_by_filter = 1000 + SIGSYS;

TEST(Sandbox, LetsMemoryThreadsAndReadingBe) {
  const int dump = ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(dump, 0);
  EXPECT_EQ(confined([&] {
              std::array<char, 16> bytes{};
              std::atomic<int> sum{0};
              std::vector<std::thread> threads;
              for (int i = 0; i < 4; ++i)
                threads.emplace_back([&] { sum += static_cast<int>(std::vector<char>(1 << 20, 1).at(5)); });
              for (std::thread& thread : threads) thread.join();
              struct stat status{};
              const bool read =
                  ::pread(dump, bytes.data(), bytes.size(), 0) > 0 && ::fstat(dump, &status) == 0;
              return read && sum == 4 ? 7 : 1;
            }),
            7);
  (void)::close(dump);
}

// More threads at a time than malloc has arenas for without asking how many processors there are.
TEST(Sandbox, LetsManyThreadsAllocateAtOnce) {
  EXPECT_EQ(confined([] {
              constexpr int count = 40;
              std::barrier all(count);
              std::vector<std::thread> threads;
              for (int i = 0; i < count; ++i)
                threads.emplace_back([&] {
                  const std::vector<char> mine(1000, 1);
                  all.arrive_and_wait();
                });
              for (std::thread& thread : threads) thread.join();
              return 7;
            }),
            7);
}

// A thread that frees what it had, so that malloc gives a part of its heap back.
TEST(Sandbox, LetsHeapsOfThreadsShrink) {
  EXPECT_EQ(confined([] {
              std::thread([] {
                const std::vector<std::vector<char>> mine(200, std::vector<char>(50'000, 1));
              }).join();
              return 7;
            }),
            7);
}

struct Attempt {
  const char* name;
  int (*run)();
};

int try_execute() {
  std::array<char, 5> program{"true"};
  std::array<char*, 2> arguments{program.data(), nullptr};
  return ::execv("/bin/true", arguments.data());
}
int try_connect() {
  const sockaddr_in address{.sin_family = AF_INET, .sin_port = 0x1600, .sin_addr = {}, .sin_zero = {}};
  return ::connect(0, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}
int try_read_another() {
  char byte = 0;
  iovec here{.iov_base = &byte, .iov_len = 1};
  return static_cast<int>(::process_vm_readv(::getppid(), &here, 1, &here, 1, 0));
}
int try_executable_memory() {
  void* const page =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? 1 : 0;
}
int try_old_page_executable() {
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
int try_own_limits() {
  const rlimit core{RLIM_INFINITY, RLIM_INFINITY};
  return ::setrlimit(RLIMIT_CORE, &core);
}

constexpr std::array attempts{
    Attempt{"open", [] { return static_cast<int>(::syscall(SYS_open, "/etc/passwd", O_RDONLY)); }},
    Attempt{"openat", [] { return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC); }},
    Attempt{"openat2", [] { return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/", nullptr, 0)); }},
    Attempt{"socket", [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }},
    Attempt{"connect", try_connect},
    Attempt{"execve", try_execute},
    Attempt{"fork", [] { return static_cast<int>(::fork()); }},
    Attempt{"vfork", [] { return static_cast<int>(::syscall(SYS_fork)); }},
    Attempt{"ptrace", [] { return static_cast<int>(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
    Attempt{"process_vm_readv", try_read_another},
    Attempt{"kill", [] { return ::kill(::getppid(), 0); }},
    Attempt{"unlink", [] { return ::unlink("/nowhere"); }},
    Attempt{"memfd_create", [] { return ::memfd_create("x", 0); }},
    Attempt{"ioctl", [] { return static_cast<int>(::syscall(SYS_ioctl, 0, 0, 0)); }},
    Attempt{"dumpable again", [] { return ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    Attempt{"executable memory", try_executable_memory},
    Attempt{"page made executable", try_old_page_executable},
    Attempt{"rlimit", try_own_limits},
    Attempt{"io_uring", [] { return static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr)); }},
};

TEST(Sandbox, KillsWhateverWantsOut) {
  for (const Attempt& attempt : attempts) EXPECT_EQ(confined(attempt.run), killed_by_filter) << attempt.name;
}

TEST(Sandbox, TheSignerMayNotEvenMakeThreads) {
  for (const Attempt& attempt : attempts)
    EXPECT_EQ(confined(attempt.run, true), killed_by_filter) << attempt.name;
  EXPECT_EQ(confined([] { return static_cast<int>(::syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0)); }, true),
            killed_by_filter);
}

TEST(Sandbox, NamesWhatIsInForce) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  EXPECT_EQ(confined([&] { return 0; }), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto done = confine({});
    std::string names;
    for (const std::string& name : done ? *done : std::vector<std::string>()) names += name + "\n";
    names += "dumpable " + std::to_string(::prctl(PR_SET_NAME, "x") == 0 ? 0 : 1) + "\n";
    (void)!::write(ends[1], names.data(), names.size());
    ::_exit(0);
  }
  (void)::close(ends[1]);
  std::string names(4096, '\0');
  names.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], names.data(), names.size()))));
  (void)::waitpid(pid, nullptr, 0);
  (void)::close(ends[0]);
  for (const char* name : {"no_new_privs", "rlimits", "not dumpable", "landlock abi ", "seccomp"})
    EXPECT_NE(names.find(name), std::string::npos) << name << " in\n" << names;
  if (::geteuid() == 0) {
    EXPECT_NE(names.find("uid 65534"), std::string::npos) << names;
  }
}

// Order counts: the first descriptor becomes 3.
TEST(Sandbox, KeepsOnlyTheDescriptorsItWasGiven) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int first = ::open("/etc/passwd", O_RDONLY);
    const int second = ::open("/etc/group", O_RDONLY);
    struct stat group{};
    (void)::fstat(second, &group);
    const std::array kept{second, first};
    if (!keep_only(kept)) ::_exit(1);
    struct stat third{};
    if (::fstat(3, &third) != 0 || third.st_ino != group.st_ino) ::_exit(2);
    for (int number = 5; number < 1024; ++number)
      if (::fcntl(number, F_GETFD) >= 0) ::_exit(3);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace dumpgate
