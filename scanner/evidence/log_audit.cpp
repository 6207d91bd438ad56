#include "scanner/evidence/log_audit.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/log_leftovers.h"
#include "scanner/evidence/statement.h"
#include "scanner/evidence/statement_form.h"

namespace dumpgate {
namespace {

// What a leaf says about artifacts, by digest.
struct NamedArtifacts {
  std::vector<std::string> named{};    // predicate.artifacts[].digest.sha256
  std::vector<std::string> removed{};  // predicate.removed[] of a control leaf with that event
};

bool take_digest(const nlohmann::json& value, std::vector<std::string>& digests) {
  const auto* const text = value.get_ptr<const std::string*>();
  if (text == nullptr || !is_sha256_hex(*text)) return false;
  digests.push_back(*text);
  return true;
}

bool says_removed(const nlohmann::json& statement) {
  static const nlohmann::json::json_pointer event("/predicate/event");
  return statement.value("predicateType", nlohmann::json()) == control_predicate &&
         statement.contains(event) && statement.at(event) == artifacts_removed_event;
}

// Nothing when one of them is not a SHA-256.
std::optional<NamedArtifacts> artifacts_in(std::string_view statement) {
  static const nlohmann::json::json_pointer named("/predicate/artifacts");
  static const nlohmann::json::json_pointer digest("/digest/sha256");
  static const nlohmann::json::json_pointer removed("/predicate/removed");
  const auto json = nlohmann::json::parse(statement, nullptr, false);
  NamedArtifacts found;
  if (!json.is_object()) return found;
  if (json.contains(named))
    for (const auto& artifact : json.at(named))
      if (!artifact.is_object() || !artifact.contains(digest) ||
          !take_digest(artifact.at(digest), found.named))
        return std::nullopt;
  if (says_removed(json) && json.contains(removed))
    for (const auto& artifact : json.at(removed))
      if (!take_digest(artifact, found.removed)) return std::nullopt;
  return found;
}

class Auditor {
 public:
  explicit Auditor(const LogReader& reader) : reader_(reader), own_{reader.verifier().key} {}

  // The statement of an entry, when everything about it holds.
  Result<std::string> check(std::uint64_t index, std::string_view entry) {
    const std::string name = "entry " + std::to_string(index);
    auto envelope = open_envelope(entry, own_);
    if (!envelope) return corrupt(name + ": " + envelope.error().message);
    if (const auto formed = check_statement(envelope->payload); !formed)
      return corrupt(name + ": " + formed.error().message);
    const auto artifacts = artifacts_in(envelope->payload);
    if (!artifacts) return corrupt(name + " names an artifact without a digest");
    for (const std::string& sha256 : artifacts->named)
      if (const auto looked = look_for(index, sha256); !looked) return looked.error();
    // Only what was named before: what is stored and named anew later must be there again.
    for (const std::string& sha256 : artifacts->removed) removed_ += missing_.erase(sha256);
    return std::move(envelope->payload);
  }

  // What is missing and was not said to be removed.
  Result<void> all_there() const {
    if (missing_.empty()) return {};
    const auto& [sha256, entry] = *std::ranges::min_element(
        missing_, {}, [](const auto& missing) { return std::pair(missing.second, missing.first); });
    return corrupt("entry " + std::to_string(entry) +
                   " names an artifact that is not in the store: " + sha256);
  }

  std::uint64_t artifacts() const { return artifacts_; }
  std::uint64_t removed() const { return removed_; }

 private:
  Result<void> look_for(std::uint64_t index, const std::string& sha256) {
    if (!present_.contains(sha256)) {
      const auto artifact = reader_.artifact(sha256);
      if (!artifact) return artifact.error();
      if (!*artifact) {
        missing_[sha256] = index;
        return {};
      }
      present_.insert(sha256);
    }
    ++artifacts_;
    return {};
  }

  const LogReader& reader_;
  std::array<Ed25519PublicKey, 1> own_;
  std::set<std::string> present_{};
  std::map<std::string, std::uint64_t> missing_{};  // and the last entry that names it
  std::uint64_t artifacts_ = 0;
  std::uint64_t removed_ = 0;
};

}  // namespace

Result<LogAudit> audit_log(const LogReader& reader,
                           const std::function<Result<void>(std::uint64_t, std::string_view)>& visit) {
  Auditor auditor(reader);
  const auto verified = reader.verify_all([&](std::uint64_t index, std::string_view entry) -> Result<void> {
    const auto statement = auditor.check(index, entry);
    if (!statement) return statement.error();
    if (visit) return visit(index, *statement);
    return {};
  });
  if (!verified) return verified.error();
  if (const auto all = auditor.all_there(); !all) return all.error();
  if (const auto rest = check_leftovers(reader); !rest) return rest.error();
  return LogAudit{
      .leaves = reader.checkpoint().size, .artifacts = auditor.artifacts(), .removed = auditor.removed()};
}

}  // namespace dumpgate
