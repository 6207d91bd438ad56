// A key imported from PKCS #8 DER as a session object of NSS's software token.
// recall-needs: libnss3-dev libnss3
// recall-version: libnss3
// recall-build: gcc -O2 -I/usr/include/nss -I/usr/include/nspr {source} -lnss3 -lnspr4 -o {build}/program
// recall-run: {build}/program {kind} {pkcs8_der}
// recall-kinds: rsa-2048 rsa-3072 rsa-4096 p-256 p-384 p-521

#include "holder.h"

#include <cryptohi.h>
#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>

static SECKEYPrivateKey* key;
static SECOidTag algorithm;

static void sign(void) {
  SECItem signature = {siBuffer, NULL, 0};
  require(SEC_SignData(&signature, message, message_bytes, key, algorithm) == SECSuccess, "sign");
  SECITEM_FreeItem(&signature, PR_FALSE);
}

static void release(void) { SECKEY_DestroyPrivateKey(key); }

int main(int argc, char** argv) {
  size_t size = 0;
  require(argc == 3, "usage");
  algorithm = SEC_OID_ANSIX962_ECDSA_SHA256_SIGNATURE;
  if (argv[1][0] == 'r') algorithm = SEC_OID_PKCS1_SHA256_WITH_RSA_ENCRYPTION;
  unsigned char* file = read_file(argv[2], &size);
  require(NSS_NoDB_Init(NULL) == SECSuccess, "init");
  SECItem der = {siBuffer, file, (unsigned)size};
  PK11SlotInfo* slot = PK11_GetInternalKeySlot();
  require(PK11_ImportDERPrivateKeyInfoAndReturnKey(slot, &der, NULL, NULL, PR_FALSE, PR_FALSE, KU_ALL, &key,
                                                   NULL) == SECSuccess,
          "load");
  PK11_FreeSlot(slot);
  forget_file(file, size);
  serve(sign, release);
}
