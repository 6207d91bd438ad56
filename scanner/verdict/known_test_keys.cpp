#include "scanner/verdict/known_test_keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

constexpr std::size_t columns = 4;

// take_until takes the front of `text` up to the next `end`, which is consumed too, or all of it.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<std::array<std::string_view, columns>> split(std::string_view line) {
  if (std::count(line.begin(), line.end(), '\t') != columns - 1) return std::nullopt;
  std::array<std::string_view, columns> fields{};
  for (std::string_view& field : fields) field = take_until(line, '\t');
  return fields;
}

}  // namespace

Result<KnownTestKeys> KnownTestKeys::builtin() {
  return parse(builtin_known_test_keys_text(), "known-test-keys.tsv");
}

Result<KnownTestKeys> KnownTestKeys::parse(std::string_view text, std::string_view file) {
  KnownTestKeys list;
  list.sha256_ = to_hex(Sha256::of(std::as_bytes(std::span(text))));
  std::size_t number = 0;
  const auto error = [&](std::string_view what) {
    return Error{ErrorCode::usage,
                 std::string(file) + ":" + std::to_string(number) + ": " + std::string(what)};
  };
  while (!text.empty()) {
    ++number;
    const std::string_view line = take_until(text, '\n');
    if (line.empty() || line.front() == '#') continue;
    const auto fields = split(line);
    if (!fields) return error("four columns separated by single tabs are wanted");
    const auto& [kind, sha256, algorithm, origin] = *fields;
    if (kind != "spki" && kind != "encoding") return error("the first column must be spki or encoding");
    if (!is_sha256_hex(sha256)) return error("the second column must be a SHA-256 in lower-case hexadecimal");
    if (!is_plain(algorithm)) return error("the third column must be algorithm/bits");
    if (!is_plain(origin)) return error("the fourth column must say where the key is published");
    Table& table = kind == "spki" ? list.public_keys_ : list.encodings_;
    const bool added =
        table.emplace(std::string(sha256), KnownTestKey{std::string(algorithm), std::string(origin)}).second;
    if (!added) return error("this digest is on the list already");
  }
  return list;
}

const KnownTestKey* KnownTestKeys::by_public_key(std::string_view sha256) const {
  const auto at = public_keys_.find(sha256);
  return at == public_keys_.end() ? nullptr : &at->second;
}

const KnownTestKey* KnownTestKeys::by_encoding(std::string_view sha256) const {
  const auto at = encodings_.find(sha256);
  return at == encodings_.end() ? nullptr : &at->second;
}

}  // namespace dumpgate
