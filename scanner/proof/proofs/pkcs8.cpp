// OneAsymmetricKey, PKCS #8 (RFC 5958): the algorithm decides which relation is asked. Kinds that no relation
// here knows (GOST, the post-quantum ones) stay as a structure, and are named by the digest of their
// encoding.

#include <algorithm>
#include <array>

#include "scanner/base/algorithm_oids.h"
#include "scanner/base/der_reader.h"
#include "scanner/base/der_writer.h"
#include "scanner/base/hex.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/io/digest.h"
#include "scanner/proof/der_private.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr auto oid_nist_signature = "\x60\x86\x48\x01\x65\x03\x04\x03"sv;  // one arc more: ML-DSA, SLH-DSA
constexpr auto oid_nist_kem = "\x60\x86\x48\x01\x65\x03\x04\x04"sv;        // ML-KEM

struct Parts {
  Bytes identifier{};  // the whole AlgorithmIdentifier
  Bytes oid{};
  Bytes parameters{};
  Bytes key{};  // content of privateKey, as far as it is there
  bool key_cut = false;
  Bytes public_key{};  // content of publicKey [1], version 2
};

std::optional<Parts> take_apart(Bytes payload) {
  DerReader reader(payload, DerReader::Rules::ber);
  const auto outer = reader.next(der::sequence);
  if (!outer) return std::nullopt;
  DerReader inside(*outer);
  const auto version = inside.whole(der::integer);
  const auto identifier = inside.whole(der::sequence);
  const auto key = inside.next(der::octet_string);
  if (!version || !identifier || !key) return std::nullopt;
  DerReader algorithm(*identifier);
  const auto oid = algorithm.whole(der::object_identifier);
  if (!oid) return std::nullopt;
  Parts parts{.identifier = identifier->whole,
              .oid = oid->content,
              .parameters = algorithm.left(),
              .key = key->content,
              .key_cut = key->cut};
  if (key->cut) return parts;
  (void)inside.whole(der::context_0);  // attributes
  auto half = inside.whole(0x81);
  if (half && !half->content.empty()) parts.public_key = half->content.subspan(1);  // its unused bits
  return parts;
}

// An RSA-PSS key is named by its own AlgorithmIdentifier, as OpenSSL does.
Outcome judge_rsa(const Parts& parts) {
  auto outcome = judge_rsa_der(parts.key);
  if (!outcome.key || !equals(parts.oid, oid_rsa_pss)) return outcome;
  const auto bits =
      der_bit_string(der_element(der::sequence, {der_integer(outcome.key->n), der_integer(outcome.key->e)}));
  if (auto key = parse_spki(der_element(der::sequence, {parts.identifier, bits})))
    outcome.key = std::move(key);
  return outcome;
}

std::optional<BigNumber> next_number(DerReader& reader) {
  const auto element = reader.next(der::integer);
  const auto digits = element ? der_unsigned(*element) : std::nullopt;
  if (!digits) return std::nullopt;
  return BigNumber::from_big_endian(*digits);
}

// DSA: p, q, g (RFC 3279 2.3.2); PKCS #3: p, g; X9.42: p, g, q (RFC 3279 2.3.3).
Outcome judge_discrete_log(const Parts& parts) {
  DerReader reader(parts.parameters);
  const auto domain = reader.whole(der::sequence);
  if (!domain) return {};
  DerReader numbers(*domain);
  DiscreteLogNumbers found;
  found.p = next_number(numbers);
  if (equals(parts.oid, oid_dsa)) found.q = next_number(numbers);
  found.g = next_number(numbers);
  DerReader secret(parts.key);
  const auto element = secret.whole(der::integer);
  const auto digits = element ? der_unsigned(*element) : std::nullopt;
  if (digits) found.x = BigNumber::from_big_endian(*digits);
  return relate_discrete_log(found, parts.identifier);
}

Outcome judge_raw(KeyAlgorithm algorithm, const Parts& parts, Finding& finding) {
  DerReader reader(parts.key);
  const auto secret = reader.whole(der::octet_string);
  if (parts.key_cut || !secret) return {};
  auto outcome = relate_raw(algorithm, secret->content, parts.public_key);
  // Library constants are such headers before zeros; only a matching public half makes a key of them.
  if (!outcome.proven && !looks_random(secret->content)) {
    finding.evidence = std::min(finding.evidence, Evidence::hint);
    finding.detail = "the header of a key, without random numbers behind it";
  }
  return outcome;
}

// FIPS 203, 204, 205 and the seed forms of RFC 9881 and 9935: sizes of seeds and expanded keys.
bool post_quantum_size(Bytes key) {
  static constexpr std::array<std::size_t, 11> sizes{32, 64, 96, 128, 1632, 2400, 2560, 3168, 4032, 4896, 0};
  const auto known = [](std::size_t size) {
    return size != 0 && std::find(sizes.begin(), sizes.end(), size) != sizes.end();
  };
  DerReader reader(key);
  const auto element = reader.next();
  if (!element || element->cut || !reader.empty()) return known(key.size());
  if (element->tag != der::sequence) return known(element->content.size()) || known(key.size());
  DerReader both(*element);
  const auto seed = both.whole(der::octet_string);
  const auto expanded = both.whole(der::octet_string);
  return seed && expanded && known(seed->content.size()) && known(expanded->content.size());
}

bool is_post_quantum(Bytes oid) {
  return oid.size() == 9 && (equals(oid.first(8), oid_nist_signature) || equals(oid.first(8), oid_nist_kem));
}

Outcome judge_parts(const Parts& parts, Bytes payload, Finding& finding) {
  if (equals(parts.oid, oid_rsa) || equals(parts.oid, oid_rsa_pss)) {
    finding.algorithm = equals(parts.oid, oid_rsa) ? "rsa" : "rsa-pss";
    return judge_rsa(parts);
  }
  if (equals(parts.oid, oid_ec)) {
    finding.algorithm = "ec";
    return judge_ec_der(parts.key, curve_of_parameters(parts.parameters));
  }
  if (equals(parts.oid, oid_dsa) || equals(parts.oid, oid_dh_pkcs3) || equals(parts.oid, oid_dh_x942)) {
    finding.algorithm = equals(parts.oid, oid_dsa) ? "dsa" : "dh";
    return judge_discrete_log(parts);
  }
  if (const auto raw = raw_algorithm(parts.oid); raw != KeyAlgorithm::other) {
    finding.algorithm = to_string(raw);
    return judge_raw(raw, parts, finding);
  }
  if (is_post_quantum(parts.oid) && !parts.key_cut && !post_quantum_size(parts.key)) {
    finding.evidence = std::min(finding.evidence, Evidence::marker);
  }
  finding.encoding_sha256 = to_hex(Sha256::of(payload));
  return {};
}

class Pkcs8Proof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "pkcs8"; }
  bool takes(Form form) const noexcept override { return form == Form::pkcs8_private; }
  bool judge(const Candidate&, Bytes payload, Finding& finding, std::vector<Lead>& leads) const override {
    const auto parts = take_apart(payload);
    if (!parts) return true;
    return apply(judge_parts(*parts, payload, finding), finding, leads);
  }
};

constinit const Pkcs8Proof pkcs8_instance;

}  // namespace

extern const Proof& pkcs8_proof;
const Proof& pkcs8_proof = pkcs8_instance;

}  // namespace dumpgate
