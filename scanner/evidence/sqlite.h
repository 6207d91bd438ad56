// Database and Query: a SQLite database as far as the index uses one. The one rule: every result of the
// library is looked at; values go in as parameters, never into the text of a statement. One thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dumpgate {

// A prepared statement. Bind, step until false, reset. Numbers of parameters begin with 1, of columns with 0.
class Query {
 public:
  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;
  ~Query();

  Query& bind(int parameter, std::uint64_t value);
  Query& bind(int parameter, std::string_view text);
  Query& bind(int parameter, std::span<const std::byte> bytes);
  // Whether there is a row. A failure to bind is told here.
  Result<bool> step();
  // Steps once and is ready to be bound again.
  Result<void> run();
  void reset();

  std::uint64_t number(int column) const;
  std::string text(int column) const;  // text, or the bytes of a blob
  int columns() const;

 private:
  friend class Database;
  Query(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  bool bound_ = true;
};

class Database {
 public:
  // ":memory:" is one of its own. Files are made 0600 as the umask allows. ErrorCode::io says why not.
  static Result<Database> open(const std::string& path, bool create);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Result<void> run(const char* statements);
  Result<Query> prepare(const char* statement) const;
  // Closes; ErrorCode::io when something could not be written.
  Result<void> close();

 private:
  explicit Database(sqlite3* database) : database_(database) {}
  sqlite3* database_ = nullptr;
};

}  // namespace dumpgate
