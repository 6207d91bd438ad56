// dumpgate gate: the boundary of an isolated network, by the verbs of scanner/cli/gate_verbs/.

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/cli/verbs.h"

namespace dumpgate {
namespace {

class GateCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.require_subcommand();
    verbs_.declare(app, all_gate_verbs());
  }

  int run() override {
    Command* const verb = verbs_.named();
    return verb == nullptr ? exit_usage : verb->run();
  }

 private:
  Verbs verbs_{};
};

constinit const CommandEntry gate_instance{"gate", "let dumps leave an isolated network, or not",
                                           &make_command<GateCommand>};

}  // namespace

constinit const CommandEntry& gate_command = gate_instance;

}  // namespace dumpgate
