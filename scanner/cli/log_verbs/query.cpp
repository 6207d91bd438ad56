// dumpgate log query: what the log knows of a key. The one rule: 0 means that no dump held it and each could
// say so; its codes are those of log hunt.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/key_history.h"
#include "scanner/io/durable_file.h"
#include "scanner/proof/public_key.h"

namespace dumpgate {
namespace {

struct AskedKey {
  std::string name{};
  std::string sha256{};
};

class QueryVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log").required();
    app.add_option(
           "--key", key_,
           "certificate, public key or JWKS; or the SHA-256 of a SubjectPublicKeyInfo, or the name of a "
           "secret, in hexadecimal")
        .required();
    app.add_option("--format", format_, "text or json").one_of({"text", "json"}).shows_default();
    app.add_option("--vkey", verifier_key_, "the log's verifier key; default: the one in its directory");
    app.add_flag("--rebuild", rebuild_, "read every entry of the log, and make the index anew");
    app.add_option("--index", index_,
                   "an index of your own, made when missing, instead of the one in the log's directory");
    app.footer(
        "Who can write the log's directory can take rows out of the index there, and a plain query does not\n"
        "notice. --rebuild does, and so does --index FILE with a file that is out of their reach: it is made "
        "by\n"
        "reading every entry, then only what is new, and it remembers the log, which must go on from there.");
  }

  int run() override {
    const auto keys = asked();
    if (!keys) return log_failure(keys.error());
    auto answer = ask(*keys, rebuild_);
    // A cache that is damaged or lies is made anew, once, for the log as it is by then: another query may
    // have brought the index further than the checkpoint that this one had read.
    if (!answer && !rebuild_) answer = ask(*keys, true);
    if (!answer) return log_failure(answer.error());
    write_stdout(answer->text);
    if (answer->held) return exit_block;
    return answer->unanswerable ? exit_hold : 0;
  }

 private:
  struct Answer {
    std::string text{};
    bool held = false;          // some dump held one of the keys
    bool unanswerable = false;  // some dump cannot say
  };

  Result<std::vector<AskedKey>> asked() const {
    if (is_sha256_hex(key_)) return std::vector<AskedKey>{{"", key_}};
    if (!path_exists(key_))
      return Error{ErrorCode::usage, key_ + " is neither a file nor a SHA-256 in lower-case hexadecimal",
                   std::nullopt};
    const auto keys = read_public_keys(key_);
    if (!keys) return keys.error();
    std::vector<AskedKey> all;
    for (const NamedPublicKey& key : *keys) all.push_back({key.name, key.key.sha256});
    return all;
  }

  Result<Answer> ask(const std::vector<AskedKey>& keys, bool rebuild) const {
    const auto reader = open_log_reader(log_, verifier_key_);
    if (!reader) return reader.error();
    const auto index = LogIndex::open(*reader, rebuild, index_);
    if (!index) return index.error();
    Answer answer;
    for (const AskedKey& key : keys) {
      const auto history = key_history(*reader, *index, key.sha256);
      if (!history) return history.error();
      answer.held |= std::ranges::any_of(
          history->dumps, [](const DumpHistory& dump) { return dump.relation == KeyRelation::held; });
      answer.unanswerable |= !history->unanswerable.empty();
      answer.text += format_ == "json" ? history_json(*history, key.name, reader->checkpoint())
                                       : history_text(*history, key.name, reader->checkpoint());
    }
    return answer;
  }

  std::string log_{};
  std::string key_{};
  std::string format_ = "text";
  std::string verifier_key_{};
  std::string index_{};
  bool rebuild_ = false;
};

constinit const CommandEntry query_instance{
    "query", "every dump that held or saw a key, and what became of it", &make_command<QueryVerb>};

}  // namespace

constinit const CommandEntry& query_log_verb = query_instance;

}  // namespace dumpgate
