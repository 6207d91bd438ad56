#include "scanner/evidence/key_history.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "scanner/evidence/dsse.h"
#include "scanner/evidence/dump_fate.h"
#include "scanner/evidence/index_rows.h"

namespace dumpgate {
namespace {

Result<Statement> statement_at(const LogReader& reader, std::uint64_t leaf) {
  const auto entry = reader.entry(leaf);
  if (!entry) return entry.error();
  const std::array<Ed25519PublicKey, 1> own{reader.verifier().key};
  const auto opened = open_envelope(*entry, own);
  if (!opened) return opened.error();
  return read_statement(opened->payload);
}

class Historian {
 public:
  Historian(const LogReader& reader, const LogIndex& index, std::string key)
      : reader_(reader), index_(index), key_(std::move(key)) {}

  Result<KeyHistory> tell() {
    KeyHistory history{.key = key_};
    const auto hits = index_.key(key_);
    if (!hits) return hits.error();
    std::set<std::uint64_t> named;
    for (const KeyHit& hit : *hits) {
      // By relation: the strongest comes first, and says all.
      if (!named.insert(hit.leaf).second) continue;
      auto dump = dump_at(hit.leaf);
      if (!dump) return dump.error();
      dump->relation = hit.relation;
      if (!bears_out(*dump)) return lying(hit.leaf);
      history.dumps.push_back(std::move(*dump));
    }
    const auto open = index_.unanswerable();
    if (!open) return open.error();
    for (const std::uint64_t leaf : *open) {
      const auto known = std::ranges::find(history.dumps, leaf, &DumpHistory::leaf);
      if (known != history.dumps.end() && known->relation != KeyRelation::sought) continue;
      auto dump = dump_at(leaf);
      if (!dump) return dump.error();
      history.unanswerable.push_back(std::move(*dump));
    }
    const auto verdicts = index_.verdicts();
    if (!verdicts) return verdicts.error();
    history.verdicts = *verdicts;
    return history;
  }

 private:
  static Error lying(std::uint64_t leaf) {
    return {ErrorCode::corrupt, "the index is not what entry " + std::to_string(leaf) + " of the log says",
            std::nullopt};
  }

  Result<DumpHistory> dump_at(std::uint64_t leaf) const {
    auto statement = statement_at(reader_, leaf);
    if (!statement) return statement.error();
    auto* const verdict = std::get_if<VerdictFields>(&statement->fields);
    if (verdict == nullptr) return lying(leaf);
    DumpHistory dump{.leaf = leaf, .name = statement->subject_name, .sha256 = statement->subject_sha256};
    dump.verdict = std::move(*verdict);
    for (const StatedKey& key : dump.verdict.keys)
      if (!dump.key && (key.public_key_sha256 == key_ || key.secret_id == key_)) dump.key = key;
    const auto releases = index_.releases(dump.sha256, dump.verdict.scan_id);
    if (!releases) return releases.error();
    for (const std::uint64_t at : *releases) {
      auto release = statement_at(reader_, at);
      if (!release) return release.error();
      auto* const fields = std::get_if<ReleaseFields>(&release->fields);
      if (fields == nullptr || release->subject_sha256 != dump.sha256) return lying(at);
      dump.releases.push_back({at, std::move(*fields)});
    }
    return dump;
  }

  bool bears_out(const DumpHistory& dump) const {
    const VerdictKeys keys = keys_of(reader_, dump.verdict);
    const auto& names = dump.relation == KeyRelation::held   ? keys.held
                        : dump.relation == KeyRelation::seen ? keys.seen
                                                             : keys.sought;
    return std::ranges::find(names, key_) != names.end();
  }

  const LogReader& reader_;
  const LogIndex& index_;
  std::string key_;
};

}  // namespace

Result<KeyHistory> key_history(const LogReader& reader, const LogIndex& index, const std::string& sha256) {
  return Historian(reader, index, sha256).tell();
}

std::string_view fate_of(const DumpHistory& dump) {
  const auto any = [&](std::string_view stage) {
    return std::ranges::any_of(dump.releases,
                               [&](const StatedRelease& at) { return at.release.stage == stage; });
  };
  if (any("complete")) return "released";
  // An intent whose end is not in the log may have let bytes out.
  const auto ended = [&](std::uint64_t intent) {
    return std::ranges::any_of(dump.releases,
                               [&](const StatedRelease& at) { return at.release.intent_index == intent; });
  };
  if (std::ranges::any_of(dump.releases, [&](const StatedRelease& at) {
        return at.release.stage == "intent" && !ended(at.leaf);
      }))
    return "release began";
  if (any("intent")) return "release aborted";
  return fate_without_release(dump.verdict.channel, dump.verdict.result);
}

}  // namespace dumpgate
