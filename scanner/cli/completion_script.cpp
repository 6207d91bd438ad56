#include "scanner/cli/completion_script.h"
#include "scanner/cli/command_line.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace dumpgate {
namespace {

struct OptionWords {
  std::vector<std::string> flags{};  // "--format", "-f"; none for a positional argument
  std::string description{};
  std::vector<std::string> choices{};  // of its value
  bool value = false;
};

// One sub-command with what may follow it. `path` is "dumpgate signatures show".
struct CommandWords {
  std::string path{};
  std::string description{};
  std::vector<std::string> subcommands{};
  std::vector<OptionWords> options{};
  std::vector<std::string> argument_choices{};  // of the positional arguments
};

void add_options(const CommandLine& line, CommandWords& command) {
  for (const Option& option : line.options()) {
    OptionWords words{.flags = option.flags(),
                      .description = option.description(),
                      .choices = option.choices(),
                      .value = option.takes_value()};
    if (option.is_positional())
      std::ranges::copy(words.choices, std::back_inserter(command.argument_choices));
    else if (!option.is_hidden())
      command.options.push_back(std::move(words));
  }
}

// All commands, the program itself first, each before those below it.
std::vector<CommandWords> all_words(const CommandLine& root) {
  struct Entry {
    CommandLine line;
    std::string path;
  };
  std::vector<Entry> open{{root, "dumpgate"}};
  std::vector<CommandWords> commands;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Entry entry = open[i];
    CommandWords words{.path = entry.path, .description = entry.line.description()};
    add_options(entry.line, words);
    for (const CommandLine& sub : entry.line.subcommands()) {
      words.subcommands.push_back(sub.name());
      open.push_back({sub, entry.path + " " + sub.name()});
    }
    commands.push_back(std::move(words));
  }
  return commands;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : " ").append(word);
  return out;
}

std::string in_quotes(std::string_view text) {  // for sh, zsh and fish alike: none of ours holds a backslash
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// 'dumpgate scan --format'|'dumpgate scan -f'
std::string flag_patterns(const CommandWords& command, const OptionWords& option) {
  std::string out;
  for (const std::string& flag : option.flags)
    out.append(out.empty() ? "" : "|").append(in_quotes(command.path + " " + flag));
  return out;
}

// The words that may follow a command: sub-commands, choices of its arguments, flags.
std::vector<std::string> following(const CommandWords& command) {
  std::vector<std::string> words = command.subcommands;
  std::ranges::copy(command.argument_choices, std::back_inserter(words));
  for (const OptionWords& option : command.options)
    std::ranges::copy(option.flags, std::back_inserter(words));
  return words;
}

// The scripts of bash and zsh first find, word by word, which command is being typed: the cases for that.
std::string command_cases(const std::vector<CommandWords>& commands) {
  std::string out;
  for (const CommandWords& command : commands)
    if (command.path.find(' ') != std::string::npos)
      out += "      " + in_quotes(command.path) + ") command=" + in_quotes(command.path) + " ;;\n";
  return out;
}

// The cases for the value of an option; `action` gives what the shell does for one.
std::string value_cases(const std::vector<CommandWords>& commands, const auto& action) {
  std::string out;
  for (const CommandWords& command : commands)
    for (const OptionWords& option : command.options)
      if (option.value) out += "    " + flag_patterns(command, option) + ") " + action(option) + " ;;\n";
  return out;
}

std::string bash_script(const std::vector<CommandWords>& commands) {
  std::string out =
      "# bash completion of dumpgate, written by 'dumpgate completion bash'.\n"
      "_dumpgate() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=dumpgate word\n"
      "  COMPREPLY=()\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$command $word\" in\n";
  out += command_cases(commands);
  out +=
      "    esac\n"
      "  done\n"
      "  case \"$command $previous\" in\n";
  out += value_cases(commands, [](const OptionWords& option) {
    return option.choices.empty() ? "COMPREPLY=($(compgen -f -- \"$current\")); return 0"
                                  : "COMPREPLY=($(compgen -W " + in_quotes(joined(option.choices)) +
                                        " -- \"$current\")); return 0";
  });
  out +=
      "  esac\n"
      "  local words=\n"
      "  case \"$command\" in\n";
  for (const CommandWords& command : commands)
    out += "    " + in_quotes(command.path) + ") words=" + in_quotes(joined(following(command))) + " ;;\n";
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  if [[ $current != -* ]]; then COMPREPLY+=($(compgen -f -- \"$current\")); fi\n"
      "  return 0\n"
      "}\n"
      "complete -o filenames -F _dumpgate dumpgate\n";
  return out;
}

std::string zsh_item(const std::string& word, const std::string& description) {
  return " " + in_quotes(word + ":" + description);
}

std::string description_of(const std::vector<CommandWords>& commands, const std::string& path) {
  const auto found = std::ranges::find(commands, path, &CommandWords::path);
  return found == commands.end() ? std::string() : found->description;
}

std::string zsh_script(const std::vector<CommandWords>& commands) {
  std::string out =
      "#compdef dumpgate\n"
      "# zsh completion of dumpgate, written by 'dumpgate completion zsh'.\n"
      "_dumpgate() {\n"
      "  local command=dumpgate word\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$command $word\" in\n";
  out += command_cases(commands);
  out +=
      "    esac\n"
      "  done\n"
      "  case \"$command ${words[CURRENT-1]}\" in\n";
  out += value_cases(commands, [](const OptionWords& option) {
    return option.choices.empty() ? "_files; return" : "compadd -- " + joined(option.choices) + "; return";
  });
  out +=
      "  esac\n"
      "  local -a items\n"
      "  case \"$command\" in\n";
  for (const CommandWords& command : commands) {
    out += "    " + in_quotes(command.path) + ") items=(";
    for (const std::string& sub : command.subcommands)
      out += zsh_item(sub, description_of(commands, command.path + " " + sub));
    for (const std::string& choice : command.argument_choices) out += " " + in_quotes(choice);
    for (const OptionWords& option : command.options)
      for (const std::string& flag : option.flags) out += zsh_item(flag, option.description);
    out += " ) ;;\n";
  }
  out +=
      "  esac\n"
      "  _describe -t words dumpgate items\n"
      "  [[ ${words[CURRENT]} == -* ]] || _files\n"
      "}\n"
      "if [[ $funcstack[1] == _dumpgate ]]; then _dumpgate \"$@\"; else compdef _dumpgate dumpgate; fi\n";
  return out;
}

// fish asks, for each line, whether it applies: the sub-commands typed so far are those of the path, and
// none of the path's own sub-commands has been typed.
std::string fish_condition(const CommandWords& command) {
  std::string condition;
  for (std::size_t at = command.path.find(' '); at != std::string::npos;) {
    const std::size_t end = command.path.find(' ', at + 1);
    condition += (condition.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") +
                 command.path.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    at = end;
  }
  if (!command.subcommands.empty())
    condition += (condition.empty() ? "" : "; and ") + std::string("not __fish_seen_subcommand_from ") +
                 joined(command.subcommands);
  return condition;
}

std::string fish_script(const std::vector<CommandWords>& commands) {
  std::string out = "# fish completion of dumpgate, written by 'dumpgate completion fish'.\n";
  for (const CommandWords& command : commands) {
    const std::string line = "complete -c dumpgate -n " + in_quotes(fish_condition(command));
    for (const std::string& sub : command.subcommands)
      out += line + " -f -a " + in_quotes(sub) + " -d " +
             in_quotes(description_of(commands, command.path + " " + sub)) + "\n";
    if (!command.argument_choices.empty())
      out += line + " -f -a " + in_quotes(joined(command.argument_choices)) + "\n";
    for (const OptionWords& option : command.options) {
      out += line;
      for (const std::string& flag : option.flags)
        out += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
      if (option.value) out += option.choices.empty() ? " -r" : " -x -a " + in_quotes(joined(option.choices));
      out += " -d " + in_quotes(option.description) + "\n";
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell, const CommandLine& root) {
  const std::vector<CommandWords> commands = all_words(root);
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  return std::nullopt;
}

}  // namespace dumpgate
