// dumpgate log hunt: which of the dumps that a log knows held a secret that was found out later. The one
// rule: 0 means that every dump was asked and none contained it; a dump that cannot be asked is no "no".

#include <string>
#include <vector>

#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/cli/settings.h"
#include "scanner/evidence/log_audit.h"
#include "scanner/evidence/retro_hunt.h"
#include "scanner/evidence/retro_report.h"

namespace dumpgate {
namespace {

class HuntVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("KEYFILE", secret_, "the secret: a private key in PEM or DER, not encrypted").required();
    app.add_option("--log", log_, "directory of the log").required();
    app.add_option("--site-key", site_key_, "the site key that the filters were made with").required();
    auto raw = app.add_flag("--raw", raw_, "the bytes of KEYFILE are the secret itself");
    app.add_flag("--hex", hex_, "KEYFILE holds the secret in hexadecimal digits").excludes(raw);
    app.add_option("--format", format_, "text or json").one_of({"text", "json"}).shows_default();
    app.add_option("--vkey", verifier_key_, "the log's verifier key; default: the one in its directory");
  }

  int run() override {
    const auto site_key = read_site_key(site_key_);
    if (!site_key) return log_failure(site_key.error());
    const auto encoding = raw_ ? SecretEncoding::raw : hex_ ? SecretEncoding::hex : SecretEncoding::key;
    auto secret = read_retro_secret(secret_, encoding);
    if (!secret) return log_failure(secret.error());
    const RetroQuery query(*secret, RetroHash(*site_key));
    const RetroAsked asked{secret->kind, secret->public_key_sha256, query.reach()};
    secret->forms.clear();  // wiped: the query holds hashes only

    const auto reader = open_log_reader(log_, verifier_key_);
    if (!reader) return log_failure(reader.error());
    RetroHunt hunt;
    // The audit reads every artifact as well: an answer from a log that was changed is none.
    const auto audit = audit_log(
        *reader, [&](std::uint64_t index, std::string_view statement) { return hunt.see(index, statement); });
    if (!audit) return log_failure(audit.error());
    const auto dumps = hunt.ask(query, [&](const std::string& sha256) { return reader->artifact(sha256); });
    write_stdout(format_ == "json" ? retro_json(asked, dumps) : retro_text(asked, dumps));
    const RetroCounts counts = count_answers(dumps);
    if (counts.contained > 0) return exit_block;
    return counts.undecidable > 0 ? exit_hold : 0;
  }

 private:
  std::string secret_{};
  std::string log_{};
  std::string site_key_{};
  std::string format_ = "text";
  std::string verifier_key_{};
  bool raw_ = false;
  bool hex_ = false;
};

constinit const CommandEntry hunt_instance{"hunt", "which dumps contained a secret, in any form",
                                           &make_command<HuntVerb>};

}  // namespace

constinit const CommandEntry& hunt_log_verb = hunt_instance;

}  // namespace dumpgate
