// DeclaredProgram: the program's sub-commands as they are declared to CLI11, to compare help, manual and
// completions with.

#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scanner/cli/command.h"

namespace dumpgate {

class DeclaredProgram {
 public:
  DeclaredProgram() {
    for (const CommandEntry* const entry : all_commands()) {
      CLI::App* const app = root_.add_subcommand(std::string(entry->name), std::string(entry->summary));
      commands_.push_back(entry->make());
      commands_.back()->declare(*app);
      collect(*app, std::string(entry->name));
    }
  }

  const CLI::App& root() const { return root_; }
  const std::set<std::string>& paths() const { return paths_; }  // "scan", "signatures", "signatures show"
  const std::set<std::string>& long_options() const {
    return long_options_;
  }  // "--format", without hidden ones
  const std::set<std::string>& flags() const { return flags_; }  // those and "-f"

 private:
  void collect(const CLI::App& app, const std::string& path) {
    paths_.insert(path);
    for (const CLI::Option* const option : app.get_options()) {
      if (option->get_group().empty()) continue;
      for (const std::string& name : option->get_lnames()) {
        long_options_.insert("--" + name);
        flags_.insert("--" + name);
      }
      for (const std::string& name : option->get_snames()) flags_.insert("-" + name);
    }
    for (const CLI::App* const sub : app.get_subcommands([](const CLI::App*) { return true; }))
      collect(*sub, path + " " + sub->get_name());
  }

  CLI::App root_{"", "dumpgate"};
  std::vector<std::unique_ptr<Command>> commands_{};
  std::set<std::string> paths_{};
  std::set<std::string> long_options_{};
  std::set<std::string> flags_{};
};

}  // namespace dumpgate
