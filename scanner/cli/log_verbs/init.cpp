// dumpgate log init: a new log and the keys that go with it. The one rule: killed at any step, the same
// command finishes what it began; until then nobody can use the keys.

#include <filesystem>
#include <string>

#include "scanner/base/base64.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/key_directory.h"
#include "scanner/io/durable_file.h"

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
    const std::string log_path = std::filesystem::absolute(log_).lexically_normal().string();
    const auto making = KeyMaking::begin(keys_, origin_ + " in " + log_path);
    if (!making) return log_failure(making.error());
    // Neither shall a directory that will not do.
    if (!making->goes_on())
      if (const auto vacant = EvidenceLog::check_vacant(log_); !vacant) return log_failure(vacant.error());
    const auto signer = making->keys();
    if (!signer) return log_failure(signer.error());
    const auto log = make_log(**signer, making->goes_on());
    if (!log) return log_failure(log.error());
    if (const auto finished = making->finish(); !finished) return log_failure(finished.error());
    write_stdout(log->verifier().text() + "\n" + pem_of((*signer)->public_key()));
    return 0;
  }

 private:
  // The log may be there when everything was done but to say so.
  Result<EvidenceLog> make_log(Signer& signer, bool goes_on) const {
    if (!goes_on || !path_exists(log_ + "/" + std::string(checkpoint_file)))
      return EvidenceLog::create(log_, origin_, signer);
    auto log = EvidenceLog::open(log_, signer);
    if (log && log->verifier().name != origin_)
      return Error{ErrorCode::usage, log_ + " is another log", std::nullopt};
    return log;
  }

  std::string log_{};
  std::string origin_{};
  std::string keys_{};
};

constinit const CommandEntry init_instance{"init", "make a new log and its keys", &make_command<InitVerb>};

}  // namespace

constinit const CommandEntry& init_log_verb = init_instance;

}  // namespace dumpgate
