#include "scanner/cli/gate_options.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_verb.h"

namespace dumpgate {
namespace {

// The key of an option that is bound; "" for another.
std::string key_of(const Option& option) {
  const std::string table = option.heading();
  std::string name = option.long_name();
  if (!table.starts_with('[') || !table.ends_with(']') || name.empty()) return {};
  std::ranges::replace(name, '-', '_');
  return table.substr(1, table.size() - 2) + "." + name;
}

std::map<std::string, Option> bound_options(const CommandLine& app) {
  std::map<std::string, Option> options;
  for (const Option& option : app.options())
    if (std::string key = key_of(option); !key.empty()) options.emplace(std::move(key), option);
  return options;
}

ConfigValue::Kind kind_of(const Option& option) {
  if (!option.takes_value()) return ConfigValue::Kind::flag;
  if (option.takes_number()) return ConfigValue::Kind::number;
  return option.takes_several() ? ConfigValue::Kind::texts : ConfigValue::Kind::text;
}

std::string_view wanted(ConfigValue::Kind kind) {
  switch (kind) {
    case ConfigValue::Kind::flag:
      return "true or false";
    case ConfigValue::Kind::number:
      return "a number";
    case ConfigValue::Kind::texts:
      return "an array of strings";
    case ConfigValue::Kind::text:
      break;
  }
  return "a string";
}

Result<void> give(Option option, const ConfigFile& config, const std::string& key, const ConfigValue& value) {
  if (value.kind != kind_of(option))
    return config.error(value.line, key + " must be " + std::string(wanted(kind_of(option))));
  if (std::ranges::any_of(value.texts, &std::string::empty))
    return config.error(value.line, key + " must not be empty");
  if (option.was_given() || value.texts.empty()) return {};
  if (value.kind == ConfigValue::Kind::flag && value.texts.front() == "false") return {};
  if (const auto given = option.give(value.texts); !given)
    return config.error(value.line, key + ": " + printable(given.error().message));
  return {};
}

// Gives the verb's options what the file has for them; adds the keys it knows to `known`.
Result<void> give_all(const CommandLine& app, const ConfigFile& config, std::set<std::string>& known) {
  for (const auto& [key, option] : bound_options(app)) {
    known.insert(key);
    const auto value = config.values.find(key);
    if (value == config.values.end()) continue;
    if (const auto given = give(option, config, key, value->second); !given) return given;
  }
  return {};
}

}  // namespace

void GateOptions::declare(CommandLine& app) {
  app_ = app;
  app.add_option("--config", file_, "file of settings (TOML); what is said here wins over what is there");
}

void GateOptions::bind(std::string_view table, Option option) {
  option.under_heading("[" + std::string(table) + "]");
}

void GateOptions::need(std::string_view table, Option option) {
  bind(table, option);
  option.says_also(" (needed)");
  needed_.push_back(option);
}

Result<void> GateOptions::settle() {
  if (!file_.empty()) {
    const auto config = read_config_file(file_);
    if (!config) return config.error();
    if (const auto checked = check_config(*config); !checked) return checked;
    std::set<std::string> known;
    if (const auto given = give_all(*app_, *config, known); !given) return given;
  }
  for (const Option& option : needed_)
    if (!option.was_given())
      return Error{ErrorCode::usage,
                   option.name() + " is needed, here or as " + key_of(option) + " of --config", std::nullopt};
  return {};
}

Result<void> check_config(const ConfigFile& config) {
  std::set<std::string> known;
  for (const CommandEntry* const entry : all_gate_verbs()) {
    const Program program("", "");
    CommandLine app = program.line();
    const std::unique_ptr<Command> verb = entry->make();
    verb->declare(app);
    if (const auto given = give_all(app, config, known); !given) return given;
  }
  for (const auto& [key, value] : config.values)
    if (!known.contains(key)) return config.error(value.line, "unknown key " + printable(key));
  return {};
}

}  // namespace dumpgate
