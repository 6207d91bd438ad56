// RetroHunt: which of the dumps that a log knows held a secret, and what became of them. The one rule: a dump
// is passed over in silence by nobody: without a filter, with a partial one or one of another key, the answer
// is "undecidable" and says why.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/retro_query.h"

namespace dumpgate {

struct RetroDump {
  std::uint64_t index = 0;  // of the verdict's leaf
  std::string scan_id{};
  std::string name{};      // of the dump, as the leaf has it
  std::string sha256{};    // "" when the dump was never read to its end
  std::string decision{};  // "release", "block", "hold"
  std::string fate{};      // "released", "release intended", "release aborted", or as in dump_fate.h
  std::string finished{};  // when it was examined, as the leaf has it
  RetroAnswer answer{};
};

class RetroHunt {
 public:
  // The content of an artifact; nothing when the store does not have it.
  using ArtifactReader =
      std::function<Result<std::optional<std::vector<std::byte>>>(const std::string& sha256)>;

  // Takes the statement of one leaf; leaves are shown in order. Statements of other kinds are passed over.
  // ErrorCode::corrupt when it is no statement.
  Result<void> see(std::uint64_t index, std::string_view statement);

  // Asks the filter of every verdict that was seen, in order. Reads one filter at a time.
  std::vector<RetroDump> ask(const RetroQuery& query, const ArtifactReader& read) const;

 private:
  struct Examined {
    RetroDump dump{};
    std::string filter_sha256{};  // "" when the leaf names none
    std::optional<std::uint64_t> bytes_examined{};
    std::string channel{};
    bool complete = false;  // examined whole
  };
  static RetroAnswer answer_for(const Examined& examined, const RetroQuery& query,
                                const ArtifactReader& read);

  std::vector<Examined> verdicts_{};
  std::map<std::string, std::string> fates_{};  // by scan id
};

}  // namespace dumpgate
