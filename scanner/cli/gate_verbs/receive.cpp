// dumpgate gate receive: the forced command of a key in authorized_keys; takes uploads into the gate's input
// directory.

#include "scanner/gate/adapters/receive.h"

#include <cstdlib>
#include <string>

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/cli/settings.h"

namespace dumpgate {
namespace {

class ReceiveVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    options_.declare(app);
    options_.need("spool", app.add_option("--in", settings_.in, "the gate's input directory"));
    options_.bind("receive",
                  app.add_option("--max-size", max_size_, "of one file, like 64GiB (the default)"));
    app.footer(
        "What the sender wants is read from SSH_ORIGINAL_COMMAND: sftp, rsync, scp, dd of=NAME.\n"
        "Exit codes: 0 everything that was sent is in the input directory, 1 not everything, 2 usage.");
  }

  int run() override {
    if (const auto settled = options_.settle(); !settled) return gate_failure(settled.error());
    if (!max_size_.empty()) {
      const auto size = parse_size(max_size_);
      if (!size) return gate_failure(size.error());
      settings_.most_bytes = *size;
    }
    const char* const command = std::getenv("SSH_ORIGINAL_COMMAND");  // NOLINT(concurrency-mt-unsafe)
    return receive(command == nullptr ? std::string() : std::string(command), settings_);
  }

 private:
  GateOptions options_{};
  ReceiveSettings settings_{};
  std::string max_size_{};
};

constinit const CommandEntry receive_instance{"receive", "take uploads in: the forced command of an SSH key",
                                              &make_command<ReceiveVerb>};

}  // namespace

constinit const CommandEntry& receive_gate_verb = receive_instance;

}  // namespace dumpgate
