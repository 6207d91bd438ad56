// dumpgate gate run: the gate between an input directory and a release directory.

#include <string>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/gate/gate.h"
#include "scanner/gate/owner_rights.h"

namespace dumpgate {
namespace {

class RunVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    options_.declare(app);
    options_.need("spool", app.add_option("--in", in_, "directory that producers write to"));
    options_.need("spool", app.add_option("--release", release_, "directory of what may leave"));
    options_.need("spool", app.add_option("--quarantine", quarantine_, "directory of everything else, 0700"));
    options_.bind(
        "run",
        app.add_option("--workers", gate_.workers, "dumps examined at a time; default 1").in_range(1, 256));
    options_.bind("run", app.add_option("--reserve", reserve_,
                                        "room that stays free on the disks, like 1GiB (the default)"));
    options_.bind("run", app.add_option("--rescan", gate_.rescan_seconds,
                                        "seconds between looks at the input; default 5")
                             .in_range(1, 3600));
    options_.bind("run", app.add_option("--heartbeat", gate_.heartbeat_seconds,
                                        "seconds between signs of life in the log; default 3600")
                             .in_range(1, 1'000'000));
    app.add_flag("--once", gate_.once, "handle what is there, and end");
    setup_.declare(app, options_);
    app.footer(
        "Run by root, it works with the rights of the owner of the quarantine, and may still take files of "
        "others.\n"
        "Exit codes: 0 ended as asked (a verdict is in the log), 2 usage, 4 the log cannot be written or "
        "an internal error,\n128+n ended by signal n.");
  }

  int run() override {
    if (const auto settled = options_.settle(); !settled) return gate_failure(settled.error());
    if (!reserve_.empty()) {
      const auto bytes = parse_size(reserve_);
      if (!bytes) return gate_failure(bytes.error());
      gate_.reserve = *bytes;
    }
    if (const auto taken = take_owner_rights(quarantine_, KeptRights::of_intake); !taken)
      return gate_failure(taken.error());
    const auto spool = Spool::open(quarantine_, release_);
    if (!spool) return gate_failure(spool.error());
    const auto intake = Intake::open(*spool, in_, gate_.reserve);
    if (!intake) return gate_failure(intake.error());
    if (const auto prepared = setup_.prepare(); !prepared) return gate_failure(prepared.error());
    const auto count = run_gate(*spool, *intake, setup_.context(), gate_, stop_requested,
                                [](const std::string& line) { write_stderr("dumpgate: " + line + "\n"); });
    if (!count) return gate_failure(count.error());
    return 0;
  }

 private:
  std::string in_{}, release_{}, quarantine_{}, reserve_{};
  GateOptions options_{};
  GateSettings gate_{};
  GateSetup setup_{};
};

constinit const CommandEntry run_instance{"run", "watch a directory, and release what may leave",
                                          &make_command<RunVerb>};

}  // namespace

constinit const CommandEntry& run_gate_verb = run_instance;

}  // namespace dumpgate
