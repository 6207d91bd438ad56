// Policy: what may not leave. The one rule: a policy comes from the operator alone, never from anything
// inside a dump, and a policy that cannot be read in full is an Error, never a weaker policy.

#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/detect/candidate.h"
#include "scanner/detect/signature.h"

namespace dumpgate {

using Date = std::chrono::year_month_day;

Date utc_today();  // by the system's clock

std::string iso_date(Date date);  // "2027-02-22"; "invalid date" when !date.ok()

// Suppression: a key that a person decided to let through, by the name of its public half, for a time.
struct Suppression {
  std::string public_key_sha256{};            // 64 lower-case hexadecimal digits
  std::string reason{};                       // never empty; shown in every report
  Date expires{};                             // the last day on which it is honoured
  std::optional<std::string> input_sha256{};  // honoured for this dump alone

  friend bool operator==(const Suppression&, const Suppression&) = default;
};

struct Policy {
  Evidence block_at = Evidence::marker;  // the least evidence that blocks
  bool strict = false;                   // hints block too, whatever block_at says
  bool known_test_keys = true;           // published test keys do not block
  std::set<KeyKind> report_only_kinds{};
  std::set<KeyUse> report_only_uses{KeyUse::agreement, KeyUse::symmetric};
  std::vector<Suppression> suppressions{};

  Evidence threshold() const { return strict ? Evidence::hint : block_at; }

  // The canonical text: every setting written out, in a fixed order. It is itself a policy that parses to an
  // equal one, so that a digest in an old report can be matched with a file.
  std::string text() const;

  // Lower-case hex SHA-256 of text(): names the policy in force. A policy that says the same has the same
  // name, however it was written.
  std::string sha256() const;

  friend bool operator==(const Policy&, const Policy&) = default;
};

// parse_policy reads a policy file (TOML). Keys, all optional:
//   block_at = "hint" | "marker" | "structure" | "proof"
//   strict = true | false
//   known_test_keys = true | false
//   [kinds]  <kind> = "block" | "report"       kinds and uses are the words of report.schema.json
//   [uses]   <use> = "block" | "report"
//   [[suppress]]  public_key_sha256, reason, expires = 2027-02-22 (a TOML date), optional input_sha256
// An unknown or repeated key, a wrong type or value, a date that does not exist, an empty reason and a
// repeated suppression are Errors (ErrorCode::usage) that name file and line. `file` is only for messages.
Result<Policy> parse_policy(std::string_view text, std::string_view file);

// read_policy reads and parses a file of at most 1 MiB. A file that cannot be read is an Error
// (ErrorCode::usage).
Result<Policy> read_policy(const std::string& path);

}  // namespace dumpgate
