#include "scanner/detect/der_shapes.h"

#include <algorithm>
#include <bitset>

#include "scanner/base/algorithm_oids.h"
#include "scanner/base/der_writer.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr std::size_t least_modulus = 32;      // bytes: smaller ones are toys, and noise would pass for them
constexpr std::size_t most_modulus = 2049;     // RSA-16384 with its sign octet
constexpr std::size_t most_parameters = 4096;  // an AlgorithmIdentifier: DSA-3072 and explicit curves fit

// RFC 3279, 4055, 5480, 8410, 4491 and 9215 (GOST), 9881 (ML-DSA), 9909 (SLH-DSA), 9935 (ML-KEM).
constexpr KeyAlgorithmShape known_algorithms[] = {
    {oid_rsa, "rsa", "rsa-private-key", KeyBody::rsa, 0},
    {oid_rsa_pss, "rsa-pss", "rsa-private-key", KeyBody::rsa, 0},
    {oid_ec, "ec", "ec-private-key", KeyBody::ec, 0},
    {oid_ed25519, "ed25519", "ed25519-private-key", KeyBody::raw, 32},
    {oid_ed448, "ed448", "ed448-private-key", KeyBody::raw, 57},
    {oid_x25519, "x25519", "x25519-private-key", KeyBody::raw, 32},
    {oid_x448, "x448", "x448-private-key", KeyBody::raw, 56},
    {oid_dsa, "dsa", "dsa-private-key", KeyBody::integer, 0},
    {oid_dh_pkcs3, "dh", "dh-private-key", KeyBody::integer, 0},
    {oid_dh_x942, "dh", "dh-private-key", KeyBody::integer, 0},
    {"\x2a\x85\x03\x02\x02\x13"sv, "gost", "gost-private-key", KeyBody::any, 0},
    {"\x2a\x85\x03\x02\x02\x14"sv, "gost", "gost-private-key", KeyBody::any, 0},
    {"\x2a\x85\x03\x07\x01\x01\x01\x01"sv, "gost", "gost-private-key", KeyBody::any, 0},
    {"\x2a\x85\x03\x07\x01\x01\x01\x02"sv, "gost", "gost-private-key", KeyBody::any, 0},
};

// The NIST arcs 2.16.840.1.101.3.4.3.x (signatures) and .4.4.x (KEMs) hold many algorithms that differ in the
// last arc.
constexpr KeyAlgorithmShape ml_dsa{"", "ml-dsa", "ml-dsa-private-key", KeyBody::any, 0};
constexpr KeyAlgorithmShape slh_dsa{"", "slh-dsa", "slh-dsa-private-key", KeyBody::any, 0};
constexpr KeyAlgorithmShape ml_kem{"", "ml-kem", "ml-kem-private-key", KeyBody::any, 0};

const KeyAlgorithmShape* algorithm_of(Bytes oid) {
  for (const auto& known : known_algorithms) {
    if (equals(oid, known.oid)) return &known;
  }
  if (oid.size() != 9) return nullptr;
  const auto last = std::to_integer<unsigned>(oid[8]);
  if (equals(oid.first(8), "\x60\x86\x48\x01\x65\x03\x04\x03"sv)) {
    if (last >= 0x11 && last <= 0x13) return &ml_dsa;
    if (last >= 0x14 && last <= 0x1f) return &slh_dsa;
  }
  if (equals(oid.first(8), "\x60\x86\x48\x01\x65\x03\x04\x04"sv) && last >= 1 && last <= 3) return &ml_kem;
  return nullptr;
}

std::size_t offset_in(Bytes bytes, Bytes part) {
  return static_cast<std::size_t>(part.data() - bytes.data());
}

// Fills what follows from where the inside begins and ends. `whole`: the walk ended with all elements
// complete.
template <typename Shape>
void close(Bytes bytes, Shape& shape, std::size_t inside, std::size_t end, bool whole) {
  shape.inside = inside;
  shape.begin = inside;
  shape.end = end;
  shape.cut = !whole;
  const auto header = sequence_header_before(bytes, inside, end - inside);
  if (!header) return;
  // A header that promises more than was walked: the rest was overwritten, or lies past the bytes at hand.
  const bool promises_more = !header->indefinite && header->length > end - inside;
  shape.cut = shape.cut || promises_more;
  shape.header_intact = true;
  shape.begin = header->begin;
}

bool plausible_number(const DerElement& number, std::size_t least) {
  const auto digits = number.content;
  if (number.claimed < least || number.claimed > most_modulus) return false;
  if (digits.empty()) return number.cut;
  if ((digits[0] & std::byte{0x80}) != std::byte{0}) return false;
  if (number.cut) return digits.size() < 16 || looks_random(digits.subspan(1));
  return looks_random(digits.subspan(1));
}

bool odd(const DerElement& number) {
  return number.cut || (number.content.back() & std::byte{1}) != std::byte{0};
}

// The INTEGERs after the version: as many as follow one another, at most those of either kind.
struct Integers {
  std::array<DerElement, 8> numbers{};
  std::size_t count = 0;
  bool cut = false;
};

Integers read_integers(DerReader& reader) {
  Integers found;
  while (found.count < found.numbers.size() && !found.cut) {
    const auto number = reader.next(der::integer);
    if (!number || (number->content.empty() && !number->cut)) break;
    found.cut = number->cut;
    found.numbers[found.count++] = *number;
  }
  found.cut = found.cut || reader.left().size() < 2;
  return found;
}

bool is_dsa(const Integers& found) {
  if (found.count < 2) return false;
  const auto& q = found.numbers[1];
  return q.claimed >= 20 && q.claimed <= 65 && plausible_number(q, 20) && odd(q) &&
         found.numbers[0].claimed >= 64;
}

bool is_public_exponent(const DerElement& e) { return e.claimed >= 1 && e.claimed <= 9 && !e.cut && odd(e); }

// How far an encoding that stops early must reach to be worth a report: into the private numbers, or, when
// the bytes at hand are what ends it under an intact header, into the modulus.
bool reaches_far_enough(const Integers& found, bool header) {
  if (found.count >= 3) return true;
  return found.cut && header && found.count >= 1 && found.numbers[0].content.size() >= 16;
}

}  // namespace

bool looks_random(Bytes bytes) {
  const auto sample = bytes.first(std::min<std::size_t>(bytes.size(), 64));
  if (sample.size() < 8) return false;
  std::bitset<256> values;
  std::bitset<256> steps;
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const auto value = std::to_integer<unsigned>(sample[i]);
    values.set(value);
    if (value == 0) ++zeros;
    if (i > 0) steps.set((value - std::to_integer<unsigned>(sample[i - 1])) & 255U);
  }
  // 64 random bytes hold 57 distinct values (32: 30), with a standard deviation below 3; text, tables and
  // counters hold fewer values or fewer distinct steps.
  const std::size_t least = sample.size() * 5 / 8;
  return values.count() >= least && steps.count() >= least && zeros * 4 < sample.size() + 4;
}

std::optional<OuterHeader> sequence_header_before(Bytes bytes, std::size_t inside, std::size_t least) {
  for (std::size_t size = 2; size <= 5 && size <= inside; ++size) {
    const std::size_t begin = inside - size;
    if (bytes[begin] != std::byte{der::sequence}) continue;
    DerReader reader(bytes.subspan(begin), DerReader::Rules::ber);
    const auto element = reader.next();
    if (!element || offset_in(bytes, element->content) != inside) continue;
    const bool indefinite = bytes[begin + 1] == std::byte{0x80};
    if (!indefinite && element->claimed < least) continue;
    return OuterHeader{.begin = begin, .length = element->claimed, .indefinite = indefinite};
  }
  return std::nullopt;
}

std::optional<IntegersShape> integers_key_at(Bytes bytes, std::size_t version) {
  DerReader reader(bytes.subspan(version));
  if (!reader.whole(der::integer)) return std::nullopt;
  const Integers found = read_integers(reader);
  if (found.count == 0 || !plausible_number(found.numbers[0], least_modulus) || !odd(found.numbers[0])) {
    return std::nullopt;
  }
  IntegersShape shape;
  shape.dsa = is_dsa(found);
  if (found.count >= 2 && !shape.dsa && !is_public_exponent(found.numbers[1]) && !found.numbers[1].cut) {
    return std::nullopt;
  }
  const std::size_t wanted = shape.dsa ? 5 : 8;
  if (found.count >= 3 && !plausible_number(found.numbers[2], least_modulus / 2)) return std::nullopt;
  const bool multi_prime = bytes[version + 2] == std::byte{1};
  bool whole = found.count == wanted && !found.numbers[wanted - 1].cut;
  if (whole && multi_prime) {
    const auto others = reader.next(der::sequence);
    whole = others && !others->cut;
  }
  const std::size_t end = offset_in(bytes, reader.left());
  close(bytes, shape, version, end, whole);
  if (!whole && !reaches_far_enough(found, shape.header_intact)) return std::nullopt;
  shape.evidence = !shape.cut && shape.header_intact ? Evidence::structure : Evidence::marker;
  return shape;
}

std::optional<Sec1Shape> sec1_key_at(Bytes bytes, std::size_t version) {
  DerReader reader(bytes.subspan(version));
  if (!reader.whole(der::integer)) return std::nullopt;
  const auto secret = reader.next(der::octet_string);
  if (!secret || secret->claimed < 14 || secret->claimed > 72) return std::nullopt;
  if (secret->cut && secret->content.size() < 8) return std::nullopt;
  Sec1Shape shape;
  bool whole = !secret->cut;
  const auto parameters = whole ? reader.next(der::context_0) : std::nullopt;
  if (parameters) whole = !parameters->cut && parameters->content.size() >= 2;
  const auto before_public = reader.left();
  const auto point = whole ? reader.next(der::context_1) : std::nullopt;
  if (point) {
    whole = !point->cut;
    shape.has_public =
        whole && point->content.size() >= 16 && point->content[0] == std::byte{der::bit_string};
    shape.public_begin = offset_in(bytes, before_public);
  }
  close(bytes, shape, version, offset_in(bytes, reader.left()), whole);
  // `02 01 01 04` also begins SNMP messages: without a header or a public half, the number must stand for
  // itself.
  if (!looks_random(secret->content)) {
    if (!shape.has_public) return std::nullopt;
    shape.evidence = Evidence::hint;
    return shape;
  }
  if (!shape.header_intact && !shape.has_public) return std::nullopt;
  const bool complete = !shape.cut && shape.header_intact && (parameters || point);
  shape.evidence = complete ? Evidence::structure : Evidence::marker;
  return shape;
}

namespace {

// Whether the privateKey's content, whole or as far as it is there, is what the algorithm puts there; and
// whether its secret looks like one.
struct BodyCheck {
  bool fits = false;
  bool random = false;
};

BodyCheck check_rsa(const DerElement& key) {
  DerReader reader(key);
  const auto sequence = reader.next(der::sequence);
  if (!sequence) return {};
  DerReader inside(*sequence);
  const auto version = inside.next(der::integer);
  const auto n = inside.next(der::integer);
  if (!version || !n) return {};
  return {.fits = n->claimed >= least_modulus, .random = plausible_number(*n, least_modulus) && odd(*n)};
}

BodyCheck check_ec(const DerElement& key) {
  DerReader reader(key);
  const auto sequence = reader.next(der::sequence);
  if (!sequence) return {};
  DerReader inside(*sequence);
  const auto version = inside.next(der::integer);
  const auto secret = inside.next(der::octet_string);
  if (!version || !secret) return {};
  return {.fits = secret->claimed >= 14 && secret->claimed <= 72, .random = looks_random(secret->content)};
}

BodyCheck check_body(const DerElement& key, const KeyAlgorithmShape* algorithm) {
  DerReader reader(key);
  switch (algorithm != nullptr ? algorithm->body : KeyBody::any) {
    case KeyBody::rsa:
      return check_rsa(key);
    case KeyBody::ec:
      return check_ec(key);
    case KeyBody::raw: {
      const auto raw = reader.next(der::octet_string);
      if (!raw || raw->claimed != algorithm->raw_size) return {};
      return {.fits = true, .random = looks_random(raw->content)};
    }
    case KeyBody::integer: {
      const auto number = reader.next(der::integer);
      if (!number || number->content.empty()) return {};
      return {.fits = number->claimed >= 8, .random = looks_random(number->content.subspan(1))};
    }
    case KeyBody::any: {
      const bool long_enough = key.claimed >= 16 && key.content.size() >= 16;
      return {.fits = long_enough, .random = looks_random(key.content.last(key.content.size() / 2))};
    }
  }
  return {};
}

// attributes [0] and publicKey [1] of RFC 5958, as long as the header (if any) has room for them.
bool skip_attributes(DerReader& reader, std::uint64_t room, Bytes from) {
  const auto used = [&] { return from.size() - reader.left().size(); };
  for (const std::uint8_t tag : {std::uint8_t{0xa0}, std::uint8_t{0x81}, std::uint8_t{0xa1}}) {
    if (used() >= room) return true;
    const auto element = reader.next(tag);
    if (element && element->cut) return false;
  }
  return true;
}

}  // namespace

std::optional<Pkcs8Shape> pkcs8_key_at(Bytes bytes, std::size_t version) {
  const auto inside = bytes.subspan(version);
  DerReader reader(inside);
  const auto number = reader.whole(der::integer);
  const auto identifier = reader.whole(der::sequence);
  const auto key = reader.next(der::octet_string);
  if (!number || !identifier || !key || identifier->content.size() > most_parameters) return std::nullopt;
  DerReader algorithm(*identifier);
  const auto oid = algorithm.whole(der::object_identifier);
  if (!oid || oid->content.empty()) return std::nullopt;

  Pkcs8Shape shape;
  shape.oid = oid->content;
  shape.algorithm = algorithm_of(oid->content);
  shape.key_begin = offset_in(bytes, key->content);
  const BodyCheck body = check_body(*key, shape.algorithm);
  if (!body.fits) return std::nullopt;
  bool whole = !key->cut;
  if (whole) {
    const auto header = sequence_header_before(bytes, version, inside.size() - reader.left().size());
    const bool v2 = number->content[0] == std::byte{1};
    const std::uint64_t room = header && !header->indefinite ? header->length : (v2 ? inside.size() : 0);
    whole = skip_attributes(reader, room, inside);
  }
  close(bytes, shape, version, offset_in(bytes, reader.left()), whole);
  const bool complete = !shape.cut && shape.header_intact;
  if (shape.algorithm == nullptr && !(complete && body.random)) return std::nullopt;
  shape.evidence = complete ? Evidence::structure : Evidence::marker;
  if (shape.algorithm == nullptr) shape.evidence = Evidence::marker;
  if (!body.random) shape.evidence = Evidence::hint;  // a constant of a library, or zeros
  return shape;
}

std::optional<Pkcs8Shape> pkcs8_around(Bytes bytes, std::size_t inner) {
  const std::size_t from = inner > most_parameters + 32 ? inner - most_parameters - 32 : 0;
  for (std::size_t at = inner; at-- > from;) {
    const auto head = bytes.subspan(at);
    if (head.size() < 4 || head[0] != std::byte{2} || head[1] != std::byte{1} || head[3] != std::byte{0x30})
      continue;
    if (head[2] != std::byte{0} && head[2] != std::byte{1}) continue;
    auto shape = pkcs8_key_at(bytes, at);
    if (shape && shape->key_begin == inner) return shape;
  }
  return std::nullopt;
}

Candidate der_candidate(const Window::Around& around, const KeyShape& shape, Form form) {
  Candidate candidate;
  candidate.representation = "der";
  candidate.begin = around.begin + shape.begin;
  candidate.size = shape.end - shape.begin;
  candidate.evidence = shape.evidence;
  candidate.form = form;
  candidate.cut = shape.cut;
  if (shape.header_intact) return candidate;
  candidate.detail = "the outer header is lost or damaged";
  const auto inside = around.bytes.subspan(shape.inside, shape.end - shape.inside);
  const auto header = der_header(der::sequence, inside.size());
  candidate.payload.reserve(header.size() + inside.size());
  candidate.payload.assign(header.begin(), header.end());
  candidate.payload.insert(candidate.payload.end(), inside.begin(), inside.end());
  return candidate;
}

}  // namespace dumpgate
