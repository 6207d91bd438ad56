#include "scanner/evidence/index_rows.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "scanner/base/base64.h"
#include "scanner/base/hex.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/index.h"
#include "scanner/evidence/public_key_list.h"
#include "scanner/evidence/statement_reader.h"

namespace dumpgate {
namespace {

const ArtifactReference* artifact_named(const VerdictFields& verdict, std::string_view name) {
  for (const ArtifactReference& artifact : verdict.artifacts)
    if (artifact.name == name) return &artifact;
  return nullptr;
}

// Nothing when the store does not have it, or not as the leaf names it.
std::optional<std::vector<std::byte>> content_of(const LogReader& reader, const VerdictFields& verdict,
                                                 std::string_view name) {
  const ArtifactReference* const artifact = artifact_named(verdict, name);
  if (artifact == nullptr) return std::nullopt;
  auto bytes = reader.artifact(artifact->sha256);
  return bytes ? std::move(*bytes) : std::nullopt;
}

void take_name(const nlohmann::json& entry, const char* member, std::vector<std::string>& names) {
  const auto at = entry.find(member);
  const auto* const name = at == entry.end() ? nullptr : at->get_ptr<const std::string*>();
  if (name != nullptr) names.push_back(*name);
}

// The report (docs/report.schema.json) names every key; a statement at most 200.
bool read_report(std::span<const std::byte> report, VerdictKeys& keys) {
  const auto* const text = reinterpret_cast<const char*>(report.data());
  const auto json = nlohmann::json::parse(text, text + report.size(), nullptr, false);
  if (!json.is_object()) return false;
  const auto findings = json.find("findings");
  if (findings == json.end() || !findings->is_array()) return false;
  for (const auto& finding : *findings) {
    if (!finding.is_object()) return false;
    take_name(finding, "public_key_sha256", keys.held);
    take_name(finding, "secret_hmac_sha256", keys.held);
  }
  const auto guarded = json.find("protected_keys");
  if (guarded == json.end() || !guarded->is_array()) return true;
  for (const auto& key : *guarded)
    if (key.is_object() && key.value("found", nlohmann::json(true)) == false)
      take_name(key, "public_key_sha256", keys.sought);
  return true;
}

std::vector<std::byte> digest_bytes(std::string_view hex) {
  return from_hex(hex).value_or(std::vector<std::byte>{});
}

}  // namespace

VerdictKeys keys_of(const LogReader& reader, const VerdictFields& verdict) {
  VerdictKeys keys;
  keys.whole = verdict.complete;
  for (const StatedKey& key : verdict.keys) {
    keys.held.push_back(key.public_key_sha256);
    keys.held.push_back(key.secret_id);
  }
  for (const StatedProtectedKey& key : verdict.protected_keys)
    if (!key.found) keys.sought.push_back(key.public_key_sha256);
  if (verdict.key_count > verdict.keys.size() || verdict.protected_count > verdict.protected_keys.size()) {
    const auto report = content_of(reader, verdict, "report");
    if (!report || !read_report(*report, keys)) keys.whole = false;
  }
  if (verdict.public_keys_seen == 0) return keys;
  const auto list = content_of(reader, verdict, public_keys_artifact);
  auto seen = list ? parse_public_key_list(*list)
                   : Result<std::vector<std::string>>(Error{ErrorCode::io, {}, std::nullopt});
  if (seen && seen->size() == verdict.public_keys_seen)
    keys.seen = std::move(*seen);
  else
    keys.whole = false;
  return keys;
}

const char* const index_schema = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE verdict(leaf INTEGER PRIMARY KEY, whole INTEGER NOT NULL);
CREATE TABLE key(name BLOB NOT NULL, leaf INTEGER NOT NULL, relation INTEGER NOT NULL,
                 PRIMARY KEY(name, leaf, relation)) WITHOUT ROWID;
CREATE TABLE release(leaf INTEGER PRIMARY KEY, scan TEXT NOT NULL, dump BLOB NOT NULL);
CREATE INDEX release_scan ON release(scan);
CREATE INDEX release_dump ON release(dump);
)sql";

Result<IndexWriter> IndexWriter::create(Database& database, const LogReader& reader) {
  auto verdict = database.prepare("INSERT INTO verdict VALUES(?,?)");
  if (!verdict) return verdict.error();
  auto key = database.prepare("INSERT OR IGNORE INTO key VALUES(?,?,?)");
  if (!key) return key.error();
  auto release = database.prepare("INSERT INTO release VALUES(?,?,?)");
  if (!release) return release.error();
  auto meta = database.prepare("INSERT OR REPLACE INTO meta VALUES(?,?)");
  if (!meta) return meta.error();
  return IndexWriter(database, reader, std::move(*verdict), std::move(*key), std::move(*release),
                     std::move(*meta));
}

Result<void> IndexWriter::add_from(std::uint64_t begin) {
  if (const auto begun = database_->run("BEGIN IMMEDIATE"); !begun) return begun.error();
  const Checkpoint& tree = reader_->checkpoint();
  const auto read = [&]() -> Result<void> {
    const auto added = reader_->entries(
        begin, tree.size, [&](std::uint64_t leaf, std::string_view entry) { return add(leaf, entry); });
    if (!added) return added.error();
    for (const auto& [name, value] : {std::pair<std::string_view, std::string>("form", "1"),
                                      {"origin", tree.origin},
                                      {"size", std::to_string(tree.size)},
                                      {"root", to_base64(tree.root)}})
      if (const auto noted = note(name, value); !noted) return noted.error();
    return database_->run("COMMIT");
  };
  const auto done = read();
  if (!done) (void)database_->run("ROLLBACK");
  return done;
}

Result<void> IndexWriter::add(std::uint64_t leaf, std::string_view entry) {
  const std::array<Ed25519PublicKey, 1> own{reader_->verifier().key};
  const auto opened = open_envelope(entry, own);
  if (!opened) return opened.error();
  const auto statement = read_statement(opened->payload);
  if (!statement)
    return Error{ErrorCode::corrupt, "entry " + std::to_string(leaf) + ": " + statement.error().message,
                 std::nullopt};
  if (std::holds_alternative<VerdictFields>(statement->fields)) return add_verdict(leaf, *statement);
  const auto* const release = std::get_if<ReleaseFields>(&statement->fields);
  if (release == nullptr) return {};
  return release_.bind(1, leaf)
      .bind(2, std::string_view(release->scan_id))
      .bind(3, digest_bytes(statement->subject_sha256))
      .run();
}

Result<void> IndexWriter::add_verdict(std::uint64_t leaf, const Statement& statement) {
  const VerdictKeys keys = keys_of(*reader_, std::get<VerdictFields>(statement.fields));
  const auto added = verdict_.bind(1, leaf).bind(2, std::uint64_t{keys.whole ? 1U : 0U}).run();
  if (!added) return added.error();
  for (const auto& [names, relation] : {std::pair(&keys.held, KeyRelation::held),
                                        {&keys.seen, KeyRelation::seen},
                                        {&keys.sought, KeyRelation::sought}})
    for (const std::string& name : *names)
      if (const auto row = add_key(name, leaf, static_cast<int>(relation)); !row) return row.error();
  return {};
}

Result<void> IndexWriter::add_key(const std::string& name, std::uint64_t leaf, int relation) {
  if (!is_sha256_hex(name)) return {};
  return key_.bind(1, digest_bytes(name)).bind(2, leaf).bind(3, static_cast<std::uint64_t>(relation)).run();
}

Result<void> IndexWriter::note(std::string_view name, std::string_view value) {
  return meta_.bind(1, name).bind(2, value).run();
}

}  // namespace dumpgate
