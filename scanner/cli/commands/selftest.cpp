// dumpgate selftest: plants fresh keys in an image and looks whether this installation finds them.

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/engine/self_test.h"

namespace dumpgate {
namespace {

class SelfTestCommand final : public Command {
 public:
  void declare(CommandLine& app) override { (void)app; }
  int run() override {
    const auto signatures = SignatureSet::builtin();
    if (!signatures) {
      write_stderr("dumpgate: " + signatures.error().message + "\n");
      return exit_internal;
    }
    const SelfTest tested = self_test(*signatures);
    write_stdout(tested.detail + "\n" + (tested.passed ? "passed\n" : "FAILED\n"));
    return tested.passed ? 0 : exit_internal;
  }
};

constinit const CommandEntry selftest_instance{"selftest", "plant fresh keys and check that they are found",
                                               &make_command<SelfTestCommand>};

}  // namespace

constinit const CommandEntry& selftest_command = selftest_instance;

}  // namespace dumpgate
