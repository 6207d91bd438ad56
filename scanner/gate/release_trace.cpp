#include "scanner/gate/release_trace.h"

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "scanner/evidence/dsse.h"
#include "scanner/evidence/statement.h"

namespace dumpgate {
namespace {

// Takes up what one leaf says of the release of `scan_id`.
void read_leaf(const std::string& payload, const std::string& entry, std::uint64_t index,
               const SpoolState& state, ReleaseTrace& trace) {
  const auto statement = nlohmann::json::parse(payload, nullptr, false);
  if (!statement.is_object() || statement.value("predicateType", "") != release_predicate) return;
  const auto& predicate = statement.at("predicate");
  if (predicate.value("scanId", "") != state.scan_id) return;
  if (predicate.value("stage", "") != "intent") {
    trace.ended = true;
    return;
  }
  trace.ended = false;
  trace.intent = LeafPlace{.index = index, .hash = leaf_hash(std::as_bytes(std::span(entry)))};
  trace.verdict.dump_sha256 = statement.at("subject").at(0).at("digest").at("sha256");
  trace.verdict.size = predicate.at("size");
}

}  // namespace

Result<ReleaseTrace> release_trace(const EvidenceLog& log, const SpoolState& state) {
  const auto reader = log.reader();
  if (!reader) return reader.error();
  const std::array<Ed25519PublicKey, 1> keys{reader->verifier().key};
  ReleaseTrace trace;
  try {
    for (std::uint64_t index = state.log_from; index < reader->checkpoint().size; ++index) {
      const auto entry = reader->entry(index);
      if (!entry) return entry.error();
      const auto opened = open_envelope(*entry, keys);
      if (!opened) return opened.error();
      read_leaf(opened->payload, *entry, index, state, trace);
    }
    if (!trace.intent) return trace;
    const auto verdict = reader->entry(state.verdict_index);
    if (!verdict) return verdict.error();
    trace.verdict.scan_id = state.scan_id;
    trace.verdict.decision = Decision::release;
    trace.verdict.waiver = state.waiver;
    trace.verdict.leaf = LeafPlace{.index = state.verdict_index,
                                   .hash = leaf_hash(std::as_bytes(std::span(*verdict))),
                                   .checkpoint = reader->note()};
    return trace;
  } catch (const nlohmann::json::exception&) {
    return Error{ErrorCode::corrupt, "a leaf of a release cannot be read", std::nullopt};
  }
}

}  // namespace dumpgate
