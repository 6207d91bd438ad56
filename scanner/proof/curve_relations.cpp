// d*G = Q on Weierstrass curves, and the raw keys of the Edwards and Montgomery curves.

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "scanner/base/der_reader.h"
#include "scanner/proof/relations.h"

namespace dumpgate {
namespace {

const char* openssl_name(KeyAlgorithm algorithm) {
  if (algorithm == KeyAlgorithm::ed25519) return "ED25519";
  if (algorithm == KeyAlgorithm::ed448) return "ED448";
  if (algorithm == KeyAlgorithm::x25519) return "X25519";
  if (algorithm == KeyAlgorithm::x448) return "X448";
  return nullptr;
}

// The raw public half of a raw private key; empty when the size is wrong.
std::vector<std::byte> raw_public_half(KeyAlgorithm algorithm, std::span<const std::byte> secret) {
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  const char* const name = openssl_name(algorithm);
  if (name == nullptr || secret.empty()) return {};
  ERR_set_mark();
  const auto* const octets = reinterpret_cast<const unsigned char*>(secret.data());
  const std::unique_ptr<EVP_PKEY, Free> key(
      EVP_PKEY_new_raw_private_key_ex(crypto_library(), name, nullptr, octets, secret.size()));
  std::array<unsigned char, 64> half{};
  std::size_t size = half.size();
  const bool done = key && EVP_PKEY_get_raw_public_key(key.get(), half.data(), &size) == 1;
  ERR_pop_to_mark();
  if (!done) return {};
  const auto bytes = std::as_bytes(std::span(half)).first(size);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

KeyAlgorithm raw_algorithm(std::span<const std::byte> oid) {
  if (equals(oid, "\x2b\x65\x6e")) return KeyAlgorithm::x25519;
  if (equals(oid, "\x2b\x65\x6f")) return KeyAlgorithm::x448;
  if (equals(oid, "\x2b\x65\x70")) return KeyAlgorithm::ed25519;
  if (equals(oid, "\x2b\x65\x71")) return KeyAlgorithm::ed448;
  return KeyAlgorithm::other;
}

Outcome relate_ec(std::span<const std::shared_ptr<const EcCurve>> curves, std::span<const std::byte> scalar,
                  std::span<const std::byte> encoded_point) {
  Outcome outcome;
  if (scalar.empty() || scalar.size() > 128) return outcome;
  const auto d = BigNumber::from_big_endian(scalar);
  for (const auto& curve : curves) {
    if (!curve) continue;
    const auto beside = encoded_point.empty() ? std::nullopt : curve->decode(encoded_point);
    if (!encoded_point.empty() && !beside) continue;
    const auto computed = curve->multiply(d);
    const bool equal = beside && computed && beside->x == computed->x && beside->y == computed->y;
    if (beside && !equal && !outcome.stated) outcome.stated = ec_public_key(*curve, *beside);
    if (equal) {
      outcome.proven = true;
      outcome.relation = "d*G=Q";
    }
    if (computed && (equal || encoded_point.empty())) {
      outcome.key = ec_public_key(*curve, *computed);
      outcome.derived = outcome.key.has_value();
    }
    outcome.doubtful = !outcome.proven && (!computed || beside);
    if (outcome.proven || encoded_point.empty()) return outcome;
  }
  outcome.doubtful = !outcome.proven;
  return outcome;
}

Outcome relate_raw(KeyAlgorithm algorithm, std::span<const std::byte> secret,
                   std::span<const std::byte> known_public) {
  Outcome outcome;
  if (!known_public.empty()) outcome.stated = raw_public_key(algorithm, known_public);
  const auto half = raw_public_half(algorithm, secret);
  if (half.empty()) return outcome;
  outcome.key = raw_public_key(algorithm, half);
  outcome.derived = true;
  if (known_public.empty()) return outcome;
  outcome.proven = std::equal(half.begin(), half.end(), known_public.begin(), known_public.end());
  outcome.doubtful = !outcome.proven;
  const bool edwards = algorithm == KeyAlgorithm::ed25519 || algorithm == KeyAlgorithm::ed448;
  if (outcome.proven) outcome.relation = edwards ? "seed->A" : "k*G=U";
  return outcome;
}

}  // namespace dumpgate
