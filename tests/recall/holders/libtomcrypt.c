// A key in libtomcrypt's structures with libtommath numbers, imported from PKCS #1 or SEC 1 DER.
// recall-needs: libtomcrypt-dev libtomcrypt1 libtommath-dev
// recall-version: libtomcrypt1
// recall-build: gcc -O2 -DLTM_DESC {source} -ltomcrypt -ltommath -o {build}/program
// recall-run: {build}/program {kind} {traditional_der}
// recall-kinds: rsa-2048 rsa-3072 p-256 p-384

#include "holder.h"

#include <tomcrypt.h>

static char kind;
static rsa_key rsa;
static ecc_key ec;
static prng_state prng;

static void sign(void) {
  unsigned char signature[1024], digest[32] = {1};
  unsigned long size = sizeof signature;
  if (kind == 'r') {
    require(rsa_sign_hash_ex(digest, 32, signature, &size, LTC_PKCS_1_V1_5, &prng, find_prng("sprng"),
                             find_hash("sha256"), 0, &rsa) == CRYPT_OK,
            "sign");
  } else {
    require(ecc_sign_hash(digest, 32, signature, &size, &prng, find_prng("sprng"), &ec) == CRYPT_OK, "sign");
  }
}

static void release(void) {
  if (kind == 'r') {
    rsa_free(&rsa);
  } else {
    ecc_free(&ec);
  }
}

// libtomcrypt 1.18 reads no SEC 1 file: the scalar and the point are written the way ecc_import() wants them.
static void load_ec(const unsigned char* der, size_t size) {
  const unsigned long bytes = der[6];
  const unsigned char* point = der + size - 2 * bytes;
  unsigned char flags[1] = {1}, packed[512];
  unsigned long packed_size = sizeof packed, short_size = bytes;
  void *x = NULL, *y = NULL, *d = NULL;
  ltc_init_multi(&x, &y, &d, NULL);
  mp_read_unsigned_bin(x, (unsigned char*)point, bytes);
  mp_read_unsigned_bin(y, (unsigned char*)point + bytes, bytes);
  mp_read_unsigned_bin(d, (unsigned char*)der + 7, bytes);
  require(
      der_encode_sequence_multi(packed, &packed_size, LTC_ASN1_BIT_STRING, 1UL, flags, LTC_ASN1_SHORT_INTEGER,
                                1UL, &short_size, LTC_ASN1_INTEGER, 1UL, x, LTC_ASN1_INTEGER, 1UL, y,
                                LTC_ASN1_INTEGER, 1UL, d, LTC_ASN1_EOL, 0UL, NULL) == CRYPT_OK,
      "encode");
  ltc_deinit_multi(x, y, d, NULL);
  require(ecc_import(packed, packed_size, &ec) == CRYPT_OK, "load");
  zeromem(packed, sizeof packed);
}

int main(int argc, char** argv) {
  size_t size = 0;
  require(argc == 3, "usage");
  kind = argv[1][0];
  ltc_mp = ltm_desc;
  register_prng(&sprng_desc);
  register_hash(&sha256_desc);
  unsigned char* file = read_file(argv[2], &size);
  if (kind == 'r') {
    require(rsa_import(file, size, &rsa) == CRYPT_OK, "load");
  } else {
    // The length of the scalar stands at another place behind a long-form length.
    load_ec(file[1] == 0x81 ? file + 1 : file, file[1] == 0x81 ? size - 1 : size);
  }
  forget_file(file, size);
  serve(sign, release);
}
