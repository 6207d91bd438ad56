// GateSetup: the options that every verb of `gate` shares which examines dumps, and what they are prepared
// into: settings, the signer's process, the log. The one rule: whatever cannot be opened or understood is a
// usage error before the first dump is taken in.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "scanner/base/result.h"
#include "scanner/cli/settings.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/signer_process.h"

namespace CLI {
class App;
}

namespace dumpgate {

// Outlives everything that is done with context(). Not movable: parts point at each other.
class GateSetup {
 public:
  void declare(CLI::App& app);
  // Forks the signer: before any thread exists.
  Result<void> prepare();
  GateContext& context() { return context_; }

 private:
  Result<void> open_log();

  ScanSettings settings_{};
  std::string log_directory_{};
  std::string keys_directory_{};
  std::string temporary_ = "/var/tmp";
  bool weaker_sandbox_ = false;
  unsigned timeout_ = 120;
  Prepared prepared_{};
  std::unique_ptr<SignerProcess> signer_{};
  std::optional<EvidenceLog> log_{};
  GateContext context_{};
};

// Prints the error as the program says things; its exit code.
int gate_failure(const Error& error);

}  // namespace dumpgate
