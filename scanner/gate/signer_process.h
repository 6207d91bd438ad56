// SignerProcess: a Signer whose key lives in a forked, confined process that can do nothing but sign. The one
// rule: it signs what a log is made of, and nothing else: envelopes of in-toto statements and checkpoints of
// the one log that it was started for. Whoever takes over the gate can have things logged, but cannot carry
// the key away; whoever takes over a worker reaches neither.
//
// Several processes that were forked from the one that started it may sign: a lock keeps them apart, and a
// nonce throws away the answer to somebody who died waiting.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/evidence/signer.h"
#include "scanner/gate/sandbox.h"

namespace dumpgate {

class SignerProcess final : public Signer {
 public:
  // Reads the key in the new process. `origin`: the log's. ErrorCode::usage when the key cannot be read, as
  // read_signing_key says; ErrorCode::unsupported when it cannot be confined as the policy demands. The
  // process ends when everybody who holds its socket has.
  static Result<std::unique_ptr<SignerProcess>> start(const std::string& key_file, const std::string& origin,
                                                      const SandboxPolicy& policy);
  ~SignerProcess() override;
  SignerProcess(const SignerProcess&) = delete;
  SignerProcess& operator=(const SignerProcess&) = delete;

  const Ed25519PublicKey& public_key() const override { return public_key_; }
  Result<Ed25519Signature> sign(std::span<const std::byte> message) override;

  int pid() const { return pid_; }

 private:
  SignerProcess(int pid, int socket, int lock) : pid_(pid), socket_(socket), lock_(lock) {}
  Result<Ed25519Signature> ask(std::span<const std::byte> request);

  int pid_;
  int owner_ = 0;  // the process that started it, and that waits for its end
  int socket_;
  int lock_;
  Ed25519PublicKey public_key_{};
};

// Whether the message is one that a log's signer makes signatures of.
[[nodiscard]] bool is_signable(std::string_view message, std::string_view origin);

}  // namespace dumpgate
