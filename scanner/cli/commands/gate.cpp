// dumpgate gate: the boundary of an isolated network, by the verbs of scanner/cli/gate_verbs/.

#include <CLI/CLI.hpp>

#include "scanner/cli/command.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/cli/verbs.h"

namespace dumpgate {
namespace {

class GateCommand final : public Command {
 public:
  void declare(CLI::App& app) override {
    app.require_subcommand(1);
    verbs_.declare(app, all_gate_verbs());
  }

  int run() override {
    Command* const verb = verbs_.named();
    return verb == nullptr ? exit_usage : verb->run();
  }

 private:
  Verbs verbs_{};
};

constinit const CommandEntry instance{"gate", "let dumps leave an isolated network, or not",
                                      &make_command<GateCommand>};

}  // namespace

constinit const CommandEntry& gate_command = instance;

}  // namespace dumpgate
