// What the index keeps of each leaf, and the tables it keeps it in. The one rule: a row is made from a leaf
// and the artifacts that it names, and from nothing else, so that everybody makes the same rows.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/evidence/log_reader.h"
#include "scanner/evidence/sqlite.h"
#include "scanner/evidence/statement_reader.h"

namespace dumpgate {

extern const char* const index_schema;

// The names of keys that a verdict brings: out of its statement, and out of its artifacts where the statement
// was cut or does not hold them.
struct VerdictKeys {
  std::vector<std::string> held{};    // the private half, or part of it, was found; names of secrets too
  std::vector<std::string> seen{};    // public halves
  std::vector<std::string> sought{};  // looked for and not found
  bool whole = true;                  // the dump was examined whole, and nothing of these lists is missing
};
VerdictKeys keys_of(const LogReader& reader, const VerdictFields& verdict);

class IndexWriter {
 public:
  // `database` has the schema; both outlive the writer.
  static Result<IndexWriter> create(Database& database, const LogReader& reader);

  // Adds the leaves from `begin` on to the end of the reader's tree, and notes that tree. One transaction.
  Result<void> add_from(std::uint64_t begin);

 private:
  IndexWriter(Database& database, const LogReader& reader, Query verdict, Query key, Query release,
              Query meta)
      : database_(&database),
        reader_(&reader),
        verdict_(std::move(verdict)),
        key_(std::move(key)),
        release_(std::move(release)),
        meta_(std::move(meta)) {}

  Result<void> add(std::uint64_t leaf, std::string_view entry);
  Result<void> add_verdict(std::uint64_t leaf, const Statement& statement);
  Result<void> add_key(const std::string& name, std::uint64_t leaf, int relation);
  Result<void> note(std::string_view name, std::string_view value);

  Database* database_;
  const LogReader* reader_;
  Query verdict_;
  Query key_;
  Query release_;
  Query meta_;
};

}  // namespace dumpgate
