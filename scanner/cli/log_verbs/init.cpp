// dumpgate log init: a new log and the keys that go with it.

#include <string>

#include "scanner/base/base64.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/key_directory.h"

namespace dumpgate {
namespace {

std::string pem_of(const Ed25519PublicKey& key) {
  return "-----BEGIN PUBLIC KEY-----\n" + to_base64(ed25519_spki(key)) + "\n-----END PUBLIC KEY-----\n";
}

class InitVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log; new or empty").required();
    app.add_option("--origin", origin_, "name of the log, like gate1.example.org/dumps").required();
    app.add_option("--keys", keys_, "directory for gate.key and site.key, which are made").required();
  }

  int run() override {
    // A name that will not do shall not leave keys behind.
    if (!is_note_name(origin_))
      return log_failure({ErrorCode::usage, "--origin: no spaces, no plus sign", std::nullopt});
    const auto signer = create_keys(keys_);
    if (!signer) return log_failure(signer.error());
    const auto log = EvidenceLog::create(log_, origin_, **signer);
    if (!log) return log_failure(log.error());
    write_stdout(log->verifier().text() + "\n" + pem_of((*signer)->public_key()));
    return 0;
  }

 private:
  std::string log_{};
  std::string origin_{};
  std::string keys_{};
};

constinit const CommandEntry instance{"init", "make a new log and its keys", &make_command<InitVerb>};

}  // namespace

constinit const CommandEntry& init_log_verb = instance;

}  // namespace dumpgate
