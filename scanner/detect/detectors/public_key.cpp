// Public keys in DER, as leads for the hunt: SubjectPublicKeyInfo (RFC 5280 4.1.2.7), alone or in a
// certificate, and the bare RSAPublicKey (RFC 8017 A.1.1). The anchors are the object identifiers of the
// algorithms, and for the bare form the usual exponent. These are no findings: a public key in a dump harms
// nobody.

#include <array>
#include <string>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr auto exponent = "\x02\x03\x01\x00\x01"sv;
constexpr std::array anchors_table{
    exponent,
    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv,  // rsaEncryption
    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv,  // id-RSASSA-PSS
    "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"sv,          // id-ecPublicKey
    "\x06\x07\x2a\x86\x48\xce\x38\x04\x01"sv,          // id-dsa
    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01"sv,  // dhKeyAgreement
    "\x06\x07\x2a\x86\x48\xce\x3e\x02\x01"sv,          // dhpublicnumber
    "\x06\x03\x2b\x65\x6e\x03\x21\x00"sv,              // X25519 with its BIT STRING
    "\x06\x03\x2b\x65\x6f\x03\x39\x00"sv,              // X448
    "\x06\x03\x2b\x65\x70\x03\x21\x00"sv,              // Ed25519
    "\x06\x03\x2b\x65\x71\x03\x3a\x00"sv,              // Ed448
};

constexpr std::size_t certificate_reach = 4096;  // from the version to the key: names and serial number fit

// Where the certificate begins whose key is the SubjectPublicKeyInfo at `spki`: TBSCertificate is recognised
// by its version (RFC 5280 4.1.2.1), and walked up to the key.
std::optional<std::size_t> certificate_around(Bytes bytes, std::size_t spki) {
  const std::size_t from = spki > certificate_reach ? spki - certificate_reach : 0;
  const auto before = bytes.subspan(from, spki - from);
  const std::string_view text(reinterpret_cast<const char*>(before.data()), before.size());
  const auto version = text.rfind("\xa0\x03\x02\x01\x02\x02"sv);
  if (version == std::string_view::npos) return std::nullopt;
  DerReader fields(bytes.subspan(from + version, spki - from - version));
  int count = 0;
  for (; count < 7 && !fields.empty(); ++count) {
    const auto field = fields.next();
    if (!field || field->cut) return std::nullopt;
  }
  if (count != 6) return std::nullopt;  // version, serial, signature, issuer, validity, subject
  const auto body = sequence_header_before(bytes, from + version, spki - from - version);
  if (!body) return std::nullopt;
  const auto certificate = sequence_header_before(bytes, body->begin, static_cast<std::size_t>(body->length));
  return certificate ? std::optional(certificate->begin) : std::nullopt;
}

Candidate public_candidate(const Window::Around& around, std::size_t begin, std::size_t end, Form form) {
  Candidate candidate;
  candidate.representation = "der";
  candidate.begin = around.begin + begin;
  candidate.size = end - begin;
  candidate.evidence = Evidence::hint;
  candidate.form = form;
  return candidate;
}

// The inside of a SubjectPublicKeyInfo from its AlgorithmIdentifier, whose object identifier is the anchor.
void find_spki(const Window::Around& around, CandidateSink& sink) {
  const Bytes bytes = around.bytes;
  const auto identifier = sequence_header_before(bytes, around.at, 5);
  if (!identifier || identifier->indefinite) return;
  DerReader reader(bytes.subspan(identifier->begin));
  const auto algorithm = reader.whole(der::sequence);
  const auto bits = reader.whole(der::bit_string);
  if (!algorithm || !bits || bits->content.size() < 16 || bits->content[0] != std::byte{0}) return;
  KeyShape shape;
  shape.inside = identifier->begin;
  shape.begin = shape.inside;
  shape.end = shape.inside + algorithm->whole.size() + bits->whole.size();
  const auto header = sequence_header_before(bytes, shape.inside, shape.end - shape.inside);
  if (header && header->length == shape.end - shape.inside) {
    shape.header_intact = true;
    shape.begin = header->begin;
  }
  shape.evidence = Evidence::hint;
  const auto certificate = certificate_around(bytes, shape.begin);
  if (!certificate) {
    sink.add(der_candidate(around, shape, Form::spki));
    return;
  }
  DerReader outer(bytes.subspan(*certificate));
  const auto whole = outer.next(der::sequence);
  const std::size_t size = whole ? whole->whole.size() : shape.end - *certificate;
  sink.add(public_candidate(around, *certificate, *certificate + size, Form::certificate));
}

// The modulus that ends where the exponent begins. Its header is looked for at the sizes of moduli of whole
// bytes.
std::optional<std::size_t> modulus_before(Bytes bytes, std::size_t end) {
  for (std::size_t size = 65; size <= 2049 && size + 4 <= end; size += 8) {
    const std::size_t begin = end - size - (size < 0x80 ? 2 : size < 0x100 ? 3 : 4);
    if (bytes[begin] != std::byte{der::integer}) continue;
    DerReader reader(bytes.subspan(begin, end - begin));
    const auto n = reader.whole(der::integer);
    const auto digits = n ? der_unsigned(*n) : std::nullopt;
    if (digits && reader.empty() && looks_random(*digits)) return begin;
  }
  return std::nullopt;
}

void find_bare_rsa(const Window::Around& around, CandidateSink& sink) {
  const Bytes bytes = around.bytes;
  const auto n = modulus_before(bytes, around.at);
  if (!n) return;
  KeyShape shape;
  shape.inside = *n;
  shape.begin = *n;
  shape.end = around.at + exponent.size();
  shape.evidence = Evidence::hint;
  const auto header = sequence_header_before(bytes, *n, shape.end - *n);
  if (header && header->length == shape.end - *n) {
    shape.header_intact = true;
    shape.begin = header->begin;
    // In a SubjectPublicKeyInfo a BIT STRING header with no unused bits stands here: that is found by its
    // OID.
    if (shape.begin >= 5 && bytes[shape.begin - 1] == std::byte{0} &&
        (bytes[shape.begin - 4] == std::byte{der::bit_string} ||
         bytes[shape.begin - 5] == std::byte{der::bit_string})) {
      return;
    }
  } else if (around.at + exponent.size() < bytes.size() &&
             bytes[around.at + exponent.size()] == std::byte{der::integer}) {
    return;  // the private exponent follows: the pkcs1 and rsa-chain detectors have it
  }
  sink.add(der_candidate(around, shape, Form::pkcs1_public));
}

class PublicKeyDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "public-key"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchors_table; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const auto around = window.around(position);
    if (which == 0) {
      find_bare_rsa(around, sink);
    } else {
      find_spki(around, sink);
    }
  }
};

constinit const PublicKeyDetector detector;

}  // namespace

extern const Detector& public_key_detector;
const Detector& public_key_detector = detector;

}  // namespace dumpgate
