// ConfigFile: a gate's configuration: TOML, tables of settings, one level deep. The one rule: it knows no
// setting; whoever reads it refuses what it does not know, with the line.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

struct ConfigValue {
  enum class Kind : std::uint8_t { flag, number, text, texts };
  Kind kind = Kind::text;
  std::vector<std::string> texts{};  // one but of texts; "true", "false", decimal digits
  std::size_t line = 0;              // from 1
};

struct ConfigFile {
  std::string path{};                           // printable
  std::map<std::string, ConfigValue> values{};  // "table.key"

  // ErrorCode::usage with path and line.
  Error error(std::size_t line, std::string_view what) const;
};

// ErrorCode::usage for what is no TOML, or has other values than booleans, integers from 0 on, strings and
// arrays of strings in tables.
Result<ConfigFile> parse_config_file(std::string_view text, std::string_view path);
Result<ConfigFile> read_config_file(const std::string& path);

}  // namespace dumpgate
