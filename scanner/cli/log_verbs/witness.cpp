// dumpgate log witness: compares a log with what was seen of it before, and cosigns what it is now.
// The one rule: the new state is durable before the cosignature is out.

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

std::uint64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

class WitnessVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log, or a copy of it").required();
    app.add_option("--vkey", verifier_key_, "the log's verifier key; else the one in its directory");
    app.add_option("--state", state_, "what was seen last: verifier key and checkpoint; made when missing")
        .required();
    app.add_option("--key", key_, "the witness's Ed25519 key (PKCS #8 PEM, mode 0600)").required();
    app.add_option("--name", name_, "the witness's name, like witness.example.org/w1").required();
  }

  int run() override {
    const auto note = cosign();
    if (!note) return log_failure(note.error());
    write_stdout(*note);
    return 0;
  }

 private:
  Result<std::string> cosign() const {
    auto signer = read_signing_key(key_);
    if (!signer) return signer.error();
    std::string trusted = verifier_key_;
    std::string seen;
    if (path_exists(state_))
      if (const auto read = read_state(trusted, seen); !read) return read.error();
    const auto reader = open_log_reader(log_, trusted);
    if (!reader) return reader.error();
    if (!seen.empty())
      if (const auto extends = reader->extends(seen); !extends) return extends.error();
    // All of it: a witness that vouches for a tree has seen the tree.
    if (const auto whole = reader->verify_all([](std::uint64_t, std::string_view) { return Result<void>(); });
        !whole)
      return whole.error();
    auto cosigned = cosign_checkpoint(reader->note(), name_, **signer, seconds_now());
    if (!cosigned) return cosigned.error();
    const std::string state = reader->verifier().text() + "\n" + reader->note();
    if (const auto kept = replace_file(state_, std::as_bytes(std::span(state)), 0600); !kept)
      return kept.error();
    return cosigned;
  }

  // The first line is the verifier key, the rest the checkpoint.
  Result<void> read_state(std::string& trusted, std::string& seen) const {
    const auto text = read_input_text(state_, most_note_bytes);
    if (!text) return text.error();
    const std::size_t end = text->find('\n');
    const std::string key = text->substr(0, end);
    const auto verifier = parse_note_verifier(key);
    // It says nothing about the log: not checked, and not found to be false.
    if (end == std::string::npos || !verifier || !open_checkpoint(text->substr(end + 1), *verifier))
      return Error{ErrorCode::io, state_ + " is not the state of a witness, or is damaged", std::nullopt};
    if (!trusted.empty() && trusted != key)
      return Error{ErrorCode::usage, state_ + " is of a log with another key", std::nullopt};
    trusted = key;
    seen = text->substr(end + 1);
    return {};
  }

  std::string log_{};
  std::string verifier_key_{};
  std::string state_{};
  std::string key_{};
  std::string name_{};
};

constinit const CommandEntry witness_instance{"witness", "cosign a log that extends what was seen before",
                                              &make_command<WitnessVerb>};

}  // namespace

constinit const CommandEntry& witness_log_verb = witness_instance;

}  // namespace dumpgate
