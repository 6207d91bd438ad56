// GateOptions: options of the gate's verbs that a configuration file can give as well. The one rule: a
// setting has one name: "--max-memory" of the group [examination] is max_memory in that table; what the
// command line says wins, and a key that no verb knows is an error.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/gate/config_file.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dumpgate {

// Lives as long as the parser.
class GateOptions {
 public:
  // Adds --config to the verb `app`, which outlives this.
  void declare(CLI::App& app);
  // Lets the configuration give the option, in this table.
  void bind(std::string_view table, CLI::Option* option);
  // The same for one that must be given by either.
  void need(std::string_view table, CLI::Option* option);

  // After parsing: takes from the configuration what the command line did not give. ErrorCode::usage.
  Result<void> settle();

 private:
  CLI::App* app_ = nullptr;
  std::string file_{};
  std::vector<CLI::Option*> needed_{};
};

// Refuses keys that no verb of the gate knows, and values that its options do not take.
Result<void> check_config(const ConfigFile& config);

}  // namespace dumpgate
