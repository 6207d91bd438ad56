// PublicKey: the public half of a key pair, in numbers, and its name. The one rule: a key's name is the
// SHA-256 of its DER SubjectPublicKeyInfo exactly as `openssl pkey -pubout -outform DER` writes it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"

namespace dumpgate {

enum class KeyAlgorithm : std::uint8_t { rsa, rsa_pss, ec, ed25519, ed448, x25519, x448, dsa, dh, other };
std::string_view to_string(KeyAlgorithm algorithm);  // "rsa", "rsa-pss", "ec", "ed25519", ...

// Where a public key was seen; decides whether its private half is a signing key (design 4.3).
enum class KeyOrigin : std::uint8_t {
  certificate,
  spki,
  pkcs1,
  ssh,
  private_key,  // in the dump, from which it was computed
  stated,       // in the dump, in the encoding of a private key, not computed from the private part
  number,       // in the dump, as a bare number without any label
  protect,      // named by the user with --protect
};

struct PublicKey {
  KeyAlgorithm algorithm = KeyAlgorithm::other;
  std::vector<std::byte> n{};  // RSA modulus; DSA and DH: p. Big-endian, no leading zeros
  std::vector<std::byte> e{};  // RSA public exponent, big-endian, no leading zeros
  std::string curve{};  // EC: OpenSSL's short name ("prime256v1", "secp384r1"); "" for explicit parameters
  std::vector<std::byte> x{};     // EC: affine coordinates, big-endian, of the field's length;
  std::vector<std::byte> y{};     // Edwards and Montgomery curves: x holds the raw public key
  unsigned bits = 0;              // of the modulus or of the curve's field
  std::vector<std::byte> spki{};  // DER
  std::string sha256{};           // lower-case hex of SHA-256(spki): the key's name
};

// Each takes bytes nobody vouches for, and returns nothing when they are not a usable key of that form.
std::optional<PublicKey> parse_spki(std::span<const std::byte> der);
std::optional<PublicKey> parse_certificate(
    std::span<const std::byte> der);  // the subject's key; no signature check
std::optional<PublicKey> parse_pkcs1_public(std::span<const std::byte> der);
std::optional<PublicKey> parse_ssh_public(std::span<const std::byte> blob);

// From numbers: big-endian bytes, leading zeros allowed.
std::optional<PublicKey> rsa_public_key(std::span<const std::byte> n, std::span<const std::byte> e);
// FIPS 186-4 section 4.1, big-endian.
struct DsaPublicNumbers {
  std::span<const std::byte> p{}, q{}, g{}, y{};
};
std::optional<PublicKey> dsa_public_key(const DsaPublicNumbers& numbers);
std::optional<PublicKey> ec_public_key(std::string_view curve, std::span<const std::byte> x,
                                       std::span<const std::byte> y);
// Edwards and Montgomery curves: the raw public key, RFC 8410 section 4.
std::optional<PublicKey> raw_public_key(KeyAlgorithm algorithm, std::span<const std::byte> raw);

struct NamedPublicKey {
  std::string name{};  // file name, with #index when a file holds several
  PublicKey key{};
};
// read_public_keys reads a file given with --protect: certificates and public keys in PEM (several) or DER,
// JWKS, JWK, ssh .pub and authorized_keys. An Error when it holds none, or holds a private key (with a
// warning not to).
Result<std::vector<NamedPublicKey>> read_public_keys(const std::string& path);

}  // namespace dumpgate
