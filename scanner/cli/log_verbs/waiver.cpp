// dumpgate log waiver: two people allow one dump to leave. The one rule: what is signed is shown first.

#include <optional>
#include <string>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/waiver.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

std::string shown(const Waiver& waiver) {
  return "dump     " + waiver.dump_sha256 + "\nreason   " + printable(waiver.reason) + "\nexpires  " +
         iso_date(waiver.expires) + "\n";
}

class WaiverVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.require_subcommand();
    create_ = app.add_subcommand("create", "write a waiver with the first signature");
    create_->add_option("--dump-sha256", dump_, "digest of the dump that may leave").required();
    create_->add_option("--reason", reason_, "why, for whoever reads the log").required();
    create_->add_option("--expires", expires_, "last day on which it holds: 2026-12-31").required();
    create_->add_option("--key", key_, "the approver's Ed25519 private key (PEM)").required();
    create_->add_option("--out", file_, "file to write; must not exist").required();
    sign_ = app.add_subcommand("sign", "show a waiver and add a signature to it");
    sign_->add_option("FILE", file_, "the waiver").required();
    sign_->add_option("--key", key_, "the approver's Ed25519 private key (PEM)").required();
    check_ = app.add_subcommand("check", "whether a waiver holds today");
    check_->add_option("FILE", file_, "the waiver").required();
    check_->add_option("--dump-sha256", dump_, "digest of the dump").required();
    check_->add_option("--approvers", approvers_, "directory of the approvers' public keys").required();
  }

  int run() override {
    if (check_->was_named()) return check();
    const auto signer = read_signing_key(key_);
    if (!signer) return log_failure(signer.error());
    return create_->was_named() ? create(**signer) : sign(**signer);
  }

 private:
  int create(Signer& signer) const {
    const auto expires = parse_day(expires_);
    if (!expires) return log_failure({ErrorCode::usage, "no such day: " + expires_, std::nullopt});
    if (*expires < utc_today())
      return log_failure({ErrorCode::usage,
                          "the waiver would never hold: " + expires_ + " is over (today is " +
                              iso_date(utc_today()) + ", UTC)",
                          std::nullopt});
    if (path_exists(file_)) return log_failure({ErrorCode::usage, file_ + " exists", std::nullopt});
    const auto waiver = create_waiver(dump_, reason_, *expires, signer);
    if (!waiver) return log_failure(waiver.error());
    return write(*waiver);
  }

  int sign(Signer& signer) const {
    const auto envelope = read();
    if (!envelope) return log_failure(envelope.error());
    const auto waiver = read_unverified_waiver(*envelope);
    if (!waiver) return log_failure(waiver.error());
    write_stdout(shown(*waiver));
    const auto sealed = sign_waiver(*envelope, signer);
    if (!sealed) return log_failure(sealed.error());
    return write(*sealed);
  }

  int check() const {
    if (!is_sha256_hex(dump_))
      return log_failure(
          {ErrorCode::usage, "not a SHA-256 in lower-case hexadecimal: " + dump_, std::nullopt});
    const auto envelope = read();
    if (!envelope) return log_failure(envelope.error());
    const auto approvers = read_approvers(approvers_);
    if (!approvers) return log_failure(approvers.error());
    const auto waiver = open_waiver(*envelope, *approvers, dump_, utc_today());
    if (!waiver) {
      write_stderr("dumpgate: " + printable(waiver.error().message) + "\n");
      return exit_block;
    }
    std::string out = shown(*waiver);
    for (const Approver& approver : waiver->approvers)
      out += "approver " + approver.person + ", key " + ed25519_key_id(approver.key) + "\n";
    write_stdout(out);
    return 0;
  }

  Result<std::string> read() const {
    auto text = read_input_text(file_, most_envelope_bytes + 1);
    if (text && text->ends_with('\n')) text->pop_back();
    return text;
  }

  int write(const std::string& envelope) const {
    const std::string line = envelope + "\n";
    const auto written = replace_file(file_, std::as_bytes(std::span(line)), 0644);
    if (!written) return log_failure(written.error());
    return 0;
  }

  std::optional<CommandLine> create_{};
  std::optional<CommandLine> sign_{};
  std::optional<CommandLine> check_{};
  std::string dump_{};
  std::string reason_{};
  std::string expires_{};
  std::string key_{};
  std::string file_{};
  std::string approvers_{};
};

constinit const CommandEntry waiver_instance{"waiver", "let two people allow one dump to leave",
                                             &make_command<WaiverVerb>};

}  // namespace

constinit const CommandEntry& waiver_log_verb = waiver_instance;

}  // namespace dumpgate
