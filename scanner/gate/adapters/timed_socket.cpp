#include "scanner/gate/adapters/timed_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace dumpgate {
namespace {

Error broken(int number) {
  return {.code = ErrorCode::io,
          .message = "the connection failed: " + std::generic_category().message(number)};
}
Error late() { return {.code = ErrorCode::limit, .message = "the client took too long"}; }

constexpr std::size_t most_descriptors = 4;

}  // namespace

Result<bool> TimedSocket::ready(short events, Deadline deadline) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int wait = static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1 << 30));
    pollfd waited{.fd = socket_, .events = events, .revents = 0};
    const int count = ::poll(&waited, 1, wait);
    if (count > 0) return true;
    if (count == 0 && std::chrono::steady_clock::now() >= deadline) return false;
    if (count < 0 && errno != EINTR) return broken(errno);
  }
}

Result<bool> TimedSocket::wait(Deadline deadline) const { return ready(POLLIN, deadline); }

void TimedSocket::keep_descriptors(msghdr& message) {
  std::size_t count = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t bytes = header->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + at, sizeof number);
      Descriptor one(number);
      if (++count == 1 && !received_)
        received_ = std::move(one);
      else
        received_.reset();
    }
  }
  // More than there was room for: the kernel has closed the rest, and which one was meant is unknown.
  if ((message.msg_flags & MSG_CTRUNC) != 0) received_.reset();
}

Result<std::size_t> TimedSocket::receive(std::span<std::byte> into, Deadline deadline) {
  for (;;) {
    const auto is_ready = ready(POLLIN, deadline);
    if (!is_ready) return is_ready.error();
    if (!*is_ready) return late();
    iovec place{.iov_base = into.data(), .iov_len = into.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(most_descriptors * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count >= 0) {
      keep_descriptors(message);
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR && errno != EAGAIN) return broken(errno);
  }
}

Result<void> TimedSocket::send(std::string_view text, Deadline deadline) const {
  while (!text.empty()) {
    const auto is_ready = ready(POLLOUT, deadline);
    if (!is_ready) return is_ready.error();
    if (!*is_ready) return late();
    const ssize_t count = ::send(socket_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR && errno != EAGAIN)
      return broken(errno);
  }
  return {};
}

}  // namespace dumpgate
