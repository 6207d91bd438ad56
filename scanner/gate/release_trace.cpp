#include "scanner/gate/release_trace.h"

#include <array>
#include <span>
#include <string_view>
#include <variant>

#include "scanner/evidence/dsse.h"
#include "scanner/evidence/statement_reader.h"

namespace dumpgate {
namespace {

Result<Statement> signed_statement(const LogReader& reader, std::string_view entry) {
  const std::array<Ed25519PublicKey, 1> keys{reader.verifier().key};
  const auto opened = open_envelope(entry, keys);
  if (!opened) return opened.error();
  return read_statement(opened->payload);
}

Result<GateVerdict> verdict_in(const LogReader& reader, const std::string& scan_id, std::uint64_t index) {
  const auto entry = reader.entry(index);
  if (!entry) return entry.error();
  const auto statement = signed_statement(reader, *entry);
  if (!statement) return statement.error();
  const auto* const fields = std::get_if<VerdictFields>(&statement->fields);
  if (fields == nullptr || fields->scan_id != scan_id)
    return corrupt("entry " + std::to_string(index) + " of the log is no verdict on " + scan_id);
  Decision decision = Decision::hold;
  if (fields->result == to_string(Decision::block)) decision = Decision::block;
  if (fields->result == to_string(Decision::release)) decision = Decision::release;
  return GateVerdict{
      .scan_id = scan_id,
      .decision = decision,
      .dump_sha256 = statement->subject_sha256,
      .size = fields->size.value_or(0),
      .leaf = LeafPlace{
          .index = index, .hash = leaf_hash(std::as_bytes(std::span(*entry))), .checkpoint = reader.note()}};
}

}  // namespace

Result<GateVerdict> logged_verdict(const EvidenceLog& log, const std::string& scan_id, std::uint64_t index) {
  const auto reader = log.reader();
  if (!reader) return reader.error();
  return verdict_in(*reader, scan_id, index);
}

Result<ReleaseTrace> release_trace(const EvidenceLog& log, const std::string& scan_id,
                                   std::uint64_t log_from) {
  const auto reader = log.reader();
  if (!reader) return reader.error();
  if (log_from > reader->checkpoint().size)
    return corrupt("the state of " + scan_id + " names entry " + std::to_string(log_from) + " of a log of " +
                   std::to_string(reader->checkpoint().size) + ": this is another log, or an older copy");
  ReleaseTrace trace;
  ReleaseFields release;
  std::string sha256;
  const auto read = reader->entries(
      log_from, reader->checkpoint().size, [&](std::uint64_t index, std::string_view entry) -> Result<void> {
        const auto statement = signed_statement(*reader, entry);
        if (!statement) return statement.error();
        const auto* const fields = std::get_if<ReleaseFields>(&statement->fields);
        if (fields == nullptr || fields->scan_id != scan_id) return {};
        trace.ended = fields->stage != "intent";
        if (trace.ended) return {};
        trace.intent = LeafPlace{.index = index, .hash = leaf_hash(std::as_bytes(std::span(entry)))};
        release = *fields;
        sha256 = statement->subject_sha256;
        return {};
      });
  if (!read) return read.error();
  if (!trace.intent) return trace;
  auto verdict = verdict_in(*reader, scan_id, release.verdict_index);
  if (!verdict) return verdict.error();
  trace.verdict = std::move(*verdict);
  trace.verdict.dump_sha256 = sha256;
  trace.verdict.size = release.size;
  trace.verdict.waiver = release.waiver_index;
  return trace;
}

}  // namespace dumpgate
