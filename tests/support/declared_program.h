// DeclaredProgram: the program's sub-commands as they are declared, to compare help, manual and
// completions with.

#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"

namespace dumpgate {

class DeclaredProgram {
 public:
  DeclaredProgram() {
    for (const CommandEntry* const entry : all_commands()) {
      CommandLine line = root_.line().add_subcommand(entry->name, entry->summary);
      commands_.push_back(entry->make());
      commands_.back()->declare(line);
      collect(line, std::string(entry->name));
    }
  }

  const std::set<std::string>& paths() const { return paths_; }  // "scan", "signatures", "signatures show"
  const std::set<std::string>& long_options() const {
    return long_options_;
  }  // "--format", without hidden ones
  const std::set<std::string>& flags() const { return flags_; }  // those and "-f"

 private:
  void collect(const CommandLine& line, const std::string& path) {
    paths_.insert(path);
    for (const Option& option : line.options()) {
      if (option.is_hidden()) continue;
      for (const std::string& flag : option.flags()) {
        flags_.insert(flag);
        if (flag.starts_with("--")) long_options_.insert(flag);
      }
    }
    for (const CommandLine& sub : line.subcommands()) collect(sub, path + " " + sub.name());
  }

  Program root_{"dumpgate", ""};
  std::vector<std::unique_ptr<Command>> commands_{};
  std::set<std::string> paths_{};
  std::set<std::string> long_options_{};
  std::set<std::string> flags_{};
};

}  // namespace dumpgate
