#include "samples/signing_service/token.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <vector>

#include "samples/signing_service/base64url.h"

namespace signing_service {
namespace {

using Bytes = std::vector<unsigned char>;
using DigestContext = OpenSsl<EVP_MD_CTX, EVP_MD_CTX_free>;
using EcdsaSignature = OpenSsl<ECDSA_SIG, ECDSA_SIG_free>;

constexpr std::size_t p256_bytes = 32;

void expect(bool good, const char* what) {
  if (!good) {
    throw std::runtime_error(what);
  }
}

// One header per key, so that a verifier compares headers and parses none.
std::string encoded_header(const Key& key) {
  return base64url(R"({"alg":")" + key.algorithm + R"(","typ":"JWT","kid":")" + key.id + R"("})");
}

std::string encoded_claims(const Claims& claims) {
  return base64url(R"({"iss":"signing_service","sub":")" + claims.subject + R"(","tenant":")" +
                   claims.tenant + R"(","iat":)" + std::to_string(claims.issued_at) + "}");
}

// JWS wants r and s as two fixed-width numbers (RFC 7518, 3.4); OpenSSL makes and takes DER.
Bytes fixed_width(const Bytes& der) {
  const unsigned char* cursor = der.data();
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  expect(signature != nullptr, "an ECDSA signature cannot be read");
  Bytes raw(2 * p256_bytes);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), p256_bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + p256_bytes, p256_bytes);
  return raw;
}

std::optional<Bytes> der_signature(const Bytes& raw) {
  if (raw.size() != 2 * p256_bytes) {
    return std::nullopt;
  }
  const EcdsaSignature signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), p256_bytes, nullptr),
                 BN_bin2bn(raw.data() + p256_bytes, p256_bytes, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  expect(size > 0, "an ECDSA signature cannot be encoded");
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

std::string issue_token(const Key& key, const Claims& claims, Tenants& tenants) {
  const std::string signed_part = encoded_header(key) + '.' + encoded_claims(claims);
  const DigestContext context(EVP_MD_CTX_new());
  expect(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.pkey.get()) == 1 &&
             EVP_DigestSignUpdate(context.get(), signed_part.data(), signed_part.size()) == 1,
         "a signature cannot be begun");

  // The defect: find() answers nullptr for a tenant that nobody configured, and this line takes no notice.
  tenants.find(claims.tenant)->served.fetch_add(1, std::memory_order_relaxed);

  std::size_t size = 0;
  expect(EVP_DigestSignFinal(context.get(), nullptr, &size) == 1, "a signature has no size");
  Bytes signature(size);
  expect(EVP_DigestSignFinal(context.get(), signature.data(), &size) == 1, "a signature cannot be made");
  signature.resize(size);
  return signed_part + '.' + base64url(key.algorithm == "ES256" ? fixed_width(signature) : signature);
}

bool verify_token(const KeyRing& ring, std::string_view token, std::string_view tenant, Tenants& tenants) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) {
    return false;
  }
  std::optional<Bytes> signature = from_base64url(token.substr(last + 1));
  for (const Key& key : ring.keys()) {
    if (!signature || token.substr(0, first) != encoded_header(key)) {
      continue;
    }
    if (key.algorithm == "ES256") {
      signature = der_signature(*signature);
    }
    const DigestContext context(EVP_MD_CTX_new());
    expect(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.pkey.get()) == 1 &&
               EVP_DigestVerifyUpdate(context.get(), token.data(), last) == 1,
           "a verification cannot be begun");
    tenants.find(tenant)->served.fetch_add(1, std::memory_order_relaxed);  // the same defect
    return signature && EVP_DigestVerifyFinal(context.get(), signature->data(), signature->size()) == 1;
  }
  return false;
}

}  // namespace signing_service
