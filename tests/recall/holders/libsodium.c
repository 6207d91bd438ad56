// An Ed25519 key in malloc'ed memory, as libsodium's callers hold it: seed and public key, 64 bytes.
// recall-needs: libsodium-dev libsodium23
// recall-version: libsodium23
// recall-build: gcc -O2 {source} -lsodium -o {build}/program
// recall-run: {build}/program {pkcs8_der}
// recall-kinds: ed25519

#include "holder.h"

#include <sodium.h>

static unsigned char* secret;

static void sign(void) {
  unsigned char signature[crypto_sign_BYTES];
  require(crypto_sign_detached(signature, NULL, message, message_bytes, secret) == 0, "sign");
}

static void release(void) { free(secret); }

int main(int argc, char** argv) {
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  size_t size = 0;
  require(sodium_init() >= 0, "init");
  unsigned char* file = read_file(argv[argc - 1], &size);
  secret = (unsigned char*)malloc(crypto_sign_SECRETKEYBYTES);
  require(size == 48, "PKCS #8 of a seed");
  crypto_sign_seed_keypair(public_key, secret, file + 16);
  forget_file(file, size);
  serve(sign, release);
}
