// The kernel's side of a coredump socket, "@@/path" in core_pattern (Linux 6.17;
// include/uapi/linux/coredump.h;
// "@/path", since 6.16, is the bare stream). The one rule: only the kernel is talked to. Whoever may open the
// socket's path can connect as well, send what he likes and keep a place taken: his process does not dump
// core, which the kernel tells (PIDFD_COREDUMPED), and he gets no answer. The kernel writes nothing before it
// was told to; a request that is not understood is answered with nothing, which ends the dump.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/gate/adapters/core_facts.h"
#include "scanner/gate/adapters/timed_socket.h"

namespace dumpgate {

// Bits of the masks in request and answer.
inline constexpr std::uint64_t coredump_by_kernel = 1;  // the kernel writes the core to the socket
inline constexpr std::uint64_t coredump_reject = 4;     // there shall be none
inline constexpr std::uint64_t coredump_wait = 8;       // the process stays until the socket is closed

struct CoredumpRequest {
  std::uint32_t size = 0;         // of the request as sent
  std::uint32_t answer_size = 0;  // the largest answer that is understood
  std::uint64_t mask = 0;         // what may be answered
};

// `bytes` are a whole request. ErrorCode::unsupported when it offers less than the first version did.
Result<CoredumpRequest> parse_coredump_request(std::span<const std::byte> bytes);

// The answer that has the kernel write the core, or none be written at all. ErrorCode::unsupported when the
// request does not offer that.
Result<std::vector<std::byte>> coredump_answer(const CoredumpRequest& request, bool wanted);

// Talks with the kernel until it begins to write, or has been told not to. True: the core follows.
// ErrorCode::limit when it keeps silent, ErrorCode::unsupported when it does not agree.
Result<bool> agree_on_coredump(TimedSocket& socket, bool wanted, Deadline deadline);

// What the kernel tells of the process at the other end of the socket, which it holds: nothing of this comes
// from that process. ErrorCode::unsupported when that process does not dump core, or when it cannot be told.
Result<CoreFacts> peer_of_coredump(int socket);

}  // namespace dumpgate
