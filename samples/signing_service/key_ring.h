// KeyRing: the keys a token service works with, loaded from PEM files through OpenSSL as most services load
// theirs. The one rule: a ring holds private keys or public keys, never a mixture, so that a verifier cannot
// sign.

#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signing_service {

// A std::unique_ptr deleter for OpenSSL objects: OpenSsl<EVP_PKEY, EVP_PKEY_free>.
template <auto free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};
template <class T, auto free>
using OpenSsl = std::unique_ptr<T, OpenSslFree<free>>;

struct Key {
  std::string algorithm;  // JOSE (RFC 7518, 3.1): "RS256" or "ES256"
  std::string id;         // "kid": lower-case hex SHA-256 of the DER SubjectPublicKeyInfo
  OpenSsl<EVP_PKEY, EVP_PKEY_free> pkey;
};

enum class KeyHalf { private_half, public_half };

// Immutable once loaded, so all threads share it.
class KeyRing {
 public:
  // Reads one key from each file: PKCS #8 for private keys, SubjectPublicKeyInfo for public ones, both PEM.
  // Takes RSA keys (RS256) and P-256 keys (ES256). Throws std::runtime_error, naming the file, on anything
  // else.
  KeyRing(KeyHalf half, const std::vector<std::string>& files);

  bool can_sign() const noexcept { return half_ == KeyHalf::private_half; }
  const std::vector<Key>& keys() const noexcept { return keys_; }
  // nullptr when the ring has no key for the algorithm.
  const Key* find(std::string_view algorithm) const noexcept;
  // The public halves as a JWK Set (RFC 7517, 5).
  std::string public_jwks() const;

 private:
  KeyHalf half_;
  std::vector<Key> keys_;
};

}  // namespace signing_service
