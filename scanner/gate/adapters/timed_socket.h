// TimedSocket: a connection on which nobody waits for ever. The one rule: every wait ends at a deadline, and
// a descriptor that arrives uninvited is closed.

#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"

namespace dumpgate {

using Deadline = std::chrono::steady_clock::time_point;

class TimedSocket {
 public:
  explicit TimedSocket(int socket) : socket_(socket) {}  // not taken over

  // Waits until something can be received. False at the deadline. ErrorCode::io when the wait fails.
  Result<bool> wait(Deadline deadline) const;

  // Receives what is there, at least one byte; 0 when the other side has closed. ErrorCode::limit at the
  // deadline, ErrorCode::io when the connection broke. A descriptor that comes with the bytes (unix(7),
  // SCM_RIGHTS) is kept until taken; a second one is closed, and the first too: nobody says then which is
  // meant.
  Result<std::size_t> receive(std::span<std::byte> into, Deadline deadline);

  // The descriptor that arrived last, if any.
  Descriptor take_descriptor() { return std::move(received_); }

  // Sends all of it, or fails as receive does.
  Result<void> send(std::string_view text, Deadline deadline) const;

 private:
  Result<bool> ready(short events, Deadline deadline) const;
  void keep_descriptors(msghdr& message);

  int socket_;
  Descriptor received_{};
};

}  // namespace dumpgate
