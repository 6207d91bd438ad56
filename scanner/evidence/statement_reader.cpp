#include "scanner/evidence/statement_reader.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/evidence/statement_form.h"
#include "scanner/evidence/waiver.h"

namespace dumpgate {
namespace {

using nlohmann::json;

// Thrown and caught in this file alone.
struct Missing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const json* find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() ? nullptr : &*at;
}

// A member of another type than is asked for is as bad as none.
const json& member(const json& object, const char* name) {
  const json* const found = find(object, name);
  if (found == nullptr) throw Missing(name);
  return *found;
}

std::string text(const json& object, const char* name) {
  const auto* const value = member(object, name).get_ptr<const std::string*>();
  if (value == nullptr) throw Missing(name);
  return *value;
}

std::string text_or_none(const json& object, const char* name) {
  return find(object, name) == nullptr ? std::string() : text(object, name);
}

std::uint64_t number(const json& object, const char* name) {
  const json& value = member(object, name);
  if (!value.is_number_unsigned()) throw Missing(name);
  return value.get<std::uint64_t>();
}

std::optional<std::uint64_t> number_or_none(const json& object, const char* name) {
  if (find(object, name) == nullptr) return std::nullopt;
  return number(object, name);
}

bool boolean(const json& object, const char* name) {
  const json& value = member(object, name);
  if (!value.is_boolean()) throw Missing(name);
  return value.get<bool>();
}

const json& array(const json& object, const char* name) {
  const json& value = member(object, name);
  if (!value.is_array()) throw Missing(name);
  return value;
}

std::vector<std::string> texts(const json& object, const char* name) {
  std::vector<std::string> all;
  for (const json& entry : array(object, name)) {
    const auto* const value = entry.get_ptr<const std::string*>();
    if (value == nullptr) throw Missing(name);
    all.push_back(*value);
  }
  return all;
}

std::string digest(const json& object, const char* name) {
  std::string value = text(object, name);
  if (!is_sha256_hex(value)) throw Missing(name);
  return value;
}

StatedKey stated_key(const json& entry) {
  StatedKey key;
  if (find(entry, "publicKeySha256") != nullptr) key.public_key_sha256 = digest(entry, "publicKeySha256");
  key.secret_id = text_or_none(entry, "secretId");
  key.kind = text(entry, "kind");
  key.use = text(entry, "use");
  key.algorithm = text_or_none(entry, "algorithm");
  key.evidence = text(entry, "evidence");
  key.relation = text_or_none(entry, "relation");
  key.bits = number_or_none(entry, "bits").value_or(0);
  key.blocks = boolean(entry, "blocks");
  return key;
}

void read_findings(const json& predicate, VerdictFields& verdict) {
  const json& findings = member(predicate, "findings");
  verdict.key_count = number(findings, "keyCount");
  for (const json& entry : array(findings, "keys")) verdict.keys.push_back(stated_key(entry));
  verdict.public_keys_seen = number(predicate, "publicKeysSeen");
  verdict.protected_count = number(predicate, "protectedCount");
  for (const json& entry : array(predicate, "protected"))
    verdict.protected_keys.push_back({digest(entry, "publicKeySha256"), boolean(entry, "found")});
  for (const json& entry : array(predicate, "artifacts"))
    verdict.artifacts.push_back(
        {text(entry, "name"), digest(member(entry, "digest"), "sha256"), text_or_none(entry, "mediaType")});
}

VerdictFields read_verdict(const json& predicate) {
  VerdictFields verdict;
  verdict.scan_id = text(predicate, "scanId");
  verdict.channel = text_or_none(member(predicate, "source"), "channel");
  const json& times = member(predicate, "times");
  verdict.received = text_or_none(times, "received");
  verdict.finished = text_or_none(times, "finished");
  const json& detectors = member(predicate, "detectors");
  verdict.version = text_or_none(detectors, "version");
  verdict.signatures_sha256 = text_or_none(detectors, "signaturesSha256");
  verdict.policy_sha256 = text_or_none(member(predicate, "policy"), "sha256");
  verdict.result = text(predicate, "result");
  verdict.reasons = texts(predicate, "reasons");
  verdict.problems = texts(predicate, "problems");
  const json& coverage = member(predicate, "coverage");
  verdict.size = number_or_none(coverage, "size");
  verdict.bytes_examined = number(coverage, "bytesExamined");
  verdict.complete = boolean(coverage, "complete");
  verdict.gap_count = number(coverage, "gapCount");
  read_findings(predicate, verdict);
  return verdict;
}

ReleaseFields read_release(const json& predicate) {
  ReleaseFields release;
  release.stage = text(predicate, "stage");
  if (release.stage != "intent" && release.stage != "complete" && release.stage != "aborted")
    throw Missing("stage");
  release.scan_id = text(predicate, "scanId");
  release.destination = text_or_none(predicate, "destination");
  release.time = text(predicate, "time");
  release.reason = text_or_none(predicate, "reason");
  release.size = number(predicate, "size");
  const json& verdict = member(predicate, "verdict");
  release.verdict_index = number(verdict, "index");
  release.verdict_leaf_sha256 = digest(verdict, "leafSha256");
  release.intent_index = number_or_none(predicate, "intentIndex");
  release.waiver_index = number_or_none(predicate, "waiverIndex");
  return release;
}

WaiverFields waiver_fields(const json& predicate) {
  return {text(predicate, "reason"), text(predicate, "expires"), number(predicate, "approvers")};
}

ControlFields read_control(const json& predicate) {
  return {text(predicate, "event"), text(predicate, "time")};
}

Statement read_members(const json& root) {
  Statement statement;
  statement.predicate_type = text(root, "predicateType");
  const json& subject = array(root, "subject").at(0);
  statement.subject_name = text_or_none(subject, "name");
  const json* const digests = find(subject, "digest");
  if (digests != nullptr && find(*digests, "sha256") != nullptr)
    statement.subject_sha256 = text(*digests, "sha256");
  const std::string& type = statement.predicate_type;
  if (type == verdict_predicate)
    statement.fields = read_verdict(member(root, "predicate"));
  else if (type == release_predicate)
    statement.fields = read_release(member(root, "predicate"));
  else if (type == waiver_predicate)
    statement.fields = waiver_fields(member(root, "predicate"));
  else if (type == control_predicate)
    statement.fields = read_control(member(root, "predicate"));
  else
    return statement;
  if (!statement.subject_sha256.empty() && !is_sha256_hex(statement.subject_sha256)) throw Missing("sha256");
  return statement;
}

}  // namespace

Result<Statement> read_statement(std::string_view payload) {
  if (const auto formed = check_statement(payload); !formed)
    return Error{ErrorCode::corrupt, formed.error().message, std::nullopt};
  try {
    return read_members(json::parse(payload));
  } catch (const Missing& name) {
    return Error{ErrorCode::corrupt, std::string("a statement lacks its member ") + name.what(),
                 std::nullopt};
  } catch (const json::exception&) {
    return Error{ErrorCode::corrupt, "a statement cannot be read", std::nullopt};
  }
}

}  // namespace dumpgate
