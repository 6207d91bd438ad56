#include "scanner/proof/shield.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "scanner/proof/bignum.h"
#include "scanner/proof/ssh_private.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

// How the plaintext begins: the type's name with its length, and what must follow for that type.
constexpr std::array plain_openings{"\0\0\0\x07ssh-rsa\0\0"sv, "\0\0\0\x0bssh-ed25519\0"sv,
                                    "\0\0\0\x13"
                                    "ecdsa-sha2-nistp"sv,
                                    "\0\0\0\x07ssh-dss\0\0"sv};

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const unsigned char* data(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* data(SecretBytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

SecretBytes decrypted(Bytes key, Bytes bytes) {
  const std::unique_ptr<EVP_CIPHER, FreeCipher> cipher(
      EVP_CIPHER_fetch(crypto_library(), "AES-256-CTR", nullptr));
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  SecretBytes plain(bytes.size());
  int size = 0;
  const bool done =
      cipher && context &&
      EVP_DecryptInit_ex2(context.get(), cipher.get(), data(key), data(key.subspan(32)), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), data(plain), &size, data(bytes), static_cast<int>(bytes.size())) == 1;
  if (!done) throw std::bad_alloc();
  return plain;
}

bool has_opening(Bytes plain) {
  const std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
  return std::ranges::any_of(plain_openings,
                             [&](std::string_view opening) { return text.starts_with(opening); });
}

}  // namespace

SecretBytes shield_key(Bytes prekey) {
  SecretBytes hash(64);
  std::size_t size = 0;
  if (EVP_Q_digest(crypto_library(), "SHA512", nullptr, prekey.data(), prekey.size(), data(hash), &size) !=
          1 ||
      size != hash.size())
    throw std::bad_alloc();
  hash.resize(shield_key_size);
  return hash;
}

Shield::Shield(Bytes key) : key_(secret_copy(key.first(shield_key_size))) {
  static constexpr std::array<std::byte, 8> zeros{};
  const SecretBytes stream = decrypted(key_, zeros);
  for (std::size_t type = 0; type < plain_openings.size(); ++type)
    for (std::size_t i = 0; i < zeros.size(); ++i)
      openings_.at(type).at(i) = stream[i] ^ static_cast<std::byte>(plain_openings.at(type)[i]);
}

bool Shield::open(Bytes bytes, Finding& finding, std::vector<Lead>& leads) const {
  // Most that pass the first eight bytes by accident end here.
  constexpr std::size_t first_look = 32;
  if (bytes.size() < first_look || !has_opening(decrypted(key_, bytes.first(first_look)))) return false;
  const SecretBytes plain = decrypted(key_, bytes.first(std::min(bytes.size(), most_shielded)));
  SshReader reader(plain);
  const auto type = reader.text();
  if (!type) return false;
  Outcome outcome = relate_ssh_private(*type, reader);
  finding.signature = "openssh-private-key";
  finding.kind = KeyKind::private_key;
  finding.use = KeyUse::signing;
  finding.representation = "openssh-shielded";
  finding.evidence = Evidence::structure;
  finding.length = reader.position();
  finding.cut = !outcome.key;
  return apply(std::move(outcome), finding, leads);
}

}  // namespace dumpgate
