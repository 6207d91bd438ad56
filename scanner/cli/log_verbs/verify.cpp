// dumpgate log verify: everything that a log says about itself, checked.

#include <string>

#include "scanner/base/printable.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/index.h"
#include "scanner/evidence/log_audit.h"

namespace dumpgate {
namespace {

class VerifyVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("DIR", log_, "directory of the log").required();
    app.add_option("--vkey", verifier_key_, "the log's verifier key; else the one in DIR is believed");
    app.add_option("--consistent-with", old_, "an older checkpoint, which the log must extend");
  }

  int run() override {
    const auto reader = open_log_reader(log_, verifier_key_);
    if (!reader) return log_failure(reader.error());
    if (!old_.empty()) {
      const auto note = read_input_text(old_, most_note_bytes);
      if (!note) return log_failure(note.error());
      if (const auto seen = open_checkpoint(*note, reader->verifier()); !seen)
        return log_failure({seen.error().code, old_ + ": " + seen.error().message, std::nullopt});
      if (const auto extends = reader->extends(*note); !extends) return log_failure(extends.error());
    }
    const auto audit = audit_log(*reader);
    if (!audit) return log_failure(audit.error());
    write_stdout(printable(reader->verifier().name) + ": " + std::to_string(audit->leaves) + " entries and " +
                 std::to_string(audit->artifacts) + " artifacts verified" +
                 (audit->removed == 0
                      ? ""
                      : "; " + std::to_string(audit->removed) + " removed, as the log itself says") +
                 (old_.empty() ? "" : "; it extends the older checkpoint") + "\n");
    // The index is a cache: that it was false is worth knowing, and no fault of the log.
    const auto index = rebuild_index(*reader);
    if (!index) return log_failure(index.error());
    if (*index == IndexState::different)
      write_stderr("dumpgate: the index was not what the log says; it is made anew\n");
    return 0;
  }

 private:
  std::string log_{};
  std::string verifier_key_{};
  std::string old_{};
};

constinit const CommandEntry verify_instance{"verify", "check every entry, tile, signature and artifact",
                                             &make_command<VerifyVerb>};

}  // namespace

constinit const CommandEntry& verify_log_verb = verify_instance;

}  // namespace dumpgate
