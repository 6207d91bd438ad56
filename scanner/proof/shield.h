// OpenSSH's shielded private keys (8.1 and later, sshkey.c, sshkey_shield_private): SHA-512 of a prekey of 16
// KiB gives key and counter of AES-256-CTR, and the plaintext is the private key in SSH's encoding, without
// magic or checksum. The one rule: what it opens must begin with the name of a key type, and then its numbers
// must prove each other.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/shield_prekey.h"
#include "scanner/proof/finding.h"
#include "scanner/proof/prove.h"

namespace dumpgate {

inline constexpr std::size_t shield_key_size = 48;  // 32 bytes key, 16 bytes counter

// Key and counter of a prekey. Throws std::bad_alloc when OpenSSL has no memory, here and below.
SecretBytes shield_key(std::span<const std::byte> prekey);

class Shield {
 public:
  explicit Shield(std::span<const std::byte> key);  // of shield_key_size

  // How the ciphertext of a key begins, for each key type: its first eight bytes.
  std::span<const std::array<std::byte, 8>> openings() const { return openings_; }

  // open decrypts what begins with the first byte of `bytes` and judges it. True: it is a private key;
  // `finding` says which, with evidence `proof` or, when its numbers are cut off, `structure`, and its
  // length.
  bool open(std::span<const std::byte> bytes, Finding& finding, std::vector<Lead>& leads) const;

 private:
  SecretBytes key_;
  std::array<std::array<std::byte, 8>, 4> openings_{};
};

}  // namespace dumpgate
