// A key as libgcrypt's S-expression in ordinary memory, built from its numbers.
// recall-needs: libgcrypt20-dev libgcrypt20
// recall-version: libgcrypt20
// recall-build: gcc -O2 {source} -lgcrypt -lgpg-error -o {build}/program
// recall-run: {build}/program {sexp}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 secp256k1 brainpool-256 sm2 ed25519 ed448 dsa-2048

#include "holder.h"

#include <gcrypt.h>

static gcry_sexp_t key;
static const char* form;

static void sign(void) {
  gcry_sexp_t data = NULL, signature = NULL;
  require(gcry_sexp_build(&data, NULL, form, 32, message) == 0, "data");
  require(gcry_pk_sign(&signature, data, key) == 0, "sign");
  gcry_sexp_release(data);
  gcry_sexp_release(signature);
}

static void release(void) { gcry_sexp_release(key); }

int main(int argc, char** argv) {
  size_t size = 0;
  gcry_check_version(NULL);
  gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
  gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
  unsigned char* file = read_file(argv[argc - 1], &size);
  form = "(data (flags pkcs1) (hash sha256 %b))";
  if (strstr((char*)file, "(curve") || strstr((char*)file, "(dsa"))
    form = "(data (flags raw) (hash sha256 %b))";
  if (strstr((char*)file, "sm2p256v1")) form = "(data (flags sm2) (hash sm3 %b))";
  if (strstr((char*)file, "Ed25519")) form = "(data (flags eddsa) (hash-algo sha512) (value %b))";
  if (strstr((char*)file, "Ed448")) form = "(data (value %b))";
  require(gcry_sexp_sscan(&key, NULL, (char*)file, size) == 0, "load");
  forget_file(file, size);
  serve(sign, release);
}
