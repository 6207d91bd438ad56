// dumpgate version: the program's version and the digest of the signatures it was built with.

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/detect/signature.h"

namespace dumpgate {
namespace {

class VersionCommand final : public Command {
 public:
  void declare(CommandLine& app) override { (void)app; }
  int run() override {
    const auto signatures = SignatureSet::builtin();
    if (!signatures) return exit_internal;
    write_stdout("dumpgate " + std::string(program_version) + "\nsignatures sha256:" + signatures->sha256() +
                 "\n");
    return 0;
  }
};

constinit const CommandEntry version_instance{"version", "print version and signature digest",
                                              &make_command<VersionCommand>};

}  // namespace

constinit const CommandEntry& version_command = version_instance;

}  // namespace dumpgate
