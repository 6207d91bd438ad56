#include "scanner/proof/secret_name.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <new>

#include "scanner/base/hex.h"
#include "scanner/proof/bignum.h"

namespace dumpgate {
namespace {

const std::array<std::byte, 32>& process_key() {
  static const std::array<std::byte, 32> key = [] {
    std::array<std::byte, 32> random{};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), random.size()) != 1)
      throw std::bad_alloc();
    return random;
  }();
  return key;
}

}  // namespace

void name_secret(std::span<const std::byte> secret, std::span<const std::byte> site_key, Finding& finding) {
  const std::span<const std::byte> key = site_key.empty() ? std::span(process_key()) : site_key;
  std::array<std::byte, 32> mac{};
  std::size_t size = 0;
  const auto* const made =
      EVP_Q_mac(crypto_library(), "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(),
                reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                reinterpret_cast<unsigned char*>(mac.data()), mac.size(), &size);
  if (made == nullptr || size != mac.size()) throw std::bad_alloc();
  finding.secret_id = to_hex(mac);
  finding.secret_id_is_public = !site_key.empty();
}

}  // namespace dumpgate
