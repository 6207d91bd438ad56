// dumpgate log append: one statement, or one sealed envelope, becomes a leaf.

#include <string>

#include "scanner/base/hex.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/dsse.h"

namespace dumpgate {
namespace {

class AppendVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log").required();
    app.add_option("--keys", keys_, "directory of gate.key").required();
    app.add_flag("--envelope", envelope_, "FILE is a sealed DSSE envelope, not a statement");
    app.add_option("FILE", file_, "in-toto statement (JSON on one line), or - for standard input").required();
  }

  int run() override {
    auto text = read_input_text(file_, most_envelope_bytes);
    if (!text) return log_failure(text.error());
    if (text->ends_with('\n')) text->pop_back();
    auto log = open_writable_log(log_, keys_);
    if (!log) return log_failure(log.error());
    const auto place = envelope_ ? log->log.append_envelope(*text) : log->log.append(*text);
    if (!place) return log_failure(place.error());
    write_stdout(std::to_string(place->index) + " " + to_hex(place->hash) + "\n");
    return 0;
  }

 private:
  std::string log_{};
  std::string keys_{};
  std::string file_{};
  bool envelope_ = false;
};

constinit const CommandEntry append_instance{"append", "append a statement; print its index and leaf hash",
                                             &make_command<AppendVerb>};

}  // namespace

constinit const CommandEntry& append_log_verb = append_instance;

}  // namespace dumpgate
