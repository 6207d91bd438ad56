#include "scanner/evidence/log_audit.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/log_leftovers.h"
#include "scanner/evidence/statement_form.h"

namespace dumpgate {
namespace {

Error corrupt(std::string message) { return {ErrorCode::corrupt, std::move(message), std::nullopt}; }

Error absent_from_store(const std::string& entry, const std::string& sha256) {
  return corrupt(entry + " names an artifact that is not in the store: " + sha256);
}

// The digests of predicate.artifacts[] of a statement; nothing when one of them is not a SHA-256.
std::optional<std::vector<std::string>> artifact_digests(std::string_view statement) {
  static const nlohmann::json::json_pointer where("/predicate/artifacts");
  const auto json = nlohmann::json::parse(statement, nullptr, false);
  std::vector<std::string> digests;
  if (!json.is_object() || !json.contains(where)) return digests;
  static const nlohmann::json::json_pointer digest("/digest/sha256");
  for (const auto& artifact : json.at(where)) {
    if (!artifact.is_object() || !artifact.contains(digest)) return std::nullopt;
    const auto* const text = artifact.at(digest).get_ptr<const std::string*>();
    if (text == nullptr || !is_sha256_hex(*text)) return std::nullopt;
    digests.push_back(*text);
  }
  return digests;
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
    const auto digests = artifact_digests(envelope->payload);
    if (!digests) return corrupt(name + " names an artifact without a digest");
    for (const std::string& sha256 : *digests) {
      ++artifacts_;
      if (!checked_.insert(sha256).second) continue;
      const auto artifact = reader_.artifact(sha256);
      if (!artifact) return artifact.error();
      if (!*artifact) return absent_from_store(name, sha256);
    }
    return std::move(envelope->payload);
  }

  std::uint64_t artifacts() const { return artifacts_; }

 private:
  const LogReader& reader_;
  std::array<Ed25519PublicKey, 1> own_;
  std::set<std::string> checked_{};
  std::uint64_t artifacts_ = 0;
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
  if (const auto rest = check_leftovers(reader); !rest) return rest.error();
  return LogAudit{.leaves = reader.checkpoint().size, .artifacts = auditor.artifacts()};
}

}  // namespace dumpgate
