#include "scanner/evidence/signer.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "scanner/base/algorithm_oids.h"
#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/base/hex.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/io/digest.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;
using Bio = std::unique_ptr<BIO, Free>;

constexpr std::size_t most_key_file_bytes = 16384;
const unsigned char* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Error defect(std::string message) { return {ErrorCode::internal, std::move(message), std::nullopt}; }

std::optional<Ed25519PublicKey> public_half(const EVP_PKEY* key) {
  Ed25519PublicKey half{};
  std::size_t size = half.size();
  if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(half.data()), &size) != 1 ||
      size != half.size())
    return std::nullopt;
  return half;
}

class KeySigner final : public Signer {
 public:
  KeySigner(Key key, const Ed25519PublicKey& half) : key_(std::move(key)), public_key_(half) {}

  const Ed25519PublicKey& public_key() const override { return public_key_; }

  Result<Ed25519Signature> sign(std::span<const std::byte> message) override {
    const Context context(EVP_MD_CTX_new());
    Ed25519Signature signature{};
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       octets(message), message.size()) != 1 ||
        size != signature.size())
      return defect("OpenSSL did not sign");
    return signature;
  }

 private:
  Key key_;
  Ed25519PublicKey public_key_;
};

Result<std::unique_ptr<Signer>> signer_of(Key key, const std::string& path) {
  if (!key) return usage(path + ": no unencrypted private key in PEM");
  const auto half = public_half(key.get());
  if (!half) return usage(path + ": not an Ed25519 key");
  return std::unique_ptr<Signer>(std::make_unique<KeySigner>(std::move(key), *half));
}

// Nobody is there to type one.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

Result<std::unique_ptr<Signer>> read_signing_key(const std::string& path) {
  const auto pem = read_secret_file(path, most_key_file_bytes);
  if (!pem) return pem.error();
  const Bio bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  if (!bio) return defect("OpenSSL has no memory");
  return signer_of(Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)), path);
}

Result<std::unique_ptr<Signer>> create_signing_key(const std::string& path) {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Bio bio(BIO_new(BIO_s_secmem()));  // wiped when it is freed
  if (!key || !bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return defect("OpenSSL did not make a key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  if (size <= 0) return defect("OpenSSL did not make a key");
  const std::span pem(reinterpret_cast<const std::byte*>(text), static_cast<std::size_t>(size));
  if (const auto written = create_secret_file(path, pem); !written) return written.error();
  return signer_of(std::move(key), path);
}

bool verify_ed25519(const Ed25519PublicKey& key, std::span<const std::byte> message,
                    std::span<const std::byte> signature) {
  const Key public_key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(key), key.size()));
  const Context context(EVP_MD_CTX_new());
  return public_key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                          message.size()) == 1;
}

std::vector<std::byte> ed25519_spki(const Ed25519PublicKey& key) {
  const auto algorithm = der_element(der::sequence, {der_oid(oid_ed25519)});
  return der_element(der::sequence, {algorithm, der_bit_string(key)});
}

std::string ed25519_key_id(const Ed25519PublicKey& key) { return to_hex(Sha256::of(ed25519_spki(key))); }

Result<Ed25519PublicKey> read_ed25519_public_key(const std::string& path) {
  const auto file = read_file(path, most_key_file_bytes);
  if (!file) return file.error().code == ErrorCode::limit ? usage(path + ": not a public key") : file.error();
  const Bio bio(BIO_new_mem_buf(file->data(), static_cast<int>(file->size())));
  if (!bio) return defect("OpenSSL has no memory");
  Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  if (!key) {
    const unsigned char* at = octets(*file);
    key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(file->size())));
    if (key && at != octets(*file) + file->size()) key.reset();
  }
  const auto half = key ? public_half(key.get()) : std::nullopt;
  if (!half) return usage(path + ": no Ed25519 public key in PEM or DER");
  return *half;
}

}  // namespace dumpgate
