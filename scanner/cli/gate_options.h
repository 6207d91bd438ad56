// GateOptions: options of the gate's verbs that a configuration file can give as well. The one rule: a
// setting has one name: "--max-memory" of the group [examination] is max_memory in that table; what the
// command line says wins, and a key that no verb knows is an error.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/cli/command_line.h"
#include "scanner/gate/config_file.h"

namespace dumpgate {

// Lives as long as the parser.
class GateOptions {
 public:
  // Adds --config to the verb `app`, which outlives this.
  void declare(CommandLine& app);
  // Lets the configuration give the option, in this table.
  void bind(std::string_view table, Option option);
  // The same for one that must be given by either.
  void need(std::string_view table, Option option);

  // After parsing: takes from the configuration what the command line did not give. ErrorCode::usage.
  Result<void> settle();

 private:
  std::optional<CommandLine> app_{};
  std::string file_{};
  std::vector<Option> needed_{};
};

// Refuses keys that no verb of the gate knows, and values that its options do not take.
Result<void> check_config(const ConfigFile& config);

}  // namespace dumpgate
