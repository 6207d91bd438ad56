// dumpgate gate check: one dump, examined as the gate does, with its verdict in the log: for pipelines.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "scanner/base/descriptor.h"
#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/gate/owner_rights.h"

namespace dumpgate {
namespace {

class CheckVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("INPUT", input_, "a dump; '-' is standard input").required();
    options_.declare(app);
    setup_.declare(app, options_);
    app.footer(
        "Run by root, it opens INPUT, and then works with the rights of the owner of the log.\n"
        "Exit codes: those of scan. A verdict that could not be logged holds.");
  }

  int run() override {
    if (const auto settled = options_.settle(); !settled) return gate_failure(settled.error());
    const bool from_stdin = input_ == "-";
    const Descriptor dump(from_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                     : ::open(input_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!dump)
      return gate_failure({ErrorCode::usage,
                           "cannot open " + input_ + ": " + std::generic_category().message(errno),
                           std::nullopt});
    // What root may read, before root's rights are given up.
    const std::string requester = "uid " + std::to_string(::getuid());
    if (const auto taken = take_owner_rights(setup_.log_directory()); !taken)
      return gate_failure(taken.error());
    if (const auto prepared = setup_.prepare(); !prepared) return gate_failure(prepared.error());
    Examiner examiner(setup_.context());
    const GateVerdict verdict =
        examiner.examine(dump.get(), {.channel = "check", .name = input_, .requester = requester});
    std::string text = printable(input_) + ": " + std::string(to_string(verdict.decision)) + ", scan " +
                       verdict.scan_id + ", " +
                       (verdict.leaf ? "leaf " + std::to_string(verdict.leaf->index) : "not logged") + "\n";
    for (const std::string& reason : verdict.reasons) text += "  " + reason + "\n";
    write_stdout(text);
    return verdict.leaf ? exit_code(verdict.decision) : exit_hold;
  }

 private:
  std::string input_{};
  GateOptions options_{};
  GateSetup setup_{};
};

constinit const CommandEntry check_instance{"check", "examine one dump, and log the verdict",
                                            &make_command<CheckVerb>};

}  // namespace

constinit const CommandEntry& check_gate_verb = check_instance;

}  // namespace dumpgate
