#include "samples/signing_service/key_ring.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <stdexcept>

#include "samples/signing_service/base64url.h"

namespace signing_service {
namespace {

using Pkey = OpenSsl<EVP_PKEY, EVP_PKEY_free>;
using Bytes = std::vector<unsigned char>;

Pkey load(KeyHalf half, const std::string& file) {
  const OpenSsl<BIO, BIO_free_all> bio(BIO_new_file(file.c_str(), "rb"));
  if (!bio) {
    throw std::runtime_error(file + ": cannot be opened");
  }
  Pkey pkey(half == KeyHalf::private_half ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)
                                          : PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!pkey) {
    throw std::runtime_error(file + ": holds no " + (half == KeyHalf::private_half ? "private" : "public") +
                             " key in PEM");
  }
  return pkey;
}

std::string algorithm_of(const EVP_PKEY* pkey, const std::string& file) {
  if (EVP_PKEY_is_a(pkey, "RSA") == 1) {
    return "RS256";
  }
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(pkey, "EC") == 1 &&
      EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) ==
          1 &&
      std::string_view(group.data()) == "prime256v1") {
    return "ES256";
  }
  throw std::runtime_error(file + ": is neither an RSA nor a P-256 key");
}

std::string spki_sha256(const EVP_PKEY* pkey) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(pkey, &der);
  if (size <= 0) {
    throw std::runtime_error("a key cannot be encoded");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int digest_size = 0;
  EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &digest_size, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < digest_size; ++i) {
    hex += digits[digest[i] >> 4U];
    hex += digits[digest[i] & 15U];
  }
  return hex;
}

// A public number of the key, big-endian, at least `width` bytes, in base64url (RFC 7518, 2: Base64urlUInt).
std::string number(const EVP_PKEY* pkey, const char* name, int width) {
  BIGNUM* found = nullptr;
  if (EVP_PKEY_get_bn_param(pkey, name, &found) != 1) {
    throw std::runtime_error(std::string("a key has no ") + name);
  }
  const OpenSsl<BIGNUM, BN_free> value(found);
  const int size = BN_num_bytes(value.get()) > width ? BN_num_bytes(value.get()) : width;
  Bytes bytes(static_cast<std::size_t>(size));
  BN_bn2binpad(value.get(), bytes.data(), size);
  return base64url(bytes);
}

std::string jwk(const Key& key) {
  std::string text = R"({"use":"sig","alg":")" + key.algorithm + R"(","kid":")" + key.id + '"';
  if (key.algorithm == "RS256") {
    text += R"(,"kty":"RSA","n":")" + number(key.pkey.get(), OSSL_PKEY_PARAM_RSA_N, 1);
    text += R"(","e":")" + number(key.pkey.get(), OSSL_PKEY_PARAM_RSA_E, 1);
  } else {
    text += R"(,"kty":"EC","crv":"P-256","x":")" + number(key.pkey.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32);
    text += R"(","y":")" + number(key.pkey.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32);
  }
  return text + "\"}";
}

}  // namespace

KeyRing::KeyRing(KeyHalf half, const std::vector<std::string>& files) : half_(half) {
  for (const std::string& file : files) {
    Pkey pkey = load(half, file);
    std::string algorithm = algorithm_of(pkey.get(), file);
    std::string id = spki_sha256(pkey.get());
    keys_.push_back({std::move(algorithm), std::move(id), std::move(pkey)});
  }
}

const Key* KeyRing::find(std::string_view algorithm) const noexcept {
  for (const Key& key : keys_) {
    if (key.algorithm == algorithm) {
      return &key;
    }
  }
  return nullptr;
}

std::string KeyRing::public_jwks() const {
  std::string text = R"({"keys":[)";
  for (const Key& key : keys_) {
    text += (text.back() == '[' ? "" : ",") + jwk(key);
  }
  return text + "]}\n";
}

}  // namespace signing_service
