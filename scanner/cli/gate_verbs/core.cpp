// dumpgate gate core: the handler that core_pattern names (core(5)), and the server of a coredump socket.

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/gate/adapters/core_keeper.h"
#include "scanner/gate/adapters/coredump_socket.h"
#include "scanner/gate/adapters/listener.h"
#include "scanner/gate/owner_rights.h"
#include "scanner/gate/passage.h"
#include "scanner/gate/spool.h"

namespace dumpgate {
namespace {

constexpr unsigned most_cores = 8;  // at a time, of a socket; the kernel's side waits
constexpr std::chrono::seconds agreement{10};

class CoreVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    // The crashed process chose some of them, its host's name for one: after the first, nothing is an option.
    app.add_option("VALUE", values_, "the values of %P %u %g %s %t %c %h %d %E, after all options");
    app.options_come_first();
    options_.declare(app);
    options_.need("spool", app.add_option("--quarantine", quarantine_,
                                          "directory of every core until it is released, 0700"));
    options_.need("spool", app.add_option("--release", release_, "directory of what may leave"));
    options_.bind("core", app.add_flag("--refuse", core_.refuse,
                                       "drop what may not leave, instead of keeping it in quarantine"));
    app.add_option("--coredump-socket", socket_,
                   "serve this path, as '@@PATH' in core_pattern names it, instead of reading one core");
    setup_.declare(app, options_);
    app.footer(
        "Exit codes: as those of scan; a dropped core is a hold. Run by root, it works with the rights of "
        "the\n"
        "owner of the quarantine; of a coredump socket, once it listens.");
  }

  int run() override {
    if (const auto settled = options_.settle(); !settled) return gate_failure(settled.error());
    if (!socket_.empty() && !values_.empty())
      return gate_failure({ErrorCode::usage, "--coredump-socket takes no VALUE", std::nullopt});
    if (!socket_.empty()) return serve();
    const auto facts = core_facts(values_);
    if (!facts) return gate_failure(facts.error());
    if (const auto taken = take_owner_rights(quarantine_); !taken) return gate_failure(taken.error());
    const auto spool = Spool::open(quarantine_, release_);
    if (!spool) return gate_failure(spool.error());
    if (const auto prepared = setup_.prepare(); !prepared) return gate_failure(prepared.error());
    const PassageOutcome outcome =
        keep_core(STDIN_FILENO, *facts, "core-pattern", core_, *spool, setup_.context());
    write_stderr("dumpgate: " + outcome.message + "\n");
    return outcome.end == PassageEnd::released ? exit_release : exit_code(outcome.decision);
  }

 private:
  int serve() {
    std::vector<Descriptor> listeners;
    auto listener = listen_on_path(socket_, 0600);
    if (!listener) return gate_failure(listener.error());
    listeners.push_back(std::move(*listener));
    // The path may lie where root alone may listen. What is to be read of those who dump core needs one right
    // more.
    if (const auto taken = take_owner_rights(quarantine_, KeptRights::of_peers); !taken)
      return gate_failure(taken.error());
    const auto spool = Spool::open(quarantine_, release_);
    if (!spool) return gate_failure(spool.error());
    if (const auto prepared = setup_.prepare(); !prepared) return gate_failure(prepared.error());
    write_stderr("dumpgate: coredump socket on " + printable(socket_) + "\n");
    serve_connections(listeners, most_cores, stop_requested, [&](int number) {
      try {
        const auto facts = peer_of_coredump(number);
        if (!facts) return (void)gate_failure(facts.error());
        if (const auto given = give_up_kept_rights(); !given) return (void)gate_failure(given.error());
        TimedSocket socket(number);
        const auto agreed = agree_on_coredump(socket, true, std::chrono::steady_clock::now() + agreement);
        if (!agreed) return (void)gate_failure(agreed.error());
        const PassageOutcome outcome =
            keep_core(number, *facts, "coredump-socket", core_, *spool, setup_.context());
        write_stderr("dumpgate: " + outcome.message + "\n");
      } catch (const std::exception& error) {  // out of memory: it leaves by no way but this
        write_stderr("dumpgate: a core was not examined: " + printable(error.what()) + "\n");
      }
    });
    return 0;
  }

  GateOptions options_{};
  GateSetup setup_{};
  CoreSettings core_{};
  std::string quarantine_{}, release_{};
  std::vector<std::string> values_{};
  std::string socket_{};
};

constinit const CommandEntry core_instance{
    "core", "examine a core as it is born: the handler in core_pattern", &make_command<CoreVerb>};

}  // namespace

constinit const CommandEntry& core_gate_verb = core_instance;

}  // namespace dumpgate
