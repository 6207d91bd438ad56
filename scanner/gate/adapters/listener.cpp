#include "scanner/gate/adapters/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

namespace dumpgate {
namespace {

constexpr int backlog = 128;
constexpr std::chrono::milliseconds look_round{200};  // for ended children and the wish to stop

Error refused(const std::string& where, const std::string& why) {
  return {.code = ErrorCode::usage, .message = "cannot listen on " + where + ": " + why};
}
Error refused(const std::string& where, int number) {
  return refused(where, std::generic_category().message(number));
}

template <typename Address>
int bind_to(const Descriptor& socket, const Address& address) {
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

// Removes the socket that an ended process has left.
Result<void> make_room(const sockaddr_un& address, const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return refused(path, "something that is no socket is there");
  const Descriptor caller(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (caller.get() < 0) return refused(path, errno);
  if (::connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return refused(path, "somebody listens there already");
  if (::unlink(path.c_str()) != 0) return refused(path, errno);
  return {};
}

class Children {
 public:
  std::size_t count() const { return running_.size(); }
  void add(pid_t process) { running_.push_back(process); }
  void reap() {
    std::erase_if(running_, [](pid_t process) { return ::waitpid(process, nullptr, WNOHANG) == process; });
  }
  void end_all() {
    for (const pid_t process : running_) (void)::kill(process, SIGKILL);
    for (const pid_t process : running_) (void)::waitpid(process, nullptr, 0);
    running_.clear();
  }

 private:
  std::vector<pid_t> running_{};
};

[[noreturn]] void be_child(pid_t parent, int socket, const std::function<void(int)>& serve) {
  // A gate that is gone answers nobody any more.
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() == parent) serve(socket);
  (void)std::fflush(stderr);
  ::_exit(0);
}

}  // namespace

Result<Descriptor> listen_on_path(const std::string& path, mode_t mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!path.starts_with('/') || path.size() >= sizeof address.sun_path)
    return refused(path, "not an absolute path of fewer than 108 bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (const auto room = make_room(address, path); !room) return room.error();
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return refused(path, errno);
  // Nobody may connect before the mode is the right one.
  const mode_t before = ::umask(0777);
  const int bound = bind_to(socket, address);
  (void)::umask(before);
  if (bound != 0) return refused(path, bound);
  if (::chmod(path.c_str(), mode) != 0 || ::listen(socket.get(), backlog) != 0) return refused(path, errno);
  return socket;
}

Result<Descriptor> listen_on_loopback(const std::string& text) {
  const auto colon = text.rfind(':');
  unsigned port = 65536;
  if (colon != std::string::npos)
    (void)std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (port > 65535) return refused(text, "write 127.0.0.1:3310 or [::1]:3310");
  const std::string host = text.substr(0, colon);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool is_six = host == "[::1]";
  if (!is_six && (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
                  (ntohl(address.sin_addr.s_addr) >> 24) != 127))
    return refused(text, "not an address of this machine alone");
  Descriptor socket(::socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return refused(text, errno);
  const int yes = 1;
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = address.sin_port;
  six.sin6_addr = in6addr_loopback;
  if (const int bound = is_six ? bind_to(socket, six) : bind_to(socket, address); bound != 0)
    return refused(text, bound);
  if (::listen(socket.get(), backlog) != 0) return refused(text, errno);
  return socket;
}

void serve_connections(std::span<const Descriptor> listeners, unsigned most, const std::atomic<bool>& stop,
                       const std::function<void(int socket)>& serve) {
  const pid_t self = ::getpid();
  Children children;
  std::vector<pollfd> waited;
  for (const Descriptor& listener : listeners) waited.push_back({listener.get(), POLLIN, 0});
  while (!stop.load()) {
    children.reap();
    if (children.count() >= most) {
      std::this_thread::sleep_for(look_round / 10);
      continue;
    }
    if (::poll(waited.data(), waited.size(), static_cast<int>(look_round.count())) <= 0) continue;
    for (const pollfd& one : waited) {
      if ((one.revents & POLLIN) == 0 || children.count() >= most) continue;
      const Descriptor socket(::accept4(one.fd, nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket) continue;
      const pid_t process = ::fork();
      if (process == 0) be_child(self, socket.get(), serve);
      // Without a child the connection closes unanswered, which allows nothing.
      if (process > 0) children.add(process);
    }
  }
  children.end_all();
}

}  // namespace dumpgate
