// dumpgate gate: the boundary of an isolated network, by the verbs of scanner/cli/gate_verbs/.

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scanner/cli/command.h"
#include "scanner/cli/gate_verb.h"

namespace dumpgate {
namespace {

class GateCommand final : public Command {
 public:
  void declare(CLI::App& app) override {
    app.require_subcommand(1);
    for (const CommandEntry* const entry : all_gate_verbs()) {
      CLI::App* const verb = app.add_subcommand(std::string(entry->name), std::string(entry->summary));
      verbs_.emplace_back(verb, entry->make());
      verbs_.back().second->declare(*verb);
    }
  }

  int run() override {
    for (const auto& [app, verb] : verbs_)
      if (app->parsed()) return verb->run();
    return exit_usage;
  }

 private:
  std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>> verbs_{};
};

constinit const CommandEntry instance{"gate", "let dumps leave an isolated network, or not",
                                      &make_command<GateCommand>};

}  // namespace

constinit const CommandEntry& gate_command = instance;

}  // namespace dumpgate
