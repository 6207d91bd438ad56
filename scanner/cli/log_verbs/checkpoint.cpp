// dumpgate log checkpoint: the newest checkpoint, as it is or signed anew.

#include <string>

#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"

namespace dumpgate {
namespace {

class CheckpointVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log").required();
    auto sign = app.add_flag("--sign", sign_, "compare tree and checkpoint, and sign it anew");
    auto keys = app.add_option("--keys", keys_, "directory of gate.key");
    sign.needs(keys);
    keys.needs(sign);
  }

  int run() override {
    const auto note = sign_ ? fresh() : kept();
    if (!note) return log_failure(note.error());
    write_stdout(*note);
    return 0;
  }

 private:
  Result<std::string> kept() const {
    const auto reader = open_log_reader(log_, {});
    if (!reader) return reader.error();
    return reader->note();
  }

  Result<std::string> fresh() const {
    auto log = open_writable_log(log_, keys_);
    if (!log) return log.error();
    return log->log.sign_now();
  }

  std::string log_{};
  std::string keys_{};
  bool sign_ = false;
};

constinit const CommandEntry checkpoint_instance{"checkpoint", "print the newest checkpoint",
                                                 &make_command<CheckpointVerb>};

}  // namespace

constinit const CommandEntry& checkpoint_log_verb = checkpoint_instance;

}  // namespace dumpgate
