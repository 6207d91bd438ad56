// Keys for tests, made by OpenSSL while the test runs: no key is ever committed. Everything here throws when
// OpenSSL refuses, so that a test fails where the key could not be made.

#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/io/digest.h"

namespace dumpgate::test {

using Bytes = std::vector<std::byte>;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

inline void require(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("OpenSSL cannot: " + what);
}

// "RSA", "RSA-PSS", "EC", "ED25519", ... with textual parameters, as `openssl genpkey -pkeyopt` takes them.
inline Key make_key(const char* algorithm,
                    const std::vector<std::pair<std::string, std::string>>& options = {}) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeKey> context(
      EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  require(context && EVP_PKEY_keygen_init(context.get()) == 1, algorithm);
  for (const auto& [name, value] : options) {
    require(EVP_PKEY_CTX_ctrl_str(context.get(), name.c_str(), value.c_str()) == 1, name + "=" + value);
  }
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_generate(context.get(), &key) == 1, algorithm);
  return Key(key);
}

// DSA and X9.42 DH, whose parameters are generated first.
inline Key make_key_with_parameters(const char* algorithm,
                                    const std::vector<std::pair<std::string, std::string>>& options) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeKey> context(
      EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  require(context && EVP_PKEY_paramgen_init(context.get()) == 1, algorithm);
  for (const auto& [name, value] : options) {
    require(EVP_PKEY_CTX_ctrl_str(context.get(), name.c_str(), value.c_str()) == 1, name + "=" + value);
  }
  EVP_PKEY* parameters = nullptr;
  require(EVP_PKEY_paramgen(context.get(), &parameters) == 1, algorithm);
  const Key owner(parameters);
  const std::unique_ptr<EVP_PKEY_CTX, FreeKey> generator(
      EVP_PKEY_CTX_new_from_pkey(nullptr, parameters, nullptr));
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_keygen_init(generator.get()) == 1 && EVP_PKEY_generate(generator.get(), &key) == 1,
          algorithm);
  return Key(key);
}

inline Key make_rsa(unsigned bits, unsigned primes = 2) {
  return make_key("RSA",
                  {{"rsa_keygen_bits", std::to_string(bits)}, {"rsa_keygen_primes", std::to_string(primes)}});
}

inline Key make_ec(const std::string& curve, bool explicit_parameters = false) {
  return make_key("EC", {{"ec_paramgen_curve", curve},
                         {"ec_param_enc", explicit_parameters ? "explicit" : "named_curve"}});
}

template <typename Writer>
Bytes written(const char* what, Writer writer) {
  unsigned char* bytes = nullptr;
  const int size = writer(&bytes);
  require(size > 0, what);
  const auto view = std::as_bytes(std::span(bytes, static_cast<std::size_t>(size)));
  Bytes copy(view.begin(), view.end());
  OPENSSL_free(bytes);
  return copy;
}

inline Bytes spki_of(const Key& key) {
  return written("i2d_PUBKEY", [&](unsigned char** at) { return i2d_PUBKEY(key.get(), at); });
}

inline Bytes pkcs8_of(const Key& key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeKey> info(EVP_PKEY2PKCS8(key.get()));
  require(info != nullptr, "EVP_PKEY2PKCS8");
  return written("i2d_PKCS8", [&](unsigned char** at) { return i2d_PKCS8_PRIV_KEY_INFO(info.get(), at); });
}

// PKCS #1, SEC 1 or OpenSSL's DSA.
inline Bytes traditional_of(const Key& key) {
  return written("i2d_PrivateKey", [&](unsigned char** at) { return i2d_PrivateKey(key.get(), at); });
}

inline std::string name_of(const Key& key) { return to_hex(Sha256::of(spki_of(key))); }

// Bytes that look random and are the same in each run, so that a failure can be repeated.
inline Bytes noise(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  for (auto& b : bytes) {
    seed ^= seed << 13U;
    seed ^= seed >> 7U;
    seed ^= seed << 17U;
    b = static_cast<std::byte>((seed >> 32U) & 0xffU);
  }
  return bytes;
}

// The same as a secret that signs, in text.
inline std::string random_key(std::size_t size, std::uint64_t seed) {
  const Bytes bytes = noise(size, seed);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace dumpgate::test
