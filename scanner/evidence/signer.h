// Signer: makes Ed25519 signatures (RFC 8032, pure) with a key that it alone knows. The one rule: what
// examines dumps never holds one; the gate's signer lives in a process of its own (gate/signer_process.h).

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

using Ed25519PublicKey = std::array<std::byte, 32>;
using Ed25519Signature = std::array<std::byte, 64>;

class Signer {
 public:
  virtual ~Signer() = default;
  virtual const Ed25519PublicKey& public_key() const = 0;
  // Blocks; one thread at a time. ErrorCode::io when the signer cannot be reached.
  virtual Result<Ed25519Signature> sign(std::span<const std::byte> message) = 0;
};

// Reads an Ed25519 key as `openssl genpkey -algorithm ed25519` writes it (PKCS #8 PEM, not encrypted). A file
// that others than its owner may read is an Error (ErrorCode::usage).
Result<std::unique_ptr<Signer>> read_signing_key(const std::string& path);

// Makes a fresh key in a new file of mode 0600 (an existing one is an Error), durable when this returns.
Result<std::unique_ptr<Signer>> create_signing_key(const std::string& path);

[[nodiscard]] bool verify_ed25519(const Ed25519PublicKey& key, std::span<const std::byte> message,
                                  std::span<const std::byte> signature);

// DER SubjectPublicKeyInfo (RFC 8410), and lower-case hex of its SHA-256: the key id of envelopes.
std::vector<std::byte> ed25519_spki(const Ed25519PublicKey& key);
std::string ed25519_key_id(const Ed25519PublicKey& key);
// PEM or DER SubjectPublicKeyInfo. ErrorCode::usage for anything else.
Result<Ed25519PublicKey> read_ed25519_public_key(const std::string& path);

}  // namespace dumpgate
