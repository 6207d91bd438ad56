// What a log knows of one key: every dump that held it or saw its public half, what became of each, and how
// thorough each examination was. The one rule: an answer comes from leaves that were read from the log; the
// index only says which, and "no" is given together with the dumps of which nobody can say.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/evidence/index.h"

namespace dumpgate {

struct StatedRelease {
  std::uint64_t leaf = 0;
  ReleaseFields release{};
};

// A dump in one examination of it.
struct DumpHistory {
  std::uint64_t leaf = 0;  // of the verdict
  KeyRelation relation = KeyRelation::seen;
  std::string name{};
  std::string sha256{};  // "" when it was never read to its end
  VerdictFields verdict{};
  std::optional<StatedKey> key{};         // what was found of it, as far as the statement says
  std::vector<StatedRelease> releases{};  // of this dump, by whichever examination
};

struct KeyHistory {
  std::string key{};
  std::vector<DumpHistory> dumps{};
  std::uint64_t verdicts = 0;
  // Verdicts of the log that do not name the key and do not exclude it: not examined whole, or a list of keys
  // cannot be read.
  std::vector<DumpHistory> unanswerable{};
};

// ErrorCode::corrupt: the index names a leaf that does not bear it out.
Result<KeyHistory> key_history(const LogReader& reader, const LogIndex& index, const std::string& sha256);

// "released", "release began", "release aborted", or as evidence/dump_fate.h has it.
std::string_view fate_of(const DumpHistory& dump);

// As text for a person, and as one JSON object (docs/evidence.md).
std::string history_text(const KeyHistory& history, const std::string& key_name, const Checkpoint& log);
std::string history_json(const KeyHistory& history, const std::string& key_name, const Checkpoint& log);

}  // namespace dumpgate
