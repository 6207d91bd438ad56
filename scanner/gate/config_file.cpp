#include "scanner/gate/config_file.h"

#include <toml++/toml.h>

#include <optional>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/base/toml_nesting.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20U;

std::size_t line_of(const toml::source_region& where) { return where.begin.line; }

std::optional<std::vector<std::string>> texts_of(const toml::array& array) {
  std::vector<std::string> texts;
  for (const toml::node& entry : array) {
    const auto* const text = entry.as_string();
    if (text == nullptr) return std::nullopt;
    texts.push_back(text->get());
  }
  return texts;
}

// Nothing for a value of another kind.
std::optional<ConfigValue> value_of(const toml::node& node) {
  const std::size_t line = line_of(node.source());
  if (const auto* const flag = node.as_boolean())
    return ConfigValue{ConfigValue::Kind::flag, {flag->get() ? "true" : "false"}, line};
  if (const auto* const text = node.as_string())
    return ConfigValue{ConfigValue::Kind::text, {text->get()}, line};
  if (const auto* const number = node.as_integer(); number != nullptr && number->get() >= 0)
    return ConfigValue{ConfigValue::Kind::number, {std::to_string(number->get())}, line};
  if (const auto* const array = node.as_array())
    if (auto texts = texts_of(*array)) return ConfigValue{ConfigValue::Kind::texts, std::move(*texts), line};
  return std::nullopt;
}

Result<void> read_table(std::string_view name, const toml::table& table, ConfigFile& file) {
  for (const auto& [key, node] : table) {
    auto value = value_of(node);
    if (!value)
      return file.error(line_of(key.source()), printable(key.str()) +
                                                   ": not true or false, a number, a string or an array of "
                                                   "strings");
    file.values.emplace(std::string(name) + "." + std::string(key.str()), std::move(*value));
  }
  return {};
}

}  // namespace

Error ConfigFile::error(std::size_t line, std::string_view what) const {
  return {ErrorCode::usage, path + ":" + std::to_string(line) + ": " + std::string(what), std::nullopt};
}

Result<ConfigFile> parse_config_file(std::string_view text, std::string_view path) {
  ConfigFile file{.path = printable(path)};
  if (const auto line = line_of_deep_toml(text)) return file.error(*line, deep_toml);
  try {
    const toml::table root = toml::parse(text);
    for (const auto& [key, node] : root) {
      const toml::table* const table = node.as_table();
      if (table == nullptr)
        return file.error(line_of(key.source()), printable(key.str()) + " lies in no table");
      if (const auto read = read_table(key.str(), *table, file); !read) return read.error();
    }
    return file;
  } catch (const toml::parse_error& error) {
    return file.error(line_of(error.source()), printable(error.description()));
  }
}

Result<ConfigFile> read_config_file(const std::string& path) {
  const auto bytes = read_file(path, most_bytes);
  if (!bytes) return Error{ErrorCode::usage, bytes.error().message, std::nullopt};
  return parse_config_file({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path);
}

}  // namespace dumpgate
