// dumpgate gate config: whether a configuration file says nothing but what the gate's verbs understand.

#include <string>

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/gate_setup.h"
#include "scanner/cli/gate_verb.h"

namespace dumpgate {
namespace {

class ConfigVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("FILE", file_, "a configuration, as --config takes it").required();
    app.footer(
        "Says nothing of the files and directories that it names.\n"
        "Exit codes: 0 every setting is known and of its kind, 2 one is not, or the file cannot be read.");
  }

  int run() override {
    const auto config = read_config_file(file_);
    if (!config) return gate_failure(config.error());
    if (const auto checked = check_config(*config); !checked) return gate_failure(checked.error());
    write_stdout(config->path + ": " + std::to_string(config->values.size()) + " settings, all known\n");
    return 0;
  }

 private:
  std::string file_{};
};

constinit const CommandEntry config_instance{"config", "check a configuration file of the gate",
                                             &make_command<ConfigVerb>};

}  // namespace

constinit const CommandEntry& config_gate_verb = config_instance;

}  // namespace dumpgate
