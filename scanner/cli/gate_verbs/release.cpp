// dumpgate gate release: lets a dump leave quarantine by a waiver of two people.

#include <string>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/waiver.h"
#include "scanner/gate/owner_rights.h"
#include "scanner/gate/spool.h"
#include "scanner/gate/waived_release.h"

namespace dumpgate {
namespace {

class ReleaseVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("SCAN-ID", scan_id_, "the name of the dump's directory in quarantine").required();
    app.add_option("--waiver", waiver_, "the waiver, as 'log waiver' makes it; '-' is standard input")
        .required();
    options_.declare(app);
    options_.need("evidence", app.add_option("--approvers", approvers_,
                                             "directory of the public keys of those who may sign waivers"));
    options_.need("spool",
                  app.add_option("--quarantine", quarantine_, "the gate's directory of what may not leave"));
    options_.need("spool", app.add_option("--release", release_, "directory of what may leave"));
    setup_.declare(app, options_);
    app.footer(
        "Exit codes: 0 released, 1 refused: nothing was done, 2 usage, 3 not finished: the same again, or "
        "the "
        "gate, goes on,\n4 internal error. A gate that runs may go on running.");
  }

  int run() override {
    if (const auto settled = options_.settle(); !settled) return gate_failure(settled.error());
    // What the person may read, before the person's rights are given up.
    const auto approvers = read_approvers(approvers_);
    if (!approvers) return gate_failure(approvers.error());
    auto waiver = read_input_text(waiver_, most_envelope_bytes + 1);
    if (!waiver) return gate_failure({ErrorCode::usage, waiver.error().message, std::nullopt});
    if (waiver->ends_with('\n')) waiver->pop_back();
    if (const auto taken = take_owner_rights(quarantine_); !taken) return gate_failure(taken.error());
    const auto spool = Spool::open(quarantine_, release_);
    if (!spool) return gate_failure(spool.error());
    GateContext context;
    if (const auto prepared = setup_.prepare(context); !prepared) return gate_failure(prepared.error());
    const auto outcome = release_by_waiver(*spool, context, scan_id_, *waiver, *approvers, &utc_today);
    if (!outcome) {
      write_stderr("dumpgate: refused: " + printable(outcome.error().message) + "\n");
      const ErrorCode code = outcome.error().code;
      return code == ErrorCode::usage || code == ErrorCode::corrupt ? exit_block : exit_internal;
    }
    write_stderr("dumpgate: " + outcome->message + "\n");
    return outcome->end == PassageEnd::released ? exit_release : exit_hold;
  }

 private:
  GateOptions options_{};
  LogSetup setup_{};
  std::string scan_id_{}, waiver_{}, approvers_{}, quarantine_{}, release_{};
};

constinit const CommandEntry release_instance{
    "release", "let a dump leave quarantine by a waiver of two people", &make_command<ReleaseVerb>};

}  // namespace

constinit const CommandEntry& release_gate_verb = release_instance;

}  // namespace dumpgate
