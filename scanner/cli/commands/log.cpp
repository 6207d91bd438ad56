// dumpgate log: the evidence log, by the verbs of scanner/cli/log_verbs/.

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scanner/cli/command.h"
#include "scanner/cli/log_verb.h"

namespace dumpgate {

namespace {

class LogCommand final : public Command {
 public:
  void declare(CLI::App& app) override {
    app.require_subcommand(1);
    for (const CommandEntry* const entry : all_log_verbs()) {
      CLI::App* const verb = app.add_subcommand(std::string(entry->name), std::string(entry->summary));
      verbs_.emplace_back(verb, entry->make());
      verbs_.back().second->declare(*verb);
    }
    app.footer(
        "Exit codes: 0 done and durable, or all of it holds; 1 the log or a proof is not what it claims to "
        "be;\n2 usage; 3 hunt: some dump cannot be asked; 4 not done: the system refused, or an internal "
        "error.");
  }

  int run() override {
    for (const auto& [app, verb] : verbs_)
      if (app->parsed()) return verb->run();
    return exit_usage;
  }

 private:
  std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>> verbs_{};
};

constinit const CommandEntry instance{"log", "keep, check and ask the log of evidence",
                                      &make_command<LogCommand>};

}  // namespace

constinit const CommandEntry& log_command = instance;

}  // namespace dumpgate
