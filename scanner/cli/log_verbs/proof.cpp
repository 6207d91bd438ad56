// dumpgate log proof: what shows, without the log, that an entry is in it.

#include <cstdint>
#include <string>

#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"

namespace dumpgate {
namespace {

class ProofVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log").required();
    app.add_option("--index", index_, "the entry").required();
  }

  int run() override {
    const auto reader = open_log_reader(log_, {});
    if (!reader) return log_failure(reader.error());
    const auto proof = reader->proof(index_);
    if (!proof) return log_failure(proof.error());
    write_stdout(proof->text());
    return 0;
  }

 private:
  std::string log_{};
  std::uint64_t index_ = 0;
};

constinit const CommandEntry proof_instance{"proof", "print the proof (c2sp.org/tlog-proof@v1) of an entry",
                                            &make_command<ProofVerb>};

}  // namespace

constinit const CommandEntry& proof_log_verb = proof_instance;

}  // namespace dumpgate
