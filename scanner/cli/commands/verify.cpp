// dumpgate verify: checks a released file on the receiving side, with nothing but its receipt and the log's
// verifier key. The one rule: 0 means that every check was made and passed.

#include <string>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/evidence/receiver.h"
#include "scanner/evidence/waiver.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_key_bytes = 4096;

int fail(const Error& error) {
  write_stderr("dumpgate: " + printable(error.message) + "\n");
  return error.code == ErrorCode::internal ? exit_internal : exit_usage;
}

int exit_code_of(Answer answer) {
  switch (answer) {
    case Answer::verified:
      return exit_release;
    case Answer::refused:
      return exit_block;
    case Answer::undecided:
      return exit_hold;
  }
  return exit_hold;
}

std::string_view word(Consistency consistency) {
  switch (consistency) {
    case Consistency::unknown:
      return "unknown";
    case Consistency::first:
      return "first";
    case Consistency::proven:
      return "proven";
    case Consistency::broken:
      return "broken";
  }
  return "unknown";
}

std::string_view word(const ReceiptCheck& check) {
  switch (check.answer) {
    case Answer::verified:
      return check.waiver ? "verified, RELEASED BY A WAIVER against the verdict" : "verified";
    case Answer::refused:
      return "REFUSED";
    case Answer::undecided:
      break;
  }
  return "cannot be decided";
}

class VerifyCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("FILE", file_, "the released file; FILE.intoto.jsonl and FILE.tlog-proof lie beside it")
        .required();
    auto key = app.add_option("--vkey", key_, "the log's verifier key, as log.vkey holds it");
    auto key_file = app.add_option("--vkey-file", key_file_, "a file that holds it");
    key.excludes(key_file);
    app.add_option("--state", options_.state_directory,
                   "directory that remembers the log's checkpoints; each next one must continue them");
    app.add_flag("--first", options_.first, "accept the log as it is when nothing of it is remembered yet");
    app.add_option("--log", options_.log_directory,
                   "a copy of the log, for a receipt that does not reach what is remembered");
    app.add_option("--approvers", approvers_, "directory of the public keys of those who may sign waivers");
    app.footer(
        "Exit codes: 0 verified; 1 refused: tampered with, not released, or the log was rolled back or\n"
        "rewritten; 2 usage; 3 cannot be decided: no receipt, no proof of consistency; 4 internal error.");
  }

  int run() override {
    if (key_.empty() == key_file_.empty())
      return fail({ErrorCode::usage, "verify takes --vkey or --vkey-file", std::nullopt});
    if (options_.state_directory.empty() && (options_.first || !options_.log_directory.empty()))
      return fail({ErrorCode::usage, "--first and --log take --state", std::nullopt});
    if (!key_file_.empty()) {
      const auto bytes = read_file(key_file_, most_key_bytes);
      if (!bytes) return fail(bytes.error());
      key_.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
      if (key_.ends_with('\n')) key_.pop_back();
    }
    auto log = parse_note_verifier(key_);
    if (!log) return fail(log.error());
    options_.log = *log;
    if (!approvers_.empty()) {
      auto approvers = read_approvers(approvers_);
      if (!approvers) return fail(approvers.error());
      options_.approvers = *approvers;
    }
    const auto check = check_received_file(file_, options_);
    if (!check) return fail(check.error());
    return tell(*check);
  }

 private:
  int tell(const ReceiptCheck& check) const {
    if (check.answer != Answer::verified) {
      write_stderr("dumpgate: " + printable(file_) + ": " +
                   (check.answer == Answer::refused ? "refused: " : "cannot be decided: ") +
                   printable(check.reason) + "\n");
    }
    std::string out = printable(file_) + ": " + std::string(word(check)) + "\n";
    const auto line = [&out](std::string_view name, const std::string& value) {
      if (value.empty()) return;
      out += "  " + std::string(name);
      out.append(14 - name.size(), ' ');
      out += printable(value) + "\n";
    };
    line("sha256", check.file_sha256);
    // What is not verified is not repeated: it may be anybody's words.
    if (check.answer == Answer::verified) {
      line("verdict", check.verdict.result + " at " + check.verdict.finished + ", scan " +
                          check.verdict.scan_id + ", dumpgate " + check.verdict.version);
      line("released", check.release.time);
      if (check.waiver) {
        std::string people;
        for (const Approver& approver : check.waiver->approvers)
          people += (people.empty() ? "" : ", ") + approver.person + " (key " +
                    ed25519_key_id(approver.key).substr(0, 16) + ")";
        line("waived by", people);
        line("waived until", iso_date(check.waiver->expires));
        line("waived for", check.waiver->reason);
      }
      line("log", check.checkpoint.origin + ", entry " + std::to_string(check.leaf) + " of " +
                      std::to_string(check.checkpoint.size));
      line("consistency",
           options_.state_directory.empty()
               ? check.consistency_reason
               : std::string(word(check.consistency)) +
                     (check.consistency_reason.empty() ? "" : ": " + check.consistency_reason));
    }
    write_stdout(out);
    return exit_code_of(check.answer);
  }

  std::string file_{};
  std::string key_{};
  std::string key_file_{};
  std::string approvers_{};
  ReceiverOptions options_{};
};

constinit const CommandEntry verify_instance{"verify", "check a released file and its receipt, offline",
                                             &make_command<VerifyCommand>};

}  // namespace

constinit const CommandEntry& verify_command = verify_instance;

}  // namespace dumpgate
