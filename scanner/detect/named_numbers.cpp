#include "scanner/detect/named_numbers.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "scanner/base/algorithm_oids.h"
#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/detect/armour_text.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr std::array<NamedCurve, 13> curves{{
    {"P-256", "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv, 32, false, "ec", 13},
    {"P-384", "\x2b\x81\x04\x00\x22"sv, 48, false, "ec", 14},
    {"P-521", "\x2b\x81\x04\x00\x23"sv, 66, false, "ec", 0},
    {"secp256k1", "\x2b\x81\x04\x00\x0a"sv, 32, false, "ec", 0},
    {"P-256K", "\x2b\x81\x04\x00\x0a"sv, 32, false, "ec", 0},  // older drafts of RFC 8812
    {"Ed25519", oid_ed25519, 32, true, "ed25519", 15},
    {"Ed448", oid_ed448, 57, true, "ed448", 16},
    {"X25519", oid_x25519, 32, true, "x25519", 0},
    {"X448", oid_x448, 56, true, "x448", 0},
    {"P-224", "\x2b\x81\x04\x00\x21"sv, 28, false, "ec", 0},
    // RFC 5639; the names are those of health networks, no RFC has any.
    {"BP-256", "\x2b\x24\x03\x03\x02\x08\x01\x01\x07"sv, 32, false, "ec", 0},
    {"BP-384", "\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"sv, 48, false, "ec", 0},
    {"BP-512", "\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"sv, 64, false, "ec", 0},
}};

void append(SecretBytes& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// der_element of base/der_writer.h for contents that are secret.
SecretBytes element(std::uint8_t tag, std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes part : parts) size += part.size();
  SecretBytes bytes;
  const auto header = der_header(tag, size);
  bytes.reserve(header.size() + size);
  append(bytes, header);
  for (const Bytes part : parts) append(bytes, part);
  return bytes;
}

Bytes without_zeros(Bytes digits) {
  const auto first =
      std::find_if(digits.begin(), digits.end(), [](std::byte byte) { return byte != std::byte{0}; });
  return digits.subspan(static_cast<std::size_t>(first - digits.begin()));
}

SecretBytes integer(Bytes big_endian) {
  static constexpr std::byte zero{0};
  const Bytes digits = without_zeros(big_endian);
  const bool needs_sign = digits.empty() || (digits[0] & std::byte{0x80}) != zero;
  return element(der::integer, {Bytes(&zero, needs_sign ? 1 : 0), digits});
}

// The digits with as many leading zeros as `size` asks for.
SecretBytes padded(Bytes big_endian, std::size_t size) {
  const Bytes digits = without_zeros(big_endian);
  SecretBytes bytes(digits.size() < size ? size - digits.size() : 0);
  append(bytes, digits);
  return bytes;
}

SecretBytes version(std::uint8_t number) {
  const auto value = static_cast<std::byte>(number);
  return element(der::integer, {Bytes(&value, 1)});
}

SecretBytes bits(Bytes content) {
  static constexpr std::byte no_unused_bits{0};
  return element(der::bit_string, {Bytes(&no_unused_bits, 1), content});
}

// 04 || x || y (SEC 1 2.3.3); empty when it is not all there.
SecretBytes point(const CurveMembers& numbers) {
  static constexpr std::byte uncompressed{4};
  if (numbers.x.empty() || numbers.y.empty()) return {};
  const std::size_t size =
      numbers.curve != nullptr ? numbers.curve->size : std::max(numbers.x.size(), numbers.y.size());
  SecretBytes bytes{uncompressed};
  append(bytes, padded(numbers.x, size));
  append(bytes, padded(numbers.y, size));
  return bytes;
}

SecretBytes raw_private_der(const CurveMembers& numbers) {
  static constexpr std::uint8_t context_1_primitive = 0x81;
  static constexpr std::byte no_unused_bits{0};
  const auto algorithm = der_element(der::sequence, {der_oid(numbers.curve->oid)});
  const auto secret = element(der::octet_string, {element(der::octet_string, {numbers.d})});
  if (numbers.x.empty()) return element(der::sequence, {version(0), algorithm, secret});
  const auto half = element(context_1_primitive, {Bytes(&no_unused_bits, 1), numbers.x});
  return element(der::sequence, {version(1), algorithm, secret, half});
}

}  // namespace

SecretBytes base64_number(TextView& text, std::ptrdiff_t begin, std::ptrdiff_t end) {
  constexpr std::size_t most_digits = 4096;  // RSA-16384 takes 2731
  SecretText digits;
  for (std::ptrdiff_t i = begin; i < end; ++i) {
    const int character = text.at(i);
    if (character == '=' || character == '\\' || character == ' ' || (character >= '\t' && character <= '\r'))
      continue;
    if (!base64_value(character) || digits.size() > most_digits) return {};
    digits.push_back(static_cast<char>(character));
  }
  return decode_base64(view_of(digits));
}

std::span<const NamedCurve> named_curves() { return curves; }

SecretBytes rsa_private_der(const RsaMembers& of) {
  return element(der::sequence, {version(0), integer(of.n), integer(of.e), integer(of.d), integer(of.p),
                                 integer(of.q), integer(of.dp), integer(of.dq), integer(of.qinv)});
}

SecretBytes rsa_public_der(const RsaMembers& of) {
  const auto algorithm = der_element(der::sequence, {der_oid(oid_rsa), der_element(der::null, {})});
  return element(der::sequence, {algorithm, bits(element(der::sequence, {integer(of.n), integer(of.e)}))});
}

Form form_of_private(const CurveMembers& numbers) {
  return numbers.curve != nullptr && numbers.curve->raw ? Form::pkcs8_private : Form::sec1_private;
}

SecretBytes curve_private_der(const CurveMembers& numbers) {
  if (numbers.curve != nullptr && numbers.curve->raw) return raw_private_der(numbers);
  const std::size_t size = numbers.curve != nullptr ? numbers.curve->size : numbers.d.size();
  const auto secret = element(der::octet_string, {padded(numbers.d, size)});
  SecretBytes parameters;
  if (numbers.curve != nullptr) parameters = element(der::context_0, {der_oid(numbers.curve->oid)});
  SecretBytes half = point(numbers);
  if (!half.empty()) half = element(der::context_1, {bits(half)});
  return element(der::sequence, {version(1), secret, parameters, half});
}

SecretBytes curve_public_der(const CurveMembers& numbers) {
  if (numbers.curve == nullptr) return {};
  if (numbers.curve->raw) {
    if (numbers.x.size() != numbers.curve->size) return {};
    const auto algorithm = der_element(der::sequence, {der_oid(numbers.curve->oid)});
    return element(der::sequence, {algorithm, bits(numbers.x)});
  }
  const SecretBytes half = point(numbers);
  if (half.empty()) return {};
  const auto algorithm = der_element(der::sequence, {der_oid(oid_ec), der_oid(numbers.curve->oid)});
  return element(der::sequence, {algorithm, bits(half)});
}

}  // namespace dumpgate
