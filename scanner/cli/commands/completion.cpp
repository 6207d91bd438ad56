// dumpgate completion: prints a completion script for a shell.

#include <CLI/CLI.hpp>

#include <string>

#include "scanner/cli/command.h"
#include "scanner/cli/completion_script.h"

namespace dumpgate {
namespace {

class CompletionCommand final : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("SHELL", shell_, "for which shell")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    app.footer(
        "Try it with: source <(dumpgate completion bash). Packages install it for every user.\n"
        "Exit codes: 0 printed, 2 usage, 4 internal error.");
    app_ = &app;
  }

  int run() override {
    const CLI::App* root = app_;
    while (root->get_parent() != nullptr) root = root->get_parent();
    const auto script = completion_script(shell_, *root);
    if (!script) return exit_usage;
    write_stdout(*script);
    return 0;
  }

 private:
  const CLI::App* app_ = nullptr;
  std::string shell_{};
};

constinit const CommandEntry instance{"completion", "print a completion script for bash, zsh or fish",
                                      &make_command<CompletionCommand>};

}  // namespace

constinit const CommandEntry& completion_command = instance;

}  // namespace dumpgate
