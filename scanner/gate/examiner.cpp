#include "scanner/gate/examiner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "scanner/base/descriptor.h"
#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/evidence/public_key_list.h"
#include "scanner/evidence/retro_filter.h"
#include "scanner/gate/file_state.h"
#include "scanner/gate/private_file.h"
#include "scanner/gate/time_limit.h"
#include "scanner/gate/worker.h"
#include "scanner/report/report.h"
#include "scanner/verdict/verdict.h"

namespace dumpgate {
namespace {

// Everything that `descriptor` delivers, in a file without a name.
Result<PrivateFile> kept_from_pipe(int descriptor, const GateContext& context) {
  auto file = PrivateFile::create(context.private_directory, context.most_pipe_bytes);
  if (!file) return file;
  std::array<std::byte, std::size_t{64} * 1024> piece{};
  for (;;) {
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR && (context.scan.stop == nullptr || !context.scan.stop->load())) continue;
    if (got < 0) return Error{ErrorCode::io, "what arrives cannot be read", std::nullopt};
    if (got == 0) return file;
    if (const auto kept = file->append(std::span(piece).first(static_cast<std::size_t>(got))); !kept)
      return kept.error();
  }
}

std::map<std::string, std::string> limits_in_force(const GateContext& context, unsigned seconds) {
  const Limits& limits = context.scan.limits;
  return {{"max-memory", std::to_string(limits.max_memory)},
          {"max-expanded", std::to_string(limits.expanded)},
          {"max-layers", std::to_string(limits.layers)},
          {"timeout", std::to_string(seconds) + " s"}};
}

// Examines, and fills in what the statement says about the examination itself.
WorkerReport run_worker(const GateContext& context, int descriptor, VerdictFacts& facts) {
  struct stat before{};
  const bool known = ::fstat(descriptor, &before) == 0;
  constexpr std::uint64_t block = 512;  // of st_blocks, on every file system
  const auto size = static_cast<std::uint64_t>(known ? before.st_size : 0);
  const auto on_disk = block * static_cast<std::uint64_t>(known ? before.st_blocks : 0);
  const unsigned seconds = time_limit(size, on_disk, context.seconds_per_dump, context.seconds_per_gib);
  facts.limits = limits_in_force(context, seconds);
  facts.started = utc_now();
  WorkerReport report = examine_confined({.descriptor = descriptor,
                                          .name = facts.source.name,
                                          .scan = &context.scan,
                                          .sandbox = context.sandbox,
                                          .seconds = seconds});
  facts.finished = utc_now();
  struct stat after{};
  if (!known || ::fstat(descriptor, &after) != 0 || !same_content(before, after)) {
    report.answer.problems.emplace_back("the dump changed while it was examined");
    report.answer.record.examined = false;
  }
  facts.sandbox = report.answer.sandbox;
  facts.problems = report.answer.problems;
  return report;
}

// Stores the evidence that a verdict names, and names it.
Result<void> store_evidence(const GateContext& context, const WorkerReport& report, const Verdict& verdict,
                            VerdictFacts& facts) {
  const auto store = [&](std::string_view name, std::string_view media_type,
                         std::span<const std::byte> bytes) -> Result<void> {
    const auto digest = context.log->store(bytes);
    if (!digest) return digest.error();
    facts.artifacts.push_back(
        {.name = std::string(name), .sha256 = *digest, .media_type = std::string(media_type)});
    return {};
  };
  const ScanRecord& record = report.answer.record;
  const ReportForm* const form = form_by_name("json");
  if (form == nullptr) return Error{ErrorCode::internal, "no such report: json", std::nullopt};
  const std::string text = render_document(
      *form, record, verdict,
      {.version = context.identity.version, .signatures = context.scan.signatures->all(), .colour = false});
  if (auto stored = store("report", form->media_type(), std::as_bytes(std::span(text))); !stored)
    return stored;
  const std::string keys = public_key_list(record.public_keys);
  if (!record.public_keys.empty())
    if (auto stored = store(public_keys_artifact, public_keys_media_type, std::as_bytes(std::span(keys)));
        !stored)
      return stored;
  if (!report.answer.retro_filter.empty())
    if (auto stored = store(retro_filter_name, retro_filter_media_type, report.answer.retro_filter); !stored)
      return stored;
  return {};
}

// The verdict as the gate acts on it, once everything is in the log; one that could not be logged holds.
GateVerdict recorded(const GateContext& context, const WorkerReport& report, VerdictFacts facts) {
  const Verdict verdict = decide(report.answer.record, context.policy, context.known_test_keys, utc_today());
  GateVerdict result{.scan_id = facts.scan_id,
                     .decision = verdict.decision(),
                     .dump_sha256 = report.dump_sha256,
                     .size = report.size};
  for (const auto& list : {facts.problems, verdict.reasons()})
    for (const std::string& reason : list) result.reasons.push_back(printable(reason));
  const auto hold = [&](const std::string& why) {
    result.decision = Decision::hold;
    result.reasons.insert(result.reasons.begin(), "the verdict could not be logged: " + printable(why));
    return result;
  };
  if (const auto stored = store_evidence(context, report, verdict, facts); !stored)
    return hold(stored.error().message);
  const auto leaf = context.log->append(verdict_statement(facts, report.answer.record, verdict));
  if (!leaf) return hold(leaf.error().message);
  result.leaf = *leaf;
  return result;
}

ReleaseFacts release_facts(const GateContext& context, const GateVerdict& verdict, ReleaseStage stage,
                           const std::string& name, const std::string& destination) {
  return {.stage = stage,
          .scan_id = verdict.scan_id,
          .gate = context.identity,
          .dump_sha256 = verdict.dump_sha256,
          .size = verdict.size,
          .name = name,
          .destination = destination,
          .time = utc_now(),
          .verdict_index = verdict.leaf->index,
          .verdict_leaf_sha256 = to_hex(verdict.leaf->hash),
          .waiver_index = verdict.waiver};
}

}  // namespace

GateVerdict Examiner::examine(int descriptor, const DumpSource& source) {
  return examine_as(new_scan_id(), descriptor, source);
}

GateVerdict Examiner::examine_as(const std::string& scan_id, int descriptor, const DumpSource& source) {
  VerdictFacts facts{.scan_id = scan_id, .gate = context_.identity, .source = source, .received = utc_now()};
  struct stat status{};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    const WorkerReport report = run_worker(context_, descriptor, facts);
    return recorded(context_, report, std::move(facts));
  }
  const auto kept = kept_from_pipe(descriptor, context_);
  if (kept) {
    const WorkerReport report = run_worker(context_, kept->descriptor(), facts);
    return recorded(context_, report, std::move(facts));
  }
  WorkerReport nothing;
  nothing.answer.record.input = source.name;
  nothing.answer.record.signatures_sha256 = context_.scan.signatures->sha256();
  nothing.answer.record.gaps.push_back(
      {.reason = gap_reason(kept.error().code), .detail = kept.error().message});
  facts.problems.push_back(kept.error().message);
  facts.started = facts.finished = facts.received;
  return recorded(context_, nothing, std::move(facts));
}

Result<LeafPlace> Examiner::intend_release(const GateVerdict& verdict, const std::string& name,
                                           const std::string& destination) {
  const bool allowed = verdict.decision == Decision::release || verdict.waiver.has_value();
  if (!allowed || !verdict.leaf || !is_sha256_hex(verdict.dump_sha256))
    return Error{ErrorCode::usage, "nothing allows the release of " + verdict.scan_id, std::nullopt};
  return context_.log->append(
      release_statement(release_facts(context_, verdict, ReleaseStage::intent, name, destination)));
}

Result<LeafPlace> Examiner::end_release(const GateVerdict& verdict, const LeafPlace& intent,
                                        ReleaseStage stage, const std::string& name,
                                        const std::string& destination, const std::string& reason) {
  if (!verdict.leaf)
    return Error{ErrorCode::usage, "no verdict was logged for " + verdict.scan_id, std::nullopt};
  ReleaseFacts facts = release_facts(context_, verdict, stage, name, destination);
  facts.intent_index = intent.index;
  facts.reason = reason;
  return context_.log->append(release_statement(facts));
}

}  // namespace dumpgate
