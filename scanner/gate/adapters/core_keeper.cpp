#include "scanner/gate/adapters/core_keeper.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/base/system_error.h"
#include "scanner/gate/intake.h"
#include "scanner/gate/private_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t pipe_buffer = std::size_t{1} << 20;

Result<PrivateFile> receive_core(int descriptor, const std::string& quarantine,
                                 const CoreSettings& settings) {
  auto file = PrivateFile::create(quarantine, settings.most_bytes);
  if (!file) return file;
  const auto deadline = std::chrono::steady_clock::now() + settings.receiving;
  std::vector<std::byte> buffer(pipe_buffer);
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waited{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int wait = static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1 << 30));
    if (::poll(&waited, 1, wait) < 0 && errno == EINTR) continue;
    if (waited.revents == 0) return Error{.code = ErrorCode::limit, .message = "the core took too long"};
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return io_error("the core cannot be read");
    if (count == 0) return file;
    if (const auto kept = file->append(std::span(buffer).first(static_cast<std::size_t>(count))); !kept)
      return kept.error();
  }
}

// The core in quarantine, with nobody writing to it any more.
Result<Custody> take_in(int descriptor, const CoreFacts& facts, const std::string& channel,
                        const CoreSettings& settings, const Spool& spool) {
  const std::string received = utc_now();
  const auto file = receive_core(descriptor, spool.quarantine_path(), settings);
  if (!file) return file.error();
  return take_unnamed(spool, *file,
                      {.scan_id = new_scan_id(),
                       .name = facts.file_name(),
                       .source = facts.source(channel),
                       .received = received,
                       .refuse = settings.refuse});
}

}  // namespace

PassageOutcome keep_core(int descriptor, const CoreFacts& facts, const std::string& channel,
                         const CoreSettings& settings, const Spool& spool, const GateContext& context) {
  const std::string who = printable(facts.program) + ", uid " + printable(facts.uid) + ": ";
  const auto unseen = [&](const std::string& why) {
    return PassageOutcome{.end = PassageEnd::dropped,
                          .message = who + facts.file_name() + ": dropped unseen: " + printable(why)};
  };
  if (facts.unwanted()) return unseen("its limit of core files is 0");
  const auto custody = take_in(descriptor, facts, channel, settings, spool);
  if (!custody) return unseen(custody.error().message);
  PassageOutcome outcome = Passage(spool, context).run(*custody);
  outcome.message = who + outcome.message;
  return outcome;
}

}  // namespace dumpgate
