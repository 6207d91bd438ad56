#include "scanner/evidence/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace dumpgate {
namespace {

Error failure(sqlite3* database) {
  return {ErrorCode::io, std::string("the index: ") + sqlite3_errmsg(database), std::nullopt};
}

}  // namespace

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_) {}

Query& Query::operator=(Query&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  std::swap(bound_, other.bound_);
  return *this;
}

Query::~Query() { (void)sqlite3_finalize(statement_); }

Query& Query::bind(int parameter, std::uint64_t value) {
  bound_ =
      bound_ && sqlite3_bind_int64(statement_, parameter, static_cast<sqlite3_int64>(value)) == SQLITE_OK;
  return *this;
}

Query& Query::bind(int parameter, std::string_view text) {
  bound_ = bound_ && sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_TRANSIENT,
                                         SQLITE_UTF8) == SQLITE_OK;
  return *this;
}

Query& Query::bind(int parameter, std::span<const std::byte> bytes) {
  bound_ = bound_ && sqlite3_bind_blob64(statement_, parameter, bytes.data(), bytes.size(),
                                         SQLITE_TRANSIENT) == SQLITE_OK;
  return *this;
}

Result<bool> Query::step() {
  if (!std::exchange(bound_, true)) return failure(database_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(database_);
}

Result<void> Query::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return stepped.error();
  return {};
}

void Query::reset() { (void)sqlite3_reset(statement_); }

std::uint64_t Query::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

std::string Query::text(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), size};
}

int Query::columns() const { return sqlite3_column_count(statement_); }

Result<Database> Database::open(const std::string& path, bool create) {
  sqlite3* database = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | (create ? SQLITE_OPEN_CREATE : 0);
  if (sqlite3_open_v2(path.c_str(), &database, flags, nullptr) != SQLITE_OK) {
    const Error error = failure(database);
    (void)sqlite3_close(database);
    return error;
  }
  Database opened(database);
  // A file that somebody else wrote must not run anything.
  (void)sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  (void)sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return opened;
}

Database::Database(Database&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(database_, other.database_);
  return *this;
}

Database::~Database() { (void)sqlite3_close_v2(database_); }

Result<void> Database::run(const char* statements) {
  if (sqlite3_exec(database_, statements, nullptr, nullptr, nullptr) != SQLITE_OK) return failure(database_);
  return {};
}

Result<Query> Database::prepare(const char* statement) const {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database_, statement, -1, &prepared, nullptr) != SQLITE_OK)
    return failure(database_);
  return Query(database_, prepared);
}

Result<void> Database::close() {
  if (sqlite3_close(database_) != SQLITE_OK) return failure(database_);
  database_ = nullptr;
  return {};
}

}  // namespace dumpgate
