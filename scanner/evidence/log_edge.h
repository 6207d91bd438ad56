// LogEdge: the right edge of a log's tree, which is all that an append needs: the partial tile of each level
// and the partial bundle. The one rule: it exists only when it hashed to the root of a signed checkpoint.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"
#include "scanner/evidence/signed_note.h"

namespace dumpgate {

class LogEdge {
 public:
  // ErrorCode::corrupt when files and checkpoint do not fit together.
  static Result<LogEdge> read(const std::string& directory, const Checkpoint& checkpoint);

  struct File {
    std::string path{};  // below the log's directory
    std::string bytes{};
  };
  // Adds one entry. Gives the files that are new, in the order in which they should be written.
  std::vector<File> add(std::string_view entry);

  std::uint64_t size() const { return size_; }
  Result<TreeHash> root() const;

 private:
  Result<TreeHash> hash(unsigned level, std::uint64_t index) const;

  std::uint64_t size_ = 0;
  std::vector<std::vector<TreeHash>> tiles_{};  // of each level, 0 to 255 hashes
  std::string bundle_{};
};

}  // namespace dumpgate
