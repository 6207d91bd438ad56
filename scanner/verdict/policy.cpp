#include "scanner/verdict/policy.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <fstream>
#include <span>
#include <tuple>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/base/toml_nesting.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

constexpr std::size_t max_policy_bytes = 1U << 20U;

constexpr std::array all_evidence{Evidence::hint, Evidence::marker, Evidence::structure, Evidence::proof};
constexpr std::array all_kinds{KeyKind::private_key, KeyKind::encrypted_private_key, KeyKind::keystore,
                               KeyKind::symmetric_signing_key, KeyKind::random_data};
constexpr std::array all_uses{KeyUse::signing, KeyUse::agreement, KeyUse::symmetric, KeyUse::container,
                              KeyUse::unknown};

// The value of `all` whose word is `text`.
template <typename T, std::size_t count>
std::optional<T> from_word(const std::array<T, count>& all, std::string_view text) {
  const auto at = std::find_if(all.begin(), all.end(), [&](T value) { return to_string(value) == text; });
  return at == all.end() ? std::nullopt : std::optional<T>(*at);
}

// Text that stays on its line in every report: UTF-8 without control characters, and not blank.
bool is_sentence(std::string_view text) {
  if (text.find_first_not_of(' ') == std::string_view::npos) return false;
  while (!text.empty()) {
    const std::optional<char32_t> point = next_code_point(text);
    if (!point || *point < 0x20 || (*point >= 0x7f && *point < 0xa0)) return false;
  }
  return true;
}

// Reads the tables of one file. Every member function returns the first thing that is wrong.
class PolicyReader {
 public:
  explicit PolicyReader(std::string_view file) : file_(file) {}

  Error error(std::size_t line, std::string_view what) const {
    return {ErrorCode::usage, printable(file_) + ":" + std::to_string(line) + ": " + std::string(what)};
  }
  Error error(const toml::source_region& where, std::string_view what) const {
    return error(std::size_t{where.begin.line}, what);
  }

  Result<Policy> read(const toml::table& root) const {
    Policy policy;
    for (const auto& [key, value] : root) {
      const Result<void> done = read_setting(key, value, policy);
      if (!done) return done.error();
    }
    return policy;
  }

 private:
  Error unknown_key(const toml::key& key) const {
    return error(key.source(), "unknown key \"" + printable(key.str()) + "\"");
  }
  Error wrong(const toml::key& key, const toml::node& value, std::string_view wanted) const {
    return error(value.source(), "\"" + printable(key.str()) + "\" must be " + std::string(wanted));
  }

  Result<void> read_setting(const toml::key& key, const toml::node& value, Policy& policy) const {
    if (key == "block_at") return read_evidence(key, value, policy.block_at);
    if (key == "strict") return read_bool(key, value, policy.strict);
    if (key == "known_test_keys") return read_bool(key, value, policy.known_test_keys);
    if (key == "kinds") return read_actions(key, value, all_kinds, policy.report_only_kinds);
    if (key == "uses") return read_actions(key, value, all_uses, policy.report_only_uses);
    if (key == "suppress") return read_suppressions(key, value, policy.suppressions);
    return unknown_key(key);
  }

  Result<void> read_bool(const toml::key& key, const toml::node& value, bool& out) const {
    if (!value.is_boolean()) return wrong(key, value, "true or false");
    out = value.as_boolean()->get();
    return {};
  }

  Result<void> read_evidence(const toml::key& key, const toml::node& value, Evidence& out) const {
    const auto* const text = value.as_string();
    const auto evidence = text == nullptr ? std::nullopt : from_word(all_evidence, text->get());
    if (!evidence) return wrong(key, value, "\"hint\", \"marker\", \"structure\" or \"proof\"");
    out = *evidence;
    return {};
  }

  template <typename T, std::size_t count>
  Result<void> read_actions(const toml::key& key, const toml::node& value, const std::array<T, count>& all,
                            std::set<T>& report_only) const {
    const toml::table* const table = value.as_table();
    if (table == nullptr) return wrong(key, value, "a table");
    for (const auto& [name, action] : *table) {
      const std::optional<T> which = from_word(all, name.str());
      if (!which) return unknown_key(name);
      const auto* const word = action.as_string();
      if (word != nullptr && word->get() == "report") {
        report_only.insert(*which);
      } else if (word != nullptr && word->get() == "block") {
        report_only.erase(*which);
      } else {
        return wrong(name, action, "\"block\" or \"report\"");
      }
    }
    return {};
  }

  Result<void> read_suppressions(const toml::key& key, const toml::node& value,
                                 std::vector<Suppression>& out) const {
    const toml::array* const array = value.as_array();
    if (array == nullptr) return wrong(key, value, "an array of tables: [[suppress]]");
    for (const toml::node& entry : *array) {
      const toml::table* const table = entry.as_table();
      if (table == nullptr) return wrong(key, entry, "an array of tables: [[suppress]]");
      Suppression suppression;
      for (const auto& [name, field] : *table) {
        const Result<void> done = read_field(name, field, suppression);
        if (!done) return done.error();
      }
      const std::string_view missing = suppression.public_key_sha256.empty() ? "public_key_sha256"
                                       : suppression.reason.empty()          ? "reason"
                                       : !suppression.expires.ok()           ? "expires"
                                                                             : "";
      if (!missing.empty())
        return error(entry.source(), "this suppression has no \"" + std::string(missing) + "\"");
      const bool repeated = std::any_of(out.begin(), out.end(), [&](const Suppression& other) {
        return other.public_key_sha256 == suppression.public_key_sha256 &&
               other.input_sha256 == suppression.input_sha256;
      });
      if (repeated) return error(entry.source(), "this key is suppressed already");
      out.push_back(std::move(suppression));
    }
    return {};
  }

  Result<void> read_field(const toml::key& key, const toml::node& value, Suppression& out) const {
    if (key == "public_key_sha256") return read_digest(key, value, out.public_key_sha256);
    if (key == "input_sha256") return read_digest(key, value, out.input_sha256.emplace());
    if (key == "reason") {
      const auto* const text = value.as_string();
      if (text == nullptr || !is_sentence(text->get())) return wrong(key, value, "a sentence on one line");
      out.reason = text->get();
      return {};
    }
    if (key == "expires") {
      const auto* const date = value.as_date();
      if (date == nullptr) return wrong(key, value, "a date without quotes, such as 2027-02-22");
      out.expires = Date(std::chrono::year(date->get().year), std::chrono::month(date->get().month),
                         std::chrono::day(date->get().day));
      if (!out.expires.ok()) return wrong(key, value, "a date that exists");
      return {};
    }
    return unknown_key(key);
  }

  Result<void> read_digest(const toml::key& key, const toml::node& value, std::string& out) const {
    const auto* const text = value.as_string();
    if (text == nullptr || !is_sha256_hex(text->get())) {
      return wrong(key, value, "a SHA-256: 64 lower-case hexadecimal digits in quotes");
    }
    out = text->get();
    return {};
  }

  std::string_view file_;
};

// The line, from 1, of the first byte that is not UTF-8. (toml++ decodes ahead and would name an earlier
// one.)
std::optional<std::size_t> line_of_bad_utf8(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::optional<char32_t> point = next_code_point(text);
    if (!point) return line;
    if (*point == '\n') ++line;
  }
  return std::nullopt;
}

// A basic string of TOML. What reaches it is printable, so only quotes and backslashes need care.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

template <typename T, std::size_t count>
void append_actions(std::string_view table, const std::array<T, count>& all, const std::set<T>& report_only,
                    std::string& out) {
  out += "\n[" + std::string(table) + "]\n";
  for (const T value : all) {
    out += std::string(to_string(value)) + " = " +
           (report_only.contains(value) ? "\"report\"" : "\"block\"") + "\n";
  }
}

}  // namespace

Date utc_today() { return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()); }

std::string iso_date(Date date) {
  if (!date.ok()) return "invalid date";
  const auto padded = [](unsigned number, std::size_t width) {
    const std::string text = std::to_string(number);
    return std::string(text.size() < width ? width - text.size() : 0, '0') + text;
  };
  const int year = static_cast<int>(date.year());
  return (year < 0 ? "-" : "") + padded(static_cast<unsigned>(year < 0 ? -year : year), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" + padded(static_cast<unsigned>(date.day()), 2);
}

std::string Policy::text() const {
  std::string out = "# dumpgate policy\n";
  out += "block_at = " + quoted(to_string(block_at)) + "\n";
  out += std::string("strict = ") + (strict ? "true" : "false") + "\n";
  out += std::string("known_test_keys = ") + (known_test_keys ? "true" : "false") + "\n";
  append_actions("kinds", all_kinds, report_only_kinds, out);
  append_actions("uses", all_uses, report_only_uses, out);
  std::vector<Suppression> sorted = suppressions;
  std::sort(sorted.begin(), sorted.end(), [](const Suppression& a, const Suppression& b) {
    return std::tie(a.public_key_sha256, a.input_sha256) < std::tie(b.public_key_sha256, b.input_sha256);
  });
  for (const Suppression& suppression : sorted) {
    out += "\n[[suppress]]\npublic_key_sha256 = " + quoted(suppression.public_key_sha256) + "\n";
    out += "reason = " + quoted(suppression.reason) + "\n";
    out += "expires = " + iso_date(suppression.expires) + "\n";
    if (suppression.input_sha256) out += "input_sha256 = " + quoted(*suppression.input_sha256) + "\n";
  }
  return out;
}

std::string Policy::sha256() const {
  const std::string canonical = text();
  return to_hex(Sha256::of(std::as_bytes(std::span(canonical))));
}

Result<Policy> parse_policy(std::string_view text, std::string_view file) {
  const PolicyReader reader(file);
  if (text.size() > max_policy_bytes) return Error{ErrorCode::usage, printable(file) + ": larger than 1 MiB"};
  if (const auto line = line_of_bad_utf8(text)) return reader.error(*line, "not UTF-8");
  if (const auto line = line_of_deep_toml(text)) return reader.error(*line, deep_toml);
  try {
    const toml::table root = toml::parse(text);
    return reader.read(root);
  } catch (const toml::parse_error& error) {
    return reader.error(error.source(), printable(error.description()));
  } catch (const std::exception& error) {
    return Error{ErrorCode::usage, printable(file) + ": " + printable(error.what())};
  }
}

Result<Policy> read_policy(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(max_policy_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  // Reading to the end sets eof and fail; only bad, or no stream at all, is a failure of the file.
  if (in.bad() || (in.gcount() == 0 && !in.eof())) {
    return Error{ErrorCode::usage, printable(path) + ": cannot be read"};
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_policy(text, path);
}

}  // namespace dumpgate
