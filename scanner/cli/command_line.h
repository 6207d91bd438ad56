// CommandLine: declares what may follow a command, and Program, the whole of them, reads it. The one rule:
// the library that parses is known to command_line.cpp alone; handles point into a Program and end with it.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dumpgate {

// An option or a positional argument of a command. A handle: copies mean the same option.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option& required();
  Option& one_of(std::initializer_list<const char*> words);
  Option& in_range(unsigned least, unsigned most);
  // May be given again and again, with one value each time: what follows the value is not its.
  Option& repeatable();
  Option& shows_default();
  Option& shows_default(const std::string& text);
  Option& excludes(Option other);
  Option& needs(Option other);
  // Works, and no help names it.
  Option& hidden();
  Option& under_heading(const std::string& heading);
  Option& says_also(std::string_view more);  // at the end of its description

  std::string name() const;                // as messages call it
  std::vector<std::string> flags() const;  // "--format", "-f"; none of a positional argument
  std::string long_name() const;           // "format"; empty when it has none
  std::string heading() const;             // in the help
  std::string description() const;
  std::vector<std::string> choices() const;  // of its value, where only some words are taken
  bool is_positional() const;
  bool is_hidden() const;
  bool takes_value() const;
  bool takes_number() const;
  bool takes_several() const;
  bool was_given() const;

  // Takes the texts as if the command line had given them. ErrorCode::usage says what is wrong with them.
  Result<void> give(const std::vector<std::string>& texts);

 private:
  CLI::Option* option_;
};

// What may follow one command. A handle, as Option is. The variables that options are bound to are written
// by Program::read, and outlive it.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(&app) {}

  // `names` is "-f,--format", or "INPUT" for a positional argument.
  Option add_option(const std::string& names, std::string& value, const std::string& description);
  Option add_option(const std::string& names, std::vector<std::string>& values,
                    const std::string& description);
  Option add_option(const std::string& names, unsigned& value, const std::string& description);
  Option add_option(const std::string& names, std::uint64_t& value, const std::string& description);
  Option add_option(const std::string& names, std::optional<std::uint64_t>& value,
                    const std::string& description);
  Option add_flag(const std::string& names, bool& value, const std::string& description);
  CommandLine add_subcommand(std::string_view name, std::string_view description);
  void require_subcommand();
  // From the first positional argument on, everything is one.
  void options_come_first();
  void footer(const std::string& text);

  std::string name() const;
  std::string description() const;
  Option option(const std::string& name) const;  // one that was added
  std::vector<Option> options() const;
  std::vector<CommandLine> subcommands() const;
  std::optional<CommandLine> subcommand(const std::string& name) const;
  // The command line of the whole program.
  CommandLine root() const;
  bool was_named() const;

 private:
  CLI::App* app_;
};

// What came of a command line that is not to be carried out: a text that was asked for, or a mistake.
struct Reply {
  bool mistake = false;
  std::string text{};
};

class Program {
 public:
  Program(const std::string& name, const std::string& description);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  CommandLine line() const;
  void answers_version(const std::string& version);
  std::string help() const;
  // Reads the arguments into the variables of the options. Nothing when a command is to be run now.
  std::optional<Reply> read(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace dumpgate
