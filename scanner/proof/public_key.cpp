#include "scanner/proof/public_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "scanner/base/algorithm_oids.h"
#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/base/hex.h"
#include "scanner/io/digest.h"
#include "scanner/proof/bignum.h"
#include "scanner/proof/ec_curve.h"
#include "scanner/proof/ssh_reader.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

struct RawCurve {
  KeyAlgorithm algorithm = KeyAlgorithm::other;
  std::string_view oid{};
  std::size_t size = 0;  // of the public key in bytes
  unsigned bits = 0;
};
constexpr RawCurve raw_curves[] = {
    {KeyAlgorithm::ed25519, oid_ed25519, 32, 256},
    {KeyAlgorithm::ed448, oid_ed448, 57, 456},
    {KeyAlgorithm::x25519, oid_x25519, 32, 253},
    {KeyAlgorithm::x448, oid_x448, 56, 448},
};

constexpr unsigned rsa_least_bits = 256;   // RSA-512 is the least in use; half of it bounds the noise
constexpr unsigned rsa_most_bits = 16384;  // OpenSSL's own limit
constexpr std::size_t spki_most = std::size_t{64} * 1024;

Bytes without_zeros(Bytes bytes) {
  const auto first = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
  return {first, bytes.end()};
}

unsigned bit_length(Bytes stripped) {
  if (stripped.empty()) return 0;
  unsigned top = 0;
  for (auto first = std::to_integer<unsigned>(stripped[0]); first != 0; first >>= 1U) ++top;
  return static_cast<unsigned>(stripped.size() - 1) * 8U + top;
}

bool odd(Bytes stripped) { return !stripped.empty() && (stripped.back() & std::byte{1}) != std::byte{0}; }

std::vector<std::byte> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::byte> algorithm_identifier(std::string_view oid, Bytes parameters) {
  return der_element(der::sequence, {der_oid(oid), parameters});
}

std::optional<PublicKey> named(PublicKey key, std::vector<std::byte> spki) {
  if (spki.empty() || spki.size() > spki_most) return std::nullopt;
  key.sha256 = to_hex(Sha256::of(spki));
  key.spki = std::move(spki);
  return key;
}

std::vector<std::byte> pkcs1_public(Bytes n, Bytes e) {
  return der_element(der::sequence, {der_integer(n), der_integer(e)});
}

// Writes a SubjectPublicKeyInfo again as OpenSSL does, for algorithms whose parameters have more than one
// spelling; empty when OpenSSL cannot read it.
std::vector<std::byte> rewritten(Bytes spki) {
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
  };
  ERR_set_mark();
  const auto* at = reinterpret_cast<const unsigned char*>(spki.data());
  const std::unique_ptr<EVP_PKEY, Free> key(
      d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(spki.size()), crypto_library(), nullptr));
  unsigned char* written = nullptr;
  const int size = key ? i2d_PUBKEY(key.get(), &written) : 0;
  const std::unique_ptr<unsigned char, Free> owner(written);
  ERR_pop_to_mark();
  if (size <= 0) return {};
  return copy(std::as_bytes(std::span(written, static_cast<std::size_t>(size))));
}

// The prime modulus of DSA (RFC 3279 2.3.2), X9.42 and PKCS #3 parameters: the first INTEGER in each.
std::optional<PublicKey> discrete_log_key(KeyAlgorithm algorithm, Bytes parameters, Bytes spki) {
  PublicKey key{.algorithm = algorithm};
  DerReader reader(parameters);
  if (const auto domain = reader.whole(der::sequence)) {
    DerReader numbers(*domain);
    const auto element = numbers.whole(der::integer);
    const auto p = element ? der_unsigned(*element) : std::nullopt;
    if (!p) return std::nullopt;
    key.n = copy(*p);
    key.bits = bit_length(*p);
  }
  auto canonical = rewritten(spki);
  return named(std::move(key), canonical.empty() ? copy(spki) : std::move(canonical));
}

std::optional<PublicKey> raw_key(const RawCurve& curve, Bytes raw) {
  if (raw.size() != curve.size) return std::nullopt;
  PublicKey key{.algorithm = curve.algorithm, .x = copy(raw), .bits = curve.bits};
  return named(std::move(key),
               der_element(der::sequence, {algorithm_identifier(curve.oid, {}), der_bit_string(raw)}));
}

struct SpkiParts {
  Bytes whole{};
  Bytes oid{};
  Bytes parameters{};
  Bytes bits{};
};

std::optional<SpkiParts> take_apart(DerReader& reader) {
  const auto outer = reader.whole(der::sequence);
  if (!outer) return std::nullopt;
  DerReader inside(*outer);
  const auto algorithm = inside.whole(der::sequence);
  const auto key = inside.whole(der::bit_string);
  if (!algorithm || !key || !inside.empty()) return std::nullopt;
  DerReader identifier(*algorithm);
  const auto oid = identifier.whole(der::object_identifier);
  const auto bits = der_bits(*key);
  if (!oid || !bits) return std::nullopt;
  return SpkiParts{
      .whole = outer->whole, .oid = oid->content, .parameters = identifier.left(), .bits = *bits};
}

std::optional<PublicKey> key_of(const SpkiParts& parts) {
  if (equals(parts.oid, oid_rsa)) return parse_pkcs1_public(parts.bits);
  if (equals(parts.oid, oid_rsa_pss)) {
    auto key = parse_pkcs1_public(parts.bits);
    if (!key) return std::nullopt;
    key->algorithm = KeyAlgorithm::rsa_pss;
    auto canonical = rewritten(parts.whole);
    return named(std::move(*key), canonical.empty() ? copy(parts.whole) : std::move(canonical));
  }
  if (equals(parts.oid, oid_ec)) {
    const auto curve = curve_of_parameters(parts.parameters);
    const auto point = curve ? curve->decode(parts.bits) : std::nullopt;
    return point ? ec_public_key(*curve, *point) : std::nullopt;
  }
  if (equals(parts.oid, oid_dsa)) return discrete_log_key(KeyAlgorithm::dsa, parts.parameters, parts.whole);
  if (equals(parts.oid, oid_dh_pkcs3) || equals(parts.oid, oid_dh_x942)) {
    return discrete_log_key(KeyAlgorithm::dh, parts.parameters, parts.whole);
  }
  for (const auto& curve : raw_curves) {
    if (equals(parts.oid, curve.oid)) return raw_key(curve, parts.bits);
  }
  return named(PublicKey{}, copy(parts.whole));
}

std::optional<PublicKey> dsa_key_from_ssh(SshReader& reader) {
  const auto p = reader.number();
  const auto q = reader.number();
  const auto g = reader.number();
  const auto y = reader.number();
  if (!p || !q || !g || !y) return std::nullopt;
  return dsa_public_key({.p = *p, .q = *q, .g = *g, .y = *y});
}

}  // namespace

std::string_view to_string(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::rsa:
      return "rsa";
    case KeyAlgorithm::rsa_pss:
      return "rsa-pss";
    case KeyAlgorithm::ec:
      return "ec";
    case KeyAlgorithm::ed25519:
      return "ed25519";
    case KeyAlgorithm::ed448:
      return "ed448";
    case KeyAlgorithm::x25519:
      return "x25519";
    case KeyAlgorithm::x448:
      return "x448";
    case KeyAlgorithm::dsa:
      return "dsa";
    case KeyAlgorithm::dh:
      return "dh";
    case KeyAlgorithm::other:
      return "other";
  }
  return "other";
}

std::optional<PublicKey> parse_spki(std::span<const std::byte> der) {
  DerReader reader(der);
  const auto parts = take_apart(reader);
  return parts ? key_of(*parts) : std::nullopt;
}

// Certificate and TBSCertificate may run past the end, for what follows the key does not matter here.
std::optional<PublicKey> parse_certificate(std::span<const std::byte> der) {
  DerReader outermost(der);
  const auto certificate = outermost.next(der::sequence);
  if (!certificate) return std::nullopt;
  DerReader outer(*certificate);
  const auto body = outer.next(der::sequence);
  if (!body) return std::nullopt;
  DerReader fields(*body);
  (void)fields.whole(der::context_0);  // version: absent means 1
  const bool begins_so = fields.whole(der::integer) && fields.whole(der::sequence) &&   // serial, signature
                         fields.whole(der::sequence) && fields.whole(der::sequence) &&  // issuer, validity
                         fields.whole(der::sequence);                                   // subject
  if (!begins_so) return std::nullopt;
  const auto parts = take_apart(fields);
  return parts ? key_of(*parts) : std::nullopt;
}

std::optional<PublicKey> parse_pkcs1_public(std::span<const std::byte> der) {
  DerReader reader(der);
  const auto outer = reader.whole(der::sequence);
  if (!outer) return std::nullopt;
  DerReader inside(*outer);
  const auto n = inside.whole(der::integer);
  const auto e = inside.whole(der::integer);
  if (!n || !e || !inside.empty()) return std::nullopt;
  const auto n_bytes = der_unsigned(*n);
  const auto e_bytes = der_unsigned(*e);
  if (!n_bytes || !e_bytes) return std::nullopt;
  return rsa_public_key(*n_bytes, *e_bytes);
}

std::optional<PublicKey> parse_ssh_public(std::span<const std::byte> blob) {
  SshReader reader(blob);
  const auto type = reader.text();
  if (!type) return std::nullopt;
  std::string_view name = *type;
  // Certificates carry a nonce before the same numbers, OpenSSH PROTOCOL.certkeys.
  if (const auto suffix = name.find("-cert-v01@openssh.com"); suffix != std::string_view::npos) {
    name = name.substr(0, suffix);
    if (!reader.string()) return std::nullopt;
  }
  if (name == "ssh-rsa") {
    const auto e = reader.number();
    const auto n = reader.number();
    return e && n ? rsa_public_key(*n, *e) : std::nullopt;
  }
  if (name.starts_with("ecdsa-sha2-") || name.starts_with("sk-ecdsa-sha2-nistp256")) {
    const auto curve_name = reader.text();
    const auto encoded = reader.string();
    const auto curve = curve_name ? EcCurve::by_name(ssh_curve(*curve_name)) : nullptr;
    const auto point = curve && encoded ? curve->decode(*encoded) : std::nullopt;
    return point ? ec_public_key(*curve, *point) : std::nullopt;
  }
  if (name == "ssh-ed25519" || name.starts_with("sk-ssh-ed25519") || name == "ssh-ed448") {
    const auto raw = reader.string();
    return raw ? raw_public_key(name == "ssh-ed448" ? KeyAlgorithm::ed448 : KeyAlgorithm::ed25519, *raw)
               : std::nullopt;
  }
  if (name == "ssh-dss") return dsa_key_from_ssh(reader);
  return std::nullopt;
}

std::optional<PublicKey> rsa_public_key(std::span<const std::byte> n, std::span<const std::byte> e) {
  const Bytes modulus = without_zeros(n);
  const Bytes exponent = without_zeros(e);
  const unsigned bits = bit_length(modulus);
  if (bits < rsa_least_bits || bits > rsa_most_bits || !odd(modulus) || !odd(exponent)) return std::nullopt;
  if (exponent.size() > modulus.size() || bit_length(exponent) < 2) return std::nullopt;
  static constexpr std::byte null[] = {std::byte{der::null}, std::byte{0}};
  PublicKey key{.algorithm = KeyAlgorithm::rsa, .n = copy(modulus), .e = copy(exponent), .bits = bits};
  return named(std::move(key), der_element(der::sequence, {algorithm_identifier(oid_rsa, null),
                                                           der_bit_string(pkcs1_public(modulus, exponent))}));
}

std::optional<PublicKey> dsa_public_key(const DsaPublicNumbers& numbers) {
  const auto domain =
      der_element(der::sequence, {der_integer(numbers.p), der_integer(numbers.q), der_integer(numbers.g)});
  const auto spki = der_element(
      der::sequence, {algorithm_identifier(oid_dsa, domain), der_bit_string(der_integer(numbers.y))});
  return discrete_log_key(KeyAlgorithm::dsa, domain, spki);
}

std::optional<PublicKey> ec_public_key(std::string_view curve, std::span<const std::byte> x,
                                       std::span<const std::byte> y) {
  const auto known = EcCurve::by_name(curve);
  const auto point = known ? known->point(x, y) : std::nullopt;
  return point ? ec_public_key(*known, *point) : std::nullopt;
}

std::optional<PublicKey> ec_public_key(const EcCurve& curve, const EcPointBytes& point) {
  if (curve.parameters().empty())
    return std::nullopt;  // a curve without OID: no SubjectPublicKeyInfo names it
  static constexpr std::byte uncompressed{4};
  std::vector<std::byte> encoded{uncompressed};
  encoded.insert(encoded.end(), point.x.begin(), point.x.end());
  encoded.insert(encoded.end(), point.y.begin(), point.y.end());
  PublicKey key{
      .algorithm = KeyAlgorithm::ec, .curve = curve.name(), .x = point.x, .y = point.y, .bits = curve.bits()};
  const auto algorithm = algorithm_identifier(oid_ec, curve.parameters());
  return named(std::move(key), der_element(der::sequence, {algorithm, der_bit_string(encoded)}));
}

std::shared_ptr<const EcCurve> curve_of_parameters(Bytes parameters) {
  DerReader reader(parameters);
  const auto element = reader.next();
  if (!element || element->cut) return nullptr;
  if (element->tag == der::object_identifier) return EcCurve::by_oid(element->content);
  if (element->tag == der::sequence) return EcCurve::from_parameters(element->whole);
  return nullptr;
}

std::optional<PublicKey> raw_public_key(KeyAlgorithm algorithm, std::span<const std::byte> raw) {
  for (const auto& curve : raw_curves) {
    if (curve.algorithm == algorithm) return raw_key(curve, raw);
  }
  return std::nullopt;
}

}  // namespace dumpgate
