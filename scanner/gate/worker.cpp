#include "scanner/gate/worker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/engine/self_test.h"
#include "scanner/evidence/retro_filter.h"
#include "scanner/gate/confined_process.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

constexpr std::uint64_t room_beside_memory = 2ULL << 30;  // of addresses: code, stacks, malloc's arenas

unsigned threads_of(const ScanOptions& scan) {
  return scan.threads != 0 ? scan.threads : std::max(1U, std::thread::hardware_concurrency());
}

// Fills in what the sandbox leaves to whoever knows the examination.
SandboxPolicy limits_for(const WorkerOrder& order, unsigned threads) {
  SandboxPolicy policy = order.sandbox;
  if (policy.address_space == 0)
    policy.address_space = 4 * order.scan->limits.max_memory + room_beside_memory;
  if (policy.processor_seconds == 0) policy.processor_seconds = order.seconds * (threads + 1);
  return policy;
}

// --- in the worker ---

ScanRecord examine(const WorkerOrder& order, int descriptor, unsigned threads,
                   std::vector<std::byte>& retro_filter) {
  const SelfTest tested = self_test(*order.scan->signatures);
  ScanRecord record;
  record.input = order.name;
  auto input = open_descriptor(descriptor, order.name);
  if (input) {
    ScanOptions options = *order.scan;
    options.threads = threads;
    options.progress = nullptr;
    options.stop = nullptr;
    // Without a site key there is no filter: unkeyed hashes would tell anybody what the dump held.
    std::optional<RetroFilterBuilder> builder;
    if (!options.site_key.empty())
      options.tap = &builder.emplace(options.site_key, options.limits.max_memory / 8);
    record = scan(**input, options);
    if (builder) retro_filter = builder->finish();
  } else {
    record.gaps.push_back({.reason = gap_reason(input.error().code), .detail = input.error().message});
  }
  record.self_test_passed = tested.passed;
  return record;
}

bool work_and_answer(const WorkerOrder& order, int descriptor, int answer_pipe) {
  const unsigned threads = threads_of(*order.scan);
  WorkerAnswer answer;
  try {
    load_threading();
    auto confined = confine(limits_for(order, threads));
    if (confined) {
      answer.sandbox = std::move(*confined);
      answer.record = examine(order, descriptor, threads, answer.retro_filter);
    } else {
      answer.problems.push_back(confined.error().message);
    }
  } catch (const std::exception& error) {
    answer.problems.push_back(std::string("internal error: ") + error.what());
  }
  auto bytes = write_answer(answer);
  if (!bytes) {
    answer = WorkerAnswer{.problems = {bytes.error().message}};
    bytes = write_answer(answer);
  }
  return bytes && write_whole(answer_pipe, *bytes);
}

// --- in the gate ---

// The digest of a file, taken a piece at a time by pread, so that the offset that the worker shares is left
// alone.
class FileHash {
 public:
  explicit FileHash(int descriptor) : descriptor_(descriptor), buffer_(std::size_t{1} << 20) {}

  bool step() {
    const ssize_t got = ::pread(descriptor_, buffer_.data(), buffer_.size(), static_cast<off_t>(size_));
    if (got < 0 && errno == EINTR) return true;
    failed_ = got < 0;
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    hash_.update(std::span(buffer_).first(static_cast<std::size_t>(got)));
    size_ += static_cast<std::uint64_t>(got);
    return true;
  }

  std::uint64_t size() const { return size_; }
  std::string digest() { return ended_ && !failed_ ? to_hex(hash_.finish()) : std::string(); }

 private:
  int descriptor_;
  std::vector<std::byte> buffer_;
  Sha256 hash_{};
  std::uint64_t size_ = 0;
  bool ended_ = false;
  bool failed_ = false;
};

// What is wrong with an answer that came well-formed from a process that ended well.
std::string contradiction(const WorkerAnswer& answer, const WorkerReport& report) {
  const ScanRecord& record = answer.record;
  if (report.dump_sha256.empty()) return "the gate itself could not read the dump to its end";
  if (!record.sha256 || !record.size) return {};  // not read to its end: the record holds by itself
  if (*record.sha256 != report.dump_sha256)
    return "the worker's digest differs from the gate's: the dump changed, or the worker lies";
  if (*record.size != report.size || record.bytes_in != report.size)
    return "the worker's size differs from the gate's";
  return {};
}

// Likewise of its filter, which is asked years later and must then be of this dump, by this site's key.
std::string contradiction_of_filter(const WorkerAnswer& answer, const ScanOptions& scan) {
  if (answer.retro_filter.empty())
    return answer.record.examined && !scan.site_key.empty() ? "the worker's retro filter is missing" : "";
  const auto filter = RetroFilter::parse(answer.retro_filter);
  if (!filter) return filter.error().message;
  if (filter->bytes != answer.record.bytes_examined || filter->key_id != RetroHash(scan.site_key).id())
    return "the worker's retro filter is not of this dump";
  return {};
}

// The record of an examination that cannot be believed: it names the input and holds.
ScanRecord nothing_examined(const WorkerOrder& order, const std::string& problem) {
  ScanRecord record;
  record.input = order.name;
  record.signatures_sha256 = order.scan->signatures->sha256();
  record.gaps.push_back({.reason = GapReason::internal, .detail = problem});
  return record;
}

}  // namespace

WorkerReport examine_confined(const WorkerOrder& order) {
  WorkerReport report;
  const auto fail = [&](const std::string& problem) {
    std::vector<std::string> problems = std::move(report.answer.problems);
    if (!problem.empty()) problems.push_back(printable(problem));
    report.answer.record = nothing_examined(order, problems.empty() ? "no answer" : problems.front());
    report.answer.problems = std::move(problems);
    return report;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(order.seconds);
  if (::lseek(order.descriptor, 0, SEEK_SET) != 0)
    return fail("the dump is not a file that can be read again");
  auto process = ConfinedProcess::start(
      std::span(&order.descriptor, 1),
      [&](std::span<const int> given, int answer) { return work_and_answer(order, given.front(), answer); });
  if (!process) return fail(process.error().message);

  FileHash hash(order.descriptor);
  auto ending = process->finish(
      most_answer_bytes, deadline, [&] { return hash.step(); },
      [&] { return order.scan->stop != nullptr && order.scan->stop->load(); });
  report.dump_sha256 = hash.digest();
  report.size = hash.size();
  if (!ending.problem.empty()) return fail(ending.problem);
  auto answer = read_answer(ending.answer);
  if (!answer) return fail(answer.error().message);
  report.answer = std::move(*answer);
  if (!report.answer.problems.empty()) return fail({});
  if (const std::string wrong = contradiction(report.answer, report); !wrong.empty()) return fail(wrong);
  if (const std::string wrong = contradiction_of_filter(report.answer, *order.scan); !wrong.empty())
    return fail(wrong);
  report.answer.record.input = order.name;
  report.answer.record.signatures_sha256 = order.scan->signatures->sha256();
  return report;
}

}  // namespace dumpgate
