#include "scanner/evidence/index.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "scanner/base/base64.h"
#include "scanner/base/hex.h"
#include "scanner/base/system_error.h"
#include "scanner/evidence/index_rows.h"
#include "scanner/evidence/sqlite.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::string_view index_file = "index.sqlite";

std::string index_path(const LogReader& reader) { return reader.directory() + "/" + std::string(index_file); }

// The tree that a database says it was made from; nothing when it does not say so.
std::optional<Checkpoint> tree_of(const Database& database) {
  Checkpoint tree;
  auto query = database.prepare("SELECT value FROM meta WHERE name=?");
  if (!query) return std::nullopt;
  const auto value = [&](std::string_view name) -> std::string {
    query->reset();
    const auto row = query->bind(1, name).step();
    return row && *row ? query->text(0) : std::string();
  };
  if (value("form") != "1") return std::nullopt;
  tree.origin = value("origin");
  const std::string size = value("size");
  const auto root = from_base64(value("root"));
  if (!root || root->size() != tree.root.size() || size.empty() || size.size() > 18 ||
      size.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  tree.size = std::stoull(size);
  std::ranges::copy(*root, tree.root.begin());
  return tree;
}

bool same_tree(const Checkpoint& a, const Checkpoint& b) {
  return a.origin == b.origin && a.size == b.size && a.root == b.root;
}

bool is_beginning(const Checkpoint& older, const LogReader& reader) {
  if (older.origin != reader.checkpoint().origin || older.size >= reader.checkpoint().size) return false;
  const auto root = reader.root_of(older.size);
  return root && *root == older.root;
}

Result<Database> filled(const std::string& path, const LogReader& reader) {
  auto database = Database::open(path, true);
  if (!database) return database;
  // It is a cache: what a crash leaves of it is not used.
  if (const auto made = database->run("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF"); !made)
    return made.error();
  if (const auto made = database->run(index_schema); !made) return made.error();
  auto writer = IndexWriter::create(*database, reader);
  if (!writer) return writer.error();
  if (const auto added = writer->add_from(0); !added) return added.error();
  return database;
}

Result<Database> make_anew(const LogReader& reader, const std::string& path) {
  const std::string hidden =
      directory_of(path) + "/." + path.substr(path.rfind('/') + 1) + "." + std::to_string(::getpid());
  (void)::unlink(hidden.c_str());
  auto database = filled(hidden, reader);
  if (database && ::rename(hidden.c_str(), path.c_str()) == 0) return database;
  const int number = errno;
  (void)::unlink(hidden.c_str());
  if (!database && database.error().code != ErrorCode::io) return database;
  // The log's own is a convenience; one that somebody asked for is kept, or it is said that it is not.
  if (path == index_path(reader)) return filled(":memory:", reader);
  if (!database) return database;
  return io_error(path, number);
}

// The database of the file, when it can be used for this tree.
std::optional<Database> use_file(const LogReader& reader, const std::string& path) {
  if (!path_exists(path)) return std::nullopt;
  auto database = Database::open(path, false);
  if (!database) return std::nullopt;
  const auto tree = tree_of(*database);
  if (!tree) return std::nullopt;
  if (same_tree(*tree, reader.checkpoint())) return std::move(*database);
  if (!is_beginning(*tree, reader)) return std::nullopt;
  auto writer = IndexWriter::create(*database, reader);
  if (!writer || !writer->add_from(tree->size)) return std::nullopt;
  return std::move(*database);
}

// Whether the log goes on from the tree that an index of one's own was made from. One that cannot be read
// says nothing, and is made anew.
Result<void> goes_on_from(const std::string& path, const LogReader& reader) {
  if (!path_exists(path)) return {};
  const auto database = Database::open(path, false);
  const auto seen = database ? tree_of(*database) : std::nullopt;
  if (!seen) return {};
  const Checkpoint& now = reader.checkpoint();
  if (seen->origin != now.origin)
    return Error{ErrorCode::usage, path + " is the index of another log, " + seen->origin, std::nullopt};
  if (seen->size > now.size)
    return Error{ErrorCode::corrupt,
                 "the log was rolled back: it has " + std::to_string(now.size) + " entries and had " +
                     std::to_string(seen->size) + " when " + path + " was made",
                 std::nullopt};
  const auto root = reader.root_of(seen->size);
  if (!root) return root.error();
  if (*root == seen->root) return {};
  return Error{ErrorCode::corrupt,
               "the log was rewritten: its first " + std::to_string(seen->size) +
                   " entries are not those that " + path + " was made from",
               std::nullopt};
}

Result<std::string> content_of(const Database& database) {
  Sha256 hash;
  const auto part = [&hash](std::string_view text) {
    const std::string length = std::to_string(text.size()) + ":";
    hash.update(std::as_bytes(std::span(length)));
    hash.update(std::as_bytes(std::span(text)));
  };
  for (const char* const select :
       {"SELECT * FROM meta ORDER BY name", "SELECT * FROM verdict ORDER BY leaf",
        "SELECT * FROM key ORDER BY name, leaf, relation", "SELECT * FROM release ORDER BY leaf"}) {
    part(select);
    auto query = database.prepare(select);
    if (!query) return query.error();
    for (;;) {
      const auto row = query->step();
      if (!row) return row.error();
      if (!*row) break;
      for (int column = 0; column < query->columns(); ++column) part(query->text(column));
    }
  }
  return to_hex(hash.finish());
}

Result<std::vector<std::uint64_t>> numbers(Query& query) {
  std::vector<std::uint64_t> found;
  for (;;) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return found;
    found.push_back(query.number(0));
  }
}

}  // namespace

struct LogIndex::State {
  Database database;
  bool made_anew = false;
};

LogIndex::LogIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogIndex::LogIndex(LogIndex&&) noexcept = default;
LogIndex& LogIndex::operator=(LogIndex&&) noexcept = default;
LogIndex::~LogIndex() = default;

Result<LogIndex> LogIndex::open(const LogReader& reader, bool rebuild, const std::string& own) {
  const std::string path = own.empty() ? index_path(reader) : own;
  if (!own.empty())
    if (const auto same = goes_on_from(own, reader); !same) return same.error();
  if (!rebuild)
    if (auto database = use_file(reader, path))
      return LogIndex(std::make_unique<State>(State{std::move(*database), false}));
  auto database = make_anew(reader, path);
  if (!database) return database.error();
  return LogIndex(std::make_unique<State>(State{std::move(*database), true}));
}

Result<std::vector<KeyHit>> LogIndex::key(const std::string& sha256) const {
  const auto name = from_hex(sha256);
  if (!name || !is_sha256_hex(sha256))
    return Error{ErrorCode::usage, "not the SHA-256 of a public key: " + sha256, std::nullopt};
  auto query =
      state_->database.prepare("SELECT leaf, relation FROM key WHERE name=? ORDER BY leaf, relation");
  if (!query) return query.error();
  query->bind(1, *name);
  std::vector<KeyHit> hits;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return hits;
    const std::uint64_t relation = query->number(1);
    if (relation > static_cast<std::uint64_t>(KeyRelation::sought))
      return Error{ErrorCode::corrupt, "the index is damaged", std::nullopt};
    hits.push_back({query->number(0), static_cast<KeyRelation>(relation)});
  }
}

Result<std::vector<std::uint64_t>> LogIndex::releases(const std::string& dump_sha256,
                                                      const std::string& scan_id) const {
  auto query =
      state_->database.prepare(dump_sha256.empty() ? "SELECT leaf FROM release WHERE scan=? ORDER BY leaf"
                                                   : "SELECT leaf FROM release WHERE dump=? ORDER BY leaf");
  if (!query) return query.error();
  if (dump_sha256.empty())
    query->bind(1, std::string_view(scan_id));
  else
    query->bind(1, from_hex(dump_sha256).value_or(std::vector<std::byte>{}));
  return numbers(*query);
}

Result<std::vector<std::uint64_t>> LogIndex::unanswerable() const {
  auto query = state_->database.prepare("SELECT leaf FROM verdict WHERE whole=0 ORDER BY leaf");
  if (!query) return query.error();
  return numbers(*query);
}

Result<std::uint64_t> LogIndex::verdicts() const {
  auto query = state_->database.prepare("SELECT count(*) FROM verdict");
  if (!query) return query.error();
  const auto counted = numbers(*query);
  if (!counted) return counted.error();
  return counted->empty() ? 0 : counted->front();
}

bool LogIndex::made_anew() const { return state_->made_anew; }

Result<std::string> LogIndex::content_sha256() const { return content_of(state_->database); }

Result<IndexState> rebuild_index(const LogReader& reader) {
  IndexState state = IndexState::absent;
  std::string before;
  if (path_exists(index_path(reader))) {
    state = IndexState::different;
    const auto old = Database::open(index_path(reader), false);
    const auto tree = old ? tree_of(*old) : std::nullopt;
    if (tree && same_tree(*tree, reader.checkpoint())) {
      before = content_of(*old).has_value() ? content_of(*old).value() : std::string();
    } else if (tree && is_beginning(*tree, reader)) {
      state = IndexState::older;
    }
  }
  const auto index = LogIndex::open(reader, true);
  if (!index) return index.error();
  const auto content = index->content_sha256();
  if (!content) return content.error();
  if (*content == before) state = IndexState::same;
  return state;
}

}  // namespace dumpgate
