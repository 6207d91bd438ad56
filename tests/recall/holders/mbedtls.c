// A key in an mbedtls_pk_context, parsed from PEM in memory.
// recall-needs: libmbedtls-dev libmbedcrypto7
// recall-version: libmbedcrypto7
// recall-build: gcc -O2 {source} -lmbedtls -lmbedx509 -lmbedcrypto -o {build}/program
// recall-run: {build}/program {pkcs8_pem}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 secp256k1 brainpool-256

#include "holder.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>

static mbedtls_pk_context key;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;

static void sign(void) {
  unsigned char signature[1024];
  size_t size = sizeof signature;
  require(mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, message, 32, signature, &size, mbedtls_ctr_drbg_random,
                          &drbg) == 0,
          "sign");
}

static void release(void) { mbedtls_pk_free(&key); }

int main(int argc, char** argv) {
  size_t size = 0;
  unsigned char* file = read_file(argv[argc - 1], &size);
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&drbg);
  require(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0) == 0, "seed");
  mbedtls_pk_init(&key);
  require(mbedtls_pk_parse_key(&key, file, size + 1, NULL, 0) == 0, "load");
  forget_file(file, size);
  serve(sign, release);
}
