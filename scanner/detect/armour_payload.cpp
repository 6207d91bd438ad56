#include "scanner/detect/armour_payload.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::array<std::pair<std::string_view, Form>, 17> label_forms{{
    {"RSA PRIVATE KEY", Form::pkcs1_private},
    {"EC PRIVATE KEY", Form::sec1_private},
    {"ECDSA PRIVATE KEY", Form::sec1_private},
    {"SM2 PRIVATE KEY", Form::sec1_private},
    {"DSA PRIVATE KEY", Form::dsa_private},
    {"PRIVATE KEY", Form::pkcs8_private},
    {"ANY PRIVATE KEY", Form::pkcs8_private},
    {"ENCRYPTED PRIVATE KEY", Form::pkcs8_encrypted},
    {"OPENSSH PRIVATE KEY", Form::openssh_private},
    {"PKCS12", Form::pkcs12},
    {"CERTIFICATE", Form::certificate},
    {"X509 CERTIFICATE", Form::certificate},
    {"TRUSTED CERTIFICATE", Form::certificate},
    {"PUBLIC KEY", Form::spki},
    {"RSA PUBLIC KEY", Form::pkcs1_public},
    {"SSH2 PUBLIC KEY", Form::ssh_public},
    {"SM2 PUBLIC KEY", Form::spki},
}};

// Armour around a shape makes even a doubtful one more than statistics.
Evidence in_armour(const KeyShape& shape) { return std::max(shape.evidence, Evidence::marker); }

PayloadKind recognise_pkcs8(Bytes bytes, std::size_t version, const SignatureSet* signatures) {
  const auto shape = pkcs8_key_at(bytes, version);
  if (!shape || shape->begin != 0) return {};
  PayloadKind kind{Form::pkcs8_private, "private-key", "", false, in_armour(*shape)};
  if (shape->algorithm != nullptr) {
    kind.algorithm = shape->algorithm->algorithm;
    kind.signature = shape->algorithm->signature;
  }
  const auto oid = oid_text(shape->oid);
  const Signature* const claimed = oid && signatures != nullptr ? signatures->by_oid(*oid) : nullptr;
  if (claimed != nullptr) kind.signature = claimed->id;
  if (kind.signature.empty()) kind.signature = "private-key";
  return kind;
}

// EncryptedPrivateKeyInfo (RFC 5958 section 3), PFX (RFC 7292 section 4), by their first elements.
PayloadKind recognise_container(const DerElement& outer) {
  DerReader inside(outer);
  const auto first = inside.next();
  const auto second = inside.next();
  if (!first || !second || first->cut) return {};
  const Evidence evidence = outer.cut || second->cut ? Evidence::marker : Evidence::structure;
  if (first->tag == der::sequence && second->tag == der::octet_string) {
    if (!DerReader(*first).whole(der::object_identifier)) return {};
    return {Form::pkcs8_encrypted, "encrypted-private-key", "", true, evidence};
  }
  if (first->tag == der::integer && der_small(*first) == 3U && second->tag == der::sequence) {
    return {Form::pkcs12, "pkcs12", "", true, evidence};
  }
  return {};
}

// `count` whole INTEGERs, at least three of them, that end where the bytes end. An RSAPrivateKey has nine,
// and a dozen more only with many primes.
bool is_integer_chain(Bytes bytes) {
  constexpr int most = 24;
  DerReader reader(bytes);
  int count = 0;
  while (count < most && reader.whole(der::integer)) ++count;
  return reader.empty() && count >= 2;
}

std::optional<std::size_t> find_integer_chain(Bytes bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == std::byte{der::integer} && is_integer_chain(bytes.subspan(at))) return at;
  }
  return std::nullopt;
}

// OCTET STRING d, then [0] parameters or [1] public key, to the end of the bytes.
bool is_ec_inside(Bytes bytes) {
  DerReader reader(bytes);
  const auto number = reader.whole(der::octet_string);
  if (!number || number->content.size() < 14 || number->content.size() > 72) return false;
  bool has_public = false;
  for (auto element = reader.next(); element; element = reader.next()) {
    if (element->cut || (element->tag != der::context_0 && element->tag != der::context_1)) return false;
    has_public = has_public || element->tag == der::context_1;
  }
  return reader.empty() && has_public;
}

std::optional<std::size_t> find_ec_inside(Bytes bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == std::byte{der::octet_string} && is_ec_inside(bytes.subspan(at))) return at;
  }
  return std::nullopt;
}

void cut_front(SecretBytes& bytes, std::size_t count) { bytes = secret_copy(Bytes(bytes).subspan(count)); }

}  // namespace

PayloadKind recognise_payload(std::span<const std::byte> bytes, const SignatureSet* signatures) {
  using namespace std::string_view_literals;
  if (bytes.size() >= 15 && equals(bytes.first(15), "openssh-key-v1\0"sv)) {
    return {Form::openssh_private, "openssh-private-key", "", false, Evidence::marker};
  }
  const auto outer = DerReader(bytes).next(der::sequence);
  if (!outer) return {};
  const auto version = static_cast<std::size_t>(outer->content.data() - bytes.data());
  // The shapes expect what their detectors' anchors make sure of: a version of one octet.
  const auto number = DerReader(*outer).whole(der::integer);
  if (!number || number->content.size() != 1) return recognise_container(*outer);
  if (auto kind = recognise_pkcs8(bytes, version, signatures); kind.form != Form::none) return kind;
  if (const auto shape = sec1_key_at(bytes, version); shape && shape->begin == 0) {
    return {Form::sec1_private, "ec-private-key", "ec", false, in_armour(*shape)};
  }
  if (const auto shape = integers_key_at(bytes, version); shape && shape->begin == 0) {
    if (shape->dsa) return {Form::dsa_private, "dsa-private-key", "dsa", false, in_armour(*shape)};
    return {Form::pkcs1_private, "rsa-private-key", "rsa", false, in_armour(*shape)};
  }
  return recognise_container(*outer);
}

bool begins_like_key(std::span<const std::byte> bytes) {
  constexpr std::size_t least = 24;  // 32 characters of base64
  const auto outer = DerReader(bytes).next(der::sequence);
  if (!outer || outer->content.size() < 8 || outer->claimed < least || bytes.size() < least) return false;
  DerReader inside(*outer);
  const auto first = inside.next();
  const auto second = inside.next();
  if (!first || !second) return false;
  if (first->tag == der::sequence)
    return !first->content.empty() && first->content[0] == std::byte{der::object_identifier};
  if (first->tag != der::integer || !der_small(*first) || *der_small(*first) > 3) return false;
  return second->tag == der::integer || second->tag == der::octet_string || second->tag == der::sequence;
}

Form form_of_label(std::string_view label) {
  for (const auto& [name, form] : label_forms) {
    if (name == label) return form;
  }
  return Form::none;
}

bool is_public(Form form) {
  return form == Form::spki || form == Form::certificate || form == Form::pkcs1_public ||
         form == Form::ssh_public || form == Form::bare_point;
}

PayloadKind recognise_tail(SecretBytes& bytes) {
  if (const auto at = find_ec_inside(bytes)) {
    cut_front(bytes, *at);
    return {Form::ec_tail, "ec-private-key", "ec", false, Evidence::marker};
  }
  if (const auto at = find_integer_chain(bytes)) {
    cut_front(bytes, *at);
    return {Form::rsa_chain, "", "", false, Evidence::marker};
  }
  return {};
}

std::uint32_t crc24(std::span<const std::byte> bytes) {
  std::uint32_t crc = 0xb704ce;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte) << 16;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x800000) != 0 ? (crc << 1 ^ 0x1864cfb) : crc << 1;
  }
  return crc & 0xffffff;
}

}  // namespace dumpgate
