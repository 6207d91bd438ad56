#include "scanner/gate/adapters/coredump_socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <string>

#include "scanner/base/descriptor.h"

namespace dumpgate {
namespace {

// Version 1 of both structures, in the machine's own byte order: two u32, one u64.
constexpr std::uint32_t first_size = 16;
constexpr std::uint32_t most_size = 4096;
constexpr std::uint32_t agreed = 0;  // enum coredump_mark

// linux/pidfd.h as of 6.16, of which older systems' headers know nothing; the signal is of 6.19.
struct PidfdInfo {
  std::uint64_t mask = 0;
  std::uint64_t cgroup = 0;
  std::uint32_t pid = 0, tgid = 0, ppid = 0;
  std::uint32_t ruid = 0, rgid = 0, euid = 0, egid = 0, suid = 0, sgid = 0, fsuid = 0, fsgid = 0;
  std::int32_t exit_code = 0;
  std::uint32_t coredump_mask = 0;
  std::uint32_t coredump_signal = 0;
};
static_assert(sizeof(PidfdInfo) == 72);
constexpr std::uint64_t info_pid = 1;
constexpr std::uint64_t info_credentials = 2;
constexpr std::uint64_t info_coredump = 16;
constexpr std::uint64_t info_signal = 64;
constexpr std::uint32_t dumps_core = 1;  // PIDFD_COREDUMPED: set before the kernel connects
constexpr int peer_pidfd = 77;           // SO_PEERPIDFD

template <typename T>
T number_at(std::span<const std::byte> bytes, std::size_t at) {
  T value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Error disagreed(const std::string& why) {
  return {.code = ErrorCode::unsupported, .message = "coredump socket: " + why};
}

Result<void> receive_whole(TimedSocket& socket, std::span<std::byte> into, Deadline deadline) {
  while (!into.empty()) {
    const auto count = socket.receive(into, deadline);
    if (!count) return count.error();
    if (*count == 0) return disagreed("the kernel has closed it");
    into = into.subspan(*count);
  }
  return {};
}

}  // namespace

Result<CoredumpRequest> parse_coredump_request(std::span<const std::byte> bytes) {
  if (bytes.size() < first_size) return disagreed("a request that is too short");
  const CoredumpRequest request{.size = number_at<std::uint32_t>(bytes, 0),
                                .answer_size = number_at<std::uint32_t>(bytes, 4),
                                .mask = number_at<std::uint64_t>(bytes, 8)};
  if (request.size != bytes.size() || request.answer_size < first_size)
    return disagreed("a request of sizes that do not fit");
  return request;
}

Result<std::vector<std::byte>> coredump_answer(const CoredumpRequest& request, bool wanted) {
  const std::uint64_t mask = (wanted ? coredump_by_kernel : coredump_reject) | coredump_wait;
  if ((request.mask & mask) != mask) return disagreed("it does not offer what is needed");
  std::vector<std::byte> answer(first_size);
  std::memcpy(answer.data(), &first_size, sizeof first_size);  // then four bytes of zero
  std::memcpy(answer.data() + 8, &mask, sizeof mask);
  return answer;
}

Result<bool> agree_on_coredump(TimedSocket& socket, bool wanted, Deadline deadline) {
  std::vector<std::byte> bytes(first_size);
  if (const auto got = receive_whole(socket, bytes, deadline); !got) return got.error();
  const auto size = number_at<std::uint32_t>(bytes, 0);
  if (size < first_size || size > most_size) return disagreed("a request of an unlikely size");
  bytes.resize(size);
  if (const auto got = receive_whole(socket, std::span(bytes).subspan(first_size), deadline); !got)
    return got.error();
  const auto request = parse_coredump_request(bytes);
  if (!request) return request.error();
  const auto answer = coredump_answer(*request, wanted);
  if (!answer) return answer.error();
  const std::string text(reinterpret_cast<const char*>(answer->data()), answer->size());
  if (const auto sent = socket.send(text, deadline); !sent) return sent.error();
  std::array<std::byte, sizeof agreed> mark{};
  if (const auto got = receive_whole(socket, mark, deadline); !got) return got.error();
  if (number_at<std::uint32_t>(mark, 0) != agreed)
    return disagreed("the kernel refuses the answer, mark " +
                     std::to_string(number_at<std::uint32_t>(mark, 0)));
  return wanted;
}

Result<CoreFacts> peer_of_coredump(int socket) {
  int number = -1;
  socklen_t size = sizeof number;
  if (::getsockopt(socket, SOL_SOCKET, peer_pidfd, &number, &size) != 0)
    return disagreed("this kernel does not tell who is at its other end");
  const Descriptor process(number);
  PidfdInfo info{.mask = info_pid | info_credentials | info_coredump | info_signal};
  if (::ioctl(process.get(), _IOWR(0xFF, 11, PidfdInfo), &info) != 0 || (info.mask & info_coredump) == 0)
    return disagreed("this kernel does not tell whether the process at its other end dumps core");
  if ((info.coredump_mask & dumps_core) == 0)
    return disagreed("process " + std::to_string(info.tgid) + " of user " + std::to_string(info.ruid) +
                     " has connected, and does not dump core; nothing is taken from it");
  CoreFacts facts;
  facts.time = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) facts.host = host.data();
  if ((info.mask & info_pid) != 0) {
    facts.pid = std::to_string(info.tgid);
    std::array<char, 4096> path{};
    const ssize_t length = ::readlink(("/proc/" + facts.pid + "/exe").c_str(), path.data(), path.size());
    if (length > 0) facts.program.assign(path.data(), static_cast<std::size_t>(length));
  }
  if ((info.mask & info_credentials) != 0) {
    facts.uid = std::to_string(info.ruid);
    facts.gid = std::to_string(info.rgid);
  }
  if ((info.mask & info_signal) != 0) facts.signal = std::to_string(info.coredump_signal);
  return facts;
}

}  // namespace dumpgate
