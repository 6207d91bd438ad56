// In-toto Statements v1 (in-toto/attestation) that the log's leaves carry, one builder for each predicate
// type. The one rule: a statement says what was done and with what, in fields that docs/evidence.md lists; it
// holds no byte of a dump and no path but names that were given to us, made printable.
//
// Predicate types: urn:x-dumpgate:dump-verdict:v1, urn:x-dumpgate:dump-release:v1, urn:x-dumpgate:control:v1,
// urn:x-dumpgate:waiver:v1 (evidence/waiver.h).

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/verdict/scan_record.h"
#include "scanner/verdict/verdict.h"

namespace dumpgate {

inline constexpr std::string_view verdict_predicate = "urn:x-dumpgate:dump-verdict:v1";
inline constexpr std::string_view release_predicate = "urn:x-dumpgate:dump-release:v1";
inline constexpr std::string_view control_predicate = "urn:x-dumpgate:control:v1";
// The event of a control leaf whose predicate.removed[] names artifacts that are no longer kept. People
// append it (docs/evidence.md, Retention).
inline constexpr std::string_view artifacts_removed_event = "artifacts-removed";

// A file of the store that a leaf names.
struct ArtifactReference {
  std::string name{};  // "report", "retro-filter", "public-keys"
  std::string sha256{};
  std::string media_type{};
};

// Where a dump came from, as far as the way in knows.
struct DumpSource {
  std::string channel{};    // "spool", "check", "clamd", "ssh", "core-pattern", "coredump-socket"
  std::string name{};       // as the sender called it
  std::string requester{};  // "uid 1000", "ssh key SHA256:...", an address; "" unknown
  std::map<std::string, std::string> producer{};  // host, exe, pid, signal: what a core handler was told
};

struct GateIdentity {
  std::string id{};  // the log's origin
  std::string host{};
  std::string version{};         // of the program
  std::string program_sha256{};  // of the running binary
};

struct VerdictFacts {
  std::string scan_id{};  // 26 characters, ULID: sorts by time, unique
  GateIdentity gate{};
  DumpSource source{};
  std::string received{}, started{}, finished{};  // RFC 3339, UTC
  std::map<std::string, std::string> limits{};    // in force: "max-memory", "timeout", ...
  std::vector<std::string> sandbox{};             // mechanisms that confined the examination; empty: none
  std::vector<std::string> problems{};  // why the examination itself failed: "worker killed by signal 9"
  std::vector<ArtifactReference> artifacts{};
};
// `dump_sha256` is the digest of the bytes that were examined; when it is empty (never read to the end) the
// subject is named by the scan id alone. Findings beyond 200 are cut, with their number kept and the report
// naming all.
std::string verdict_statement(const VerdictFacts& facts, const ScanRecord& record, const Verdict& verdict);

enum class ReleaseStage : std::uint8_t { intent, complete, aborted };
struct ReleaseFacts {
  ReleaseStage stage = ReleaseStage::intent;
  std::string scan_id{};
  GateIdentity gate{};
  std::string dump_sha256{};
  std::uint64_t size = 0;
  std::string name{};
  std::string destination{};                    // "directory <name>", "clamd client uid 13", ...
  std::string time{};                           // RFC 3339, UTC
  std::uint64_t verdict_index = 0;              // the leaf that allowed it
  std::string verdict_leaf_sha256{};            // lower-case hex of its leaf hash
  std::optional<std::uint64_t> intent_index{};  // for complete and aborted
  std::optional<std::uint64_t> waiver_index{};  // when a waiver allowed it
  std::string reason{};                         // for aborted
};
std::string release_statement(const ReleaseFacts& facts);

struct ControlFacts {
  std::string event{};  // start, stop, heartbeat, self-test, policy-change, signatures-change, recovery
  GateIdentity gate{};
  std::string time{};
  std::map<std::string, std::string>
      details{};  // "policy_sha256", "signatures_sha256", "self_test": "passed", ...
};
std::string control_statement(const ControlFacts& facts);

std::string new_scan_id();  // ULID of now and of random bytes
[[nodiscard]] bool is_scan_id(std::string_view text);
std::string utc_now();  // RFC 3339 with milliseconds, "Z"

}  // namespace dumpgate
