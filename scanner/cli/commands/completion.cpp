// dumpgate completion: prints a completion script for a shell.

#include <optional>
#include <string>

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/completion_script.h"

namespace dumpgate {
namespace {

class CompletionCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("SHELL", shell_, "for which shell").required().one_of({"bash", "zsh", "fish"});
    app.footer(
        "Try it with: source <(dumpgate completion bash). Packages install it for every user.\n"
        "Exit codes: 0 printed, 2 usage, 4 internal error.");
    app_ = app;
  }

  int run() override {
    const auto script = completion_script(shell_, app_->root());
    if (!script) return exit_usage;
    write_stdout(*script);
    return 0;
  }

 private:
  std::optional<CommandLine> app_{};
  std::string shell_{};
};

constinit const CommandEntry completion_instance{
    "completion", "print a completion script for bash, zsh or fish", &make_command<CompletionCommand>};

}  // namespace

constinit const CommandEntry& completion_command = completion_instance;

}  // namespace dumpgate
