// Reads the statements that evidence/statement.h writes. The one rule: a payload is read only after its
// signature was verified (evidence/dsse.h), and a statement that lacks what its reader relies on is an Error,
// never a statement with less in it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/statement.h"

namespace dumpgate {

// A key that an examination found the private part of, or part of it.
struct StatedKey {
  std::string public_key_sha256{};  // "" unknown
  std::string secret_id{};          // "" none
  std::string kind{}, use{}, algorithm{}, evidence{}, relation{};
  std::uint64_t bits = 0;
  bool blocks = true;
};

struct StatedProtectedKey {
  std::string public_key_sha256{};
  bool found = false;
};

struct VerdictFields {
  std::string scan_id{};
  std::string channel{};
  std::string received{}, finished{};
  std::string version{}, signatures_sha256{}, policy_sha256{};
  std::string result{};  // "release", "block", "hold"
  std::vector<std::string> reasons{};
  std::vector<std::string> problems{};
  std::optional<std::uint64_t> size{};
  std::uint64_t bytes_examined = 0;
  bool complete = false;
  std::uint64_t gap_count = 0;
  std::uint64_t key_count = 0;  // more than `keys` when the statement was cut
  std::vector<StatedKey> keys{};
  std::uint64_t public_keys_seen = 0;
  std::uint64_t protected_count = 0;  // as key_count
  std::vector<StatedProtectedKey> protected_keys{};
  std::vector<ArtifactReference> artifacts{};
};

struct ReleaseFields {
  std::string stage{};  // "intent", "complete", "aborted"
  std::string scan_id{};
  std::string destination{};
  std::string time{};
  std::string reason{};
  std::uint64_t size = 0;
  std::uint64_t verdict_index = 0;
  std::string verdict_leaf_sha256{};
  std::optional<std::uint64_t> intent_index{};
  std::optional<std::uint64_t> waiver_index{};
};

struct WaiverFields {
  std::string reason{};
  std::string expires{};        // "2026-12-31"
  std::uint64_t approvers = 0;  // how many different people must have signed
};

struct ControlFields {
  std::string event{};
  std::string time{};
};

struct Statement {
  std::string predicate_type{};
  std::string subject_name{};
  std::string subject_sha256{};  // "" when the subject has no digest
  // monostate: a predicate type that is not ours.
  std::variant<std::monostate, VerdictFields, ReleaseFields, WaiverFields, ControlFields> fields{};
};

// ErrorCode::corrupt for what is no statement, or one of ours without a member that is always there. Members
// that are not known are passed over (in-toto demands it).
Result<Statement> read_statement(std::string_view payload);

}  // namespace dumpgate
