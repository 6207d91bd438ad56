// A key in an EVP_PKEY, loaded from PEM in memory, as most programs that use OpenSSL's API hold it.
// recall-needs: libssl-dev libssl3
// recall-version: libssl3
// recall-build: gcc -O2 {source} -lcrypto -o {build}/program
// recall-run: {build}/program {pkcs8_pem}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 secp256k1 brainpool-256 sm2 ed25519 ed448 dsa-2048
// recall-fast: yes

#include "holder.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

static EVP_PKEY* key;

static void sign(void) {
  unsigned char signature[1024];
  size_t size = sizeof signature;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = EVP_sha256();
  if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")) digest = NULL;
  if (EVP_PKEY_is_a(key, "SM2")) digest = EVP_sm3();
  require(EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1, "init");
  require(EVP_DigestSign(context, signature, &size, message, message_bytes) == 1, "sign");
  EVP_MD_CTX_free(context);
}

static void release(void) { EVP_PKEY_free(key); }

int main(int argc, char** argv) {
  size_t size = 0;
  unsigned char* file = read_file(argv[argc - 1], &size);
  BIO* bio = BIO_new_mem_buf(file, (int)size);
  key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
  require(key != NULL, "load");
  BIO_free(bio);
  forget_file(file, size);
  serve(sign, release);
}
