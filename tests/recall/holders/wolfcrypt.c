// A key in wolfCrypt's own structures, decoded from PKCS #8 DER.
// recall-needs: libwolfssl-dev libwolfssl35
// recall-version: libwolfssl35
// recall-build: gcc -O2 {source} -lwolfssl -o {build}/program
// recall-run: {build}/program {kind} {pkcs8_der}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521 ed25519

#include "holder.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/rsa.h>

static char kind;
static RsaKey* rsa;
static ecc_key* ec;
static ed25519_key* ed;
static WC_RNG rng;

static void sign(void) {
  byte signature[1024], digest[32] = {1};
  word32 size = sizeof signature;
  if (kind == 'r') require(wc_RsaSSL_Sign(digest, sizeof digest, signature, size, rsa, &rng) > 0, "sign");
  if (kind == 'p') require(wc_ecc_sign_hash(digest, sizeof digest, signature, &size, &rng, ec) == 0, "sign");
  if (kind == 'e') require(wc_ed25519_sign_msg(message, message_bytes, signature, &size, ed) == 0, "sign");
}

static void release(void) {
  if (kind == 'r') wc_FreeRsaKey(rsa);
  if (kind == 'p') wc_ecc_free(ec);
  if (kind == 'e') wc_ed25519_free(ed);
  free(rsa);
  free(ec);
  free(ed);
}

static void load_rsa(const byte* der, word32 size) {
  word32 at = 0;
  rsa = (RsaKey*)malloc(sizeof *rsa);
  wc_InitRsaKey(rsa, NULL);
  require(wc_RsaPrivateKeyDecode(der, &at, rsa, size) == 0, "load");
  wc_RsaSetRNG(rsa, &rng);
}

static void load_ec(const byte* der, word32 size) {
  word32 at = 0;
  ec = (ecc_key*)malloc(sizeof *ec);
  wc_ecc_init(ec);
  require(wc_EccPrivateKeyDecode(der, &at, ec, size) == 0, "load");
}

static void load_ed25519(const byte* der, word32 size) {
  word32 at = 0;
  byte public_half[ED25519_PUB_KEY_SIZE];
  ed = (ed25519_key*)malloc(sizeof *ed);
  wc_ed25519_init(ed);
  require(wc_Ed25519PrivateKeyDecode(der, &at, ed, size) == 0, "load");
  require(wc_ed25519_make_public(ed, public_half, sizeof public_half) == 0, "public half");
  require(wc_ed25519_import_public(public_half, sizeof public_half, ed) == 0, "public half");
}

int main(int argc, char** argv) {
  size_t size = 0;
  require(argc == 3, "usage");
  kind = argv[1][0];
  unsigned char* file = read_file(argv[2], &size);
  wc_InitRng(&rng);
  if (kind == 'r') load_rsa(file, (word32)size);
  if (kind == 'p') load_ec(file, (word32)size);
  if (kind == 'e') load_ed25519(file, (word32)size);
  forget_file(file, size);
  serve(sign, release);
}
