// A key in a gnutls_privkey_t, imported from PEM in memory.
// recall-needs: libgnutls28-dev libgnutls30
// recall-version: libgnutls30
// recall-build: gcc -O2 {source} -lgnutls -o {build}/program
// recall-run: {build}/program {pkcs8_pem}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 ed25519 ed448 dsa-2048

#include "holder.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

static gnutls_privkey_t key;

static void sign(void) {
  gnutls_datum_t data = {(unsigned char*)message, message_bytes}, signature = {NULL, 0};
  const int algorithm = gnutls_privkey_get_pk_algorithm(key, NULL);
  gnutls_digest_algorithm_t digest = GNUTLS_DIG_SHA256;
  if (algorithm == GNUTLS_PK_EDDSA_ED25519) digest = GNUTLS_DIG_SHA512;
  if (algorithm == GNUTLS_PK_EDDSA_ED448) digest = GNUTLS_DIG_SHAKE_256;
  require(gnutls_privkey_sign_data(key, digest, 0, &data, &signature) == 0, "sign");
  gnutls_free(signature.data);
}

static void release(void) { gnutls_privkey_deinit(key); }

int main(int argc, char** argv) {
  size_t size = 0;
  unsigned char* file = read_file(argv[argc - 1], &size);
  gnutls_datum_t data = {file, (unsigned)size};
  gnutls_privkey_init(&key);
  require(gnutls_privkey_import_x509_raw(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0) == 0, "load");
  forget_file(file, size);
  serve(sign, release);
}
