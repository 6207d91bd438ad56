// Completion scripts for shells, made from the declared sub-commands and options. The one rule: nothing is
// listed by hand, so that a script cannot know less, or more, than the program.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dumpgate {

class CommandLine;

// completion_script gives the script for "bash", "zsh" or "fish"; nothing for another shell. `root` is the
// whole program with all sub-commands declared.
std::optional<std::string> completion_script(std::string_view shell, const CommandLine& root);

}  // namespace dumpgate
