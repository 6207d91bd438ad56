#include "scanner/cli/command_line.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>

namespace dumpgate {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::one_of(std::initializer_list<const char*> words) {
  option_->check(CLI::IsMember(std::vector<std::string>(words.begin(), words.end())));
  return *this;
}

Option& Option::in_range(unsigned least, unsigned most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option& Option::repeatable() {
  option_->expected(1)->allow_extra_args(false)->take_all();
  return *this;
}

Option& Option::shows_default() {
  option_->capture_default_str();
  return *this;
}

Option& Option::shows_default(const std::string& text) {
  option_->default_str(text);
  return *this;
}

Option& Option::excludes(Option other) {
  option_->excludes(other.option_);
  return *this;
}

Option& Option::needs(Option other) {
  option_->needs(other.option_);
  return *this;
}

Option& Option::hidden() {
  option_->group("");
  return *this;
}

Option& Option::under_heading(const std::string& heading) {
  option_->group(heading);
  return *this;
}

Option& Option::says_also(std::string_view more) {
  option_->description(option_->get_description() + std::string(more));
  return *this;
}

std::string Option::name() const { return option_->get_name(); }
std::string Option::heading() const { return option_->get_group(); }
std::string Option::description() const { return option_->get_description(); }
bool Option::is_positional() const { return option_->get_positional(); }
bool Option::is_hidden() const { return option_->get_group().empty(); }
bool Option::takes_value() const { return option_->get_expected_max() > 0; }
bool Option::takes_number() const { return option_->get_type_name().starts_with("UINT"); }
bool Option::takes_several() const {
  return option_->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}
bool Option::was_given() const { return option_->count() != 0; }

std::string Option::long_name() const {
  const auto& names = option_->get_lnames();
  return names.empty() ? std::string() : names.front();
}

std::vector<std::string> Option::flags() const {
  std::vector<std::string> flags;
  for (const std::string& name : option_->get_lnames()) flags.push_back("--" + name);
  for (const std::string& name : option_->get_snames()) flags.push_back("-" + name);
  return flags;
}

// The library tells the words of a set only in the name of the option's type: "TEXT:{auto,always,never}".
std::vector<std::string> Option::choices() const {
  std::vector<std::string> choices;
  const std::string type = option_->get_type_name();
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return choices;
  for (std::size_t at = begin + 1; at < end;) {
    const std::size_t comma = std::min(type.find(',', at), end);
    choices.push_back(type.substr(at, comma - at));
    at = comma + 1;
  }
  return choices;
}

Result<void> Option::give(const std::vector<std::string>& texts) {
  try {
    option_->add_result(texts);
    option_->run_callback();
  } catch (const CLI::Error& error) {
    return Error{ErrorCode::usage, error.what(), std::nullopt};
  }
  return {};
}

Option CommandLine::add_option(const std::string& names, std::string& value, const std::string& description) {
  return Option(*app_->add_option(names, value, description));
}

Option CommandLine::add_option(const std::string& names, std::vector<std::string>& values,
                               const std::string& description) {
  return Option(*app_->add_option(names, values, description));
}

Option CommandLine::add_option(const std::string& names, unsigned& value, const std::string& description) {
  return Option(*app_->add_option(names, value, description));
}

Option CommandLine::add_option(const std::string& names, std::uint64_t& value,
                               const std::string& description) {
  return Option(*app_->add_option(names, value, description));
}

Option CommandLine::add_option(const std::string& names, std::optional<std::uint64_t>& value,
                               const std::string& description) {
  return Option(*app_->add_option(names, value, description));
}

Option CommandLine::add_flag(const std::string& names, bool& value, const std::string& description) {
  return Option(*app_->add_flag(names, value, description));
}

CommandLine CommandLine::add_subcommand(std::string_view name, std::string_view description) {
  return CommandLine(*app_->add_subcommand(std::string(name), std::string(description)));
}

void CommandLine::require_subcommand() { app_->require_subcommand(1); }
void CommandLine::options_come_first() { app_->positionals_at_end(); }
void CommandLine::footer(const std::string& text) { app_->footer(text); }
std::string CommandLine::name() const { return app_->get_name(); }
std::string CommandLine::description() const { return app_->get_description(); }
bool CommandLine::was_named() const { return app_->parsed(); }
Option CommandLine::option(const std::string& name) const { return Option(*app_->get_option(name)); }

std::vector<Option> CommandLine::options() const {
  std::vector<Option> options;
  for (CLI::Option* const option : app_->get_options()) options.emplace_back(*option);
  return options;
}

std::vector<CommandLine> CommandLine::subcommands() const {
  std::vector<CommandLine> lines;
  for (CLI::App* const sub : app_->get_subcommands([](const CLI::App*) { return true; }))
    lines.emplace_back(*sub);
  return lines;
}

std::optional<CommandLine> CommandLine::subcommand(const std::string& name) const {
  for (const CommandLine& line : subcommands())
    if (line.name() == name) return line;
  return std::nullopt;
}

CommandLine CommandLine::root() const {
  CLI::App* app = app_;
  while (app->get_parent() != nullptr) app = app->get_parent();
  return CommandLine(*app);
}

Program::Program(const std::string& name, const std::string& description)
    : app_(std::make_unique<CLI::App>(description, name)) {}
Program::~Program() = default;

CommandLine Program::line() const { return CommandLine(*app_); }
void Program::answers_version(const std::string& version) { app_->set_version_flag("--version", version); }
std::string Program::help() const { return app_->help(); }

std::optional<Reply> Program::read(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto named = app_->get_subcommands();
    return Reply{.text = named.empty() ? app_->help() : named.front()->help()};
  } catch (const CLI::CallForAllHelp&) {
    return Reply{.text = app_->help("", CLI::AppFormatMode::All)};
  } catch (const CLI::CallForVersion&) {
    return Reply{.text = app_->version() + "\n"};
  } catch (const CLI::ParseError& error) {
    return Reply{.mistake = true, .text = error.what()};
  }
  return std::nullopt;
}

}  // namespace dumpgate
