// Private keys as ssh-agent keeps them in memory: encrypted under what a prekey says.

#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "scanner/base/secret_bytes.h"
#include "scanner/proof/shield.h"
#include "tests/support/test_keys.h"

namespace dumpgate::test {

inline std::string ssh_string(std::string_view text) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((text.size() >> static_cast<unsigned>(shift)) & 0xffU);
  return out + std::string(text);
}

struct ShieldedKey {
  std::string encoded{};  // as ssh-agent serializes it before it is encrypted
  std::string name{};
};

inline ShieldedKey make_shielded_ed25519() {
  const Key key = make_key("ED25519");
  std::string seed(32, '\0'), point(32, '\0');
  std::size_t size = 32;
  require(EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(seed.data()), &size) == 1,
          "private key");
  require(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(point.data()), &size) == 1,
          "public key");
  std::string encoded = ssh_string("ssh-ed25519") + ssh_string(point) + ssh_string(seed + point);
  for (char pad = 1; encoded.size() % 16 != 0; ++pad) encoded += pad;
  return {encoded, name_of(key)};
}

inline std::string encrypted(const std::string& plain, std::span<const std::byte> prekey) {
  const SecretBytes key = shield_key(prekey);
  const auto* const at = reinterpret_cast<const unsigned char*>(key.data());
  std::string out(plain.size(), '\0');
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  int size = 0;
  const bool done = EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, at, at + 32) == 1 &&
                    EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                                      reinterpret_cast<const unsigned char*>(plain.data()),
                                      static_cast<int>(plain.size())) == 1;
  EVP_CIPHER_CTX_free(context);
  require(done, "AES-256-CTR");
  return out;
}

}  // namespace dumpgate::test
