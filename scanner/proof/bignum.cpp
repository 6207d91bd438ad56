#include "scanner/proof/bignum.h"

namespace dumpgate {

OSSL_LIB_CTX* crypto_library() {
  // Never released: other threads may still use it while static objects are destroyed.
  static OSSL_LIB_CTX* const library = [] {
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    return OSSL_LIB_CTX_new();
  }();
  return library;
}

}  // namespace dumpgate
