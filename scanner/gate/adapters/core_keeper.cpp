#include "scanner/gate/adapters/core_keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/base/printable.h"
#include "scanner/gate/private_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

Error io_error(const std::string& what) {
  return {.code = ErrorCode::io, .message = what + ": " + std::generic_category().message(errno)};
}

Result<PrivateFile> take_in(int descriptor, const CoreSettings& settings) {
  auto file = PrivateFile::create(settings.quarantine, settings.most_bytes);
  if (!file) return file;
  const auto deadline = std::chrono::steady_clock::now() + settings.receiving;
  std::vector<std::byte> buffer(buffer_bytes);
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

Descriptor open_directory(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// Gives the core its name in the release directory, between the two entries of the log.
Result<std::string> release(const PrivateFile& file, const GateVerdict& verdict, const std::string& name,
                            const CoreSettings& settings, Judge& judge) {
  const Descriptor directory = open_directory(settings.release);
  if (!directory || ::fsync(file.descriptor()) != 0) return io_error("no release into " + settings.release);
  const std::string destination = "directory " + settings.release;
  const auto intent = judge.intend_release(verdict, name, destination);
  if (!intent) return intent.error();
  auto named = file.give_name(directory.get(), name);
  const bool done = named && ::fsync(directory.get()) == 0;
  (void)judge.end_release(verdict, *intent, done ? ReleaseStage::complete : ReleaseStage::aborted,
                          named ? *named : name, destination, named ? "" : named.error().message);
  return named;
}

// QUARANTINE/<scan id>/dump, as every dump that is kept.
Result<std::string> quarantine(const PrivateFile& file, const GateVerdict& verdict,
                               const CoreSettings& settings) {
  const std::string path = settings.quarantine + "/" + verdict.scan_id;
  if (::mkdir(path.c_str(), S_IRWXU) != 0) return io_error("no quarantine in " + path);
  const Descriptor directory = open_directory(path);
  if (!directory || ::fsync(file.descriptor()) != 0) return io_error("no quarantine in " + path);
  if (auto named = file.give_name(directory.get(), "dump"); !named) return named;
  const Descriptor above = open_directory(settings.quarantine);
  if (::fsync(directory.get()) != 0 || !above || ::fsync(above.get()) != 0)
    return io_error("no quarantine in " + path);
  return path;
}

}  // namespace

CoreFate keep_core(int descriptor, const CoreFacts& facts, const std::string& channel,
                   const CoreSettings& settings, Judge& judge) {
  const std::string name = facts.file_name();
  const std::string who = name + " of " + printable(facts.program) + ", uid " + printable(facts.uid) + ": ";
  if (facts.unwanted()) return {.said = who + "dropped unseen: its limit of core files is 0"};
  const auto file = take_in(descriptor, settings);
  if (!file) return {.said = who + "dropped unseen: " + file.error().message};
  const GateVerdict verdict = judge.examine(file->descriptor(), facts.source(channel));
  const auto fate = [&](CoreFate::Kind kind, const std::string& what) {
    std::string said =
        who + std::string(to_string(verdict.decision)) + ", " + what + ", scan " + verdict.scan_id;
    if (!verdict.reasons.empty()) said += ": " + verdict.reasons.front();
    return CoreFate{.kind = kind, .decision = verdict.decision, .said = printable(said)};
  };
  if (verdict.decision == Decision::release && verdict.leaf) {
    const auto released = release(*file, verdict, name, settings, judge);
    return released ? fate(CoreFate::Kind::released, "released as " + *released)
                    : fate(CoreFate::Kind::dropped, "dropped, since " + released.error().message);
  }
  if (settings.refuse) return fate(CoreFate::Kind::dropped, "refused");
  const auto kept = quarantine(*file, verdict, settings);
  return kept ? fate(CoreFate::Kind::quarantined, "in quarantine")
              : fate(CoreFate::Kind::dropped, "dropped, since " + kept.error().message);
}

}  // namespace dumpgate
