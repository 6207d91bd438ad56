// The options that verbs of `gate` share, and what they are prepared into: the log with the signer's process
// (LogSetup), and for those that examine dumps all that an examination needs (GateSetup). The one rule:
// whatever cannot be opened or understood is a usage error before the first dump is taken in.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "scanner/base/result.h"
#include "scanner/cli/gate_options.h"
#include "scanner/cli/settings.h"
#include "scanner/gate/examiner.h"
#include "scanner/gate/signer_process.h"

namespace dumpgate {

class CommandLine;

// Outlives everything that is done with its log. Not movable: parts point at each other.
class LogSetup {
 public:
  void declare(CommandLine& app, GateOptions& options);
  // Fills in the context's log, identity and sandbox. Forks the signer: before any thread exists.
  Result<void> prepare(GateContext& context);
  const std::string& keys_directory() const { return keys_directory_; }
  const std::string& log_directory() const { return log_directory_; }

 private:
  std::string log_directory_{};
  std::string keys_directory_{};
  bool weaker_sandbox_ = false;
  std::unique_ptr<SignerProcess> signer_{};
  std::optional<EvidenceLog> log_{};
};

// Outlives everything that is done with context(). Not movable.
class GateSetup {
 public:
  void declare(CommandLine& app, GateOptions& options);
  // As LogSetup::prepare.
  Result<void> prepare();
  GateContext& context() { return context_; }
  const std::string& log_directory() const { return log_.log_directory(); }

 private:
  LogSetup log_{};
  ScanSettings settings_{};
  std::string temporary_ = "/var/tmp";
  unsigned timeout_ = 120;
  Prepared prepared_{};
  GateContext context_{};
};

// Prints the error as the program says things; its exit code.
int gate_failure(const Error& error);

}  // namespace dumpgate
