// dumpgate log: the evidence log, by the verbs of scanner/cli/log_verbs/.

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/cli/verbs.h"

namespace dumpgate {

namespace {

class LogCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.require_subcommand();
    verbs_.declare(app, all_log_verbs());
    app.footer(
        "Exit codes: 0 done and durable, or all of it holds; 1 the log or a proof is not what it claims to "
        "be;\n2 usage; 3 hunt: some dump cannot be asked; 4 not done: the system refused, or an internal "
        "error.");
  }

  int run() override {
    Command* const verb = verbs_.named();
    return verb == nullptr ? exit_usage : verb->run();
  }

 private:
  Verbs verbs_{};
};

constinit const CommandEntry log_instance{"log", "keep, check and ask the log of evidence",
                                          &make_command<LogCommand>};

}  // namespace

constinit const CommandEntry& log_command = log_instance;

}  // namespace dumpgate
