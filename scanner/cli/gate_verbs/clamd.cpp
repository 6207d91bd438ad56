// dumpgate gate clamd: serves clamd's protocol until it is told to stop.

#include <string>
#include <utility>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/gate/adapters/clamd_connection.h"
#include "scanner/gate/adapters/listener.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/owner_rights.h"

namespace dumpgate {
namespace {

class ClamdVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    options_.declare(app);
    options_.need("clamd", app.add_option("--socket", socket_, "path of the socket"));
    options_.bind("clamd", app.add_option("--socket-mode", mode_, "who may connect, octal; default 660")
                               .one_of({"600", "660", "666"}));
    options_.bind("spool", app.add_option("--in", clamd_.spool,
                                          "absolute; the only directory in which SCAN looks; default: none"));
    options_.need("spool", app.add_option("--quarantine", clamd_.quarantine,
                                          "where what is received lies, without a name"));
    options_.bind("clamd",
                  app.add_option("--tcp", tcp_, "listen on this loopback address too, like 127.0.0.1:3310"));
    options_.bind("clamd", app.add_option("--max-size", max_size_, "of one dump, like 64GiB (the default)"));
    options_.bind("clamd", app.add_option("--connections", clamd_.most_connections,
                                          "served at a time; further ones wait; default 8")
                               .in_range(1, 256));
    options_.bind("clamd", app.add_option("--idle-seconds", idle_, "without a byte from a client; default 30")
                               .in_range(1, 86400));
    options_.bind(
        "clamd",
        app.add_option("--receive-seconds", receiving_, "for one stream; default 3600").in_range(1, 864000));
    setup_.declare(app, options_);
    app.footer(
        "Run by root, it works with the rights of the owner of the quarantine, whose the socket is then.\n"
        "Exit codes: 0 told to stop before anything was asked, 2 usage, 128+n ended by signal n.");
  }

  int run() override {
    if (const auto settled = options_.settle(); !settled) return gate_failure(settled.error());
    if (!max_size_.empty()) {
      const auto size = parse_size(max_size_);
      if (!size) return gate_failure(size.error());
      clamd_.most_bytes = *size;
    }
    clamd_.idle = std::chrono::seconds{idle_};
    clamd_.receiving = std::chrono::seconds{receiving_};
    clamd_.version = program_version;
    if (const auto taken = take_owner_rights(clamd_.quarantine); !taken) return gate_failure(taken.error());
    if (const auto prepared = setup_.prepare(); !prepared) return gate_failure(prepared.error());
    std::vector<Descriptor> listeners;
    const auto listen = [&](Result<Descriptor> listener) -> Result<void> {
      if (!listener) return listener.error();
      listeners.push_back(std::move(*listener));
      return {};
    };
    const std::string& path = socket_;
    if (const auto made = listen(listen_on_path(path, static_cast<mode_t>(std::stoul(mode_, nullptr, 8))));
        !made)
      return gate_failure(made.error());
    if (!tcp_.empty())
      if (const auto made = listen(listen_on_loopback(tcp_)); !made) return gate_failure(made.error());
    write_stderr("dumpgate: clamd's protocol on " + printable(path) +
                 (tcp_.empty() ? "" : " and " + printable(tcp_)) + "\n");
    Examiner examiner(setup_.context());
    serve_connections(listeners, clamd_.most_connections, stop_requested,
                      [&](int socket) { serve_clamd_connection(socket, clamd_, examiner); });
    return 0;
  }

 private:
  GateOptions options_{};
  GateSetup setup_{};
  ClamdSettings clamd_{};
  std::string socket_{};
  std::string mode_ = "660";
  std::string tcp_{};
  std::string max_size_{};
  unsigned idle_ = 30;
  unsigned receiving_ = 3600;
};

constinit const CommandEntry clamd_instance{"clamd", "examine for clients of clamd's protocol",
                                            &make_command<ClamdVerb>};

}  // namespace

constinit const CommandEntry& clamd_gate_verb = clamd_instance;

}  // namespace dumpgate
