#include "scanner/cli/gate_options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/cli/gate_verb.h"

namespace dumpgate {
namespace {

// The key of an option that is bound; "" for another.
std::string key_of(const CLI::Option& option) {
  const std::string& group = option.get_group();
  if (!group.starts_with('[') || !group.ends_with(']') || option.get_lnames().empty()) return {};
  std::string name = option.get_lnames().front();
  std::ranges::replace(name, '-', '_');
  return group.substr(1, group.size() - 2) + "." + name;
}

std::map<std::string, CLI::Option*> bound_options(CLI::App& app) {
  std::map<std::string, CLI::Option*> options;
  for (CLI::Option* const option : app.get_options())
    if (std::string key = key_of(*option); !key.empty()) options.emplace(std::move(key), option);
  return options;
}

ConfigValue::Kind kind_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return ConfigValue::Kind::flag;
  if (option.get_type_name().starts_with("UINT")) return ConfigValue::Kind::number;
  if (option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll) return ConfigValue::Kind::texts;
  return ConfigValue::Kind::text;
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

Result<void> give(CLI::Option& option, const ConfigFile& config, const std::string& key,
                  const ConfigValue& value) {
  if (value.kind != kind_of(option))
    return config.error(value.line, key + " must be " + std::string(wanted(kind_of(option))));
  if (std::ranges::any_of(value.texts, &std::string::empty))
    return config.error(value.line, key + " must not be empty");
  if (option.count() != 0 || value.texts.empty()) return {};
  if (value.kind == ConfigValue::Kind::flag && value.texts.front() == "false") return {};
  try {
    option.add_result(value.texts);
    option.run_callback();
  } catch (const CLI::Error& error) {
    return config.error(value.line, key + ": " + printable(error.what()));
  }
  return {};
}

// Gives the verb's options what the file has for them; adds the keys it knows to `known`.
Result<void> give_all(CLI::App& app, const ConfigFile& config, std::set<std::string>& known) {
  for (const auto& [key, option] : bound_options(app)) {
    known.insert(key);
    const auto value = config.values.find(key);
    if (value == config.values.end()) continue;
    if (const auto given = give(*option, config, key, value->second); !given) return given;
  }
  return {};
}

}  // namespace

void GateOptions::declare(CLI::App& app) {
  app_ = &app;
  app.add_option("--config", file_, "file of settings (TOML); what is said here wins over what is there");
}

void GateOptions::bind(std::string_view table, CLI::Option* option) {
  option->group("[" + std::string(table) + "]");
}

void GateOptions::need(std::string_view table, CLI::Option* option) {
  bind(table, option);
  option->description(option->get_description() + " (needed)");
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
  for (const CLI::Option* const option : needed_)
    if (option->count() == 0)
      return Error{ErrorCode::usage,
                   option->get_name() + " is needed, here or as " + key_of(*option) + " of --config",
                   std::nullopt};
  return {};
}

Result<void> check_config(const ConfigFile& config) {
  std::set<std::string> known;
  for (const CommandEntry* const entry : all_gate_verbs()) {
    CLI::App app;
    const std::unique_ptr<Command> verb = entry->make();
    verb->declare(app);
    if (const auto given = give_all(app, config, known); !given) return given;
  }
  for (const auto& [key, value] : config.values)
    if (!known.contains(key)) return config.error(value.line, "unknown key " + printable(key));
  return {};
}

}  // namespace dumpgate
