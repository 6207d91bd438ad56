// dumpgate gate receive: the forced command of a key in authorized_keys; takes uploads into the gate's input
// directory.

#include "scanner/gate/adapters/receive.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <string>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/gate_verb.h"
#include "scanner/cli/settings.h"

namespace dumpgate {
namespace {

class ReceiveVerb final : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--in", settings_.in, "the gate's input directory")->required();
    app.add_option("--max-size", max_size_, "of one file, like 64GiB (the default)");
    app.footer(
        "What the sender wants is read from SSH_ORIGINAL_COMMAND: sftp, rsync, scp, dd of=NAME.\n"
        "Exit codes: 0 everything that was sent is in the input directory, 1 not everything, 2 usage.");
  }

  int run() override {
    if (!max_size_.empty()) {
      const auto size = parse_size(max_size_);
      if (!size) {
        write_stderr("dumpgate: " + printable(size.error().message) + "\n");
        return exit_usage;
      }
      settings_.most_bytes = *size;
    }
    const char* const command = std::getenv("SSH_ORIGINAL_COMMAND");  // NOLINT(concurrency-mt-unsafe)
    return receive(command == nullptr ? std::string() : std::string(command), settings_);
  }

 private:
  ReceiveSettings settings_{};
  std::string max_size_{};
};

constinit const CommandEntry instance{"receive", "take uploads in: the forced command of an SSH key",
                                      &make_command<ReceiveVerb>};

}  // namespace

constinit const CommandEntry& receive_gate_verb = instance;

}  // namespace dumpgate
