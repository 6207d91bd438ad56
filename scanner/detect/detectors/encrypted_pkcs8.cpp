// EncryptedPrivateKeyInfo (RFC 5958 section 3) in DER: the anchors are the object identifiers of
// password-based encryption (RFC 8018, RFC 7292 appendix C), which here stand in an AlgorithmIdentifier
// before an OCTET STRING of ciphertext. Those inside an intact PKCS #12 are left to that.

#include <array>

#include "scanner/detect/detector.h"
#include "scanner/detect/pkcs12_shape.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr std::size_t least_ciphertext = 40;  // an Ed25519 key takes 48 bytes with its padding

std::optional<KeyShape> encrypted_key_at(Bytes bytes, std::size_t oid) {
  const auto identifier = sequence_header_before(bytes, oid, 11);
  if (!identifier || identifier->indefinite) return std::nullopt;
  DerReader reader(bytes.subspan(identifier->begin));
  const auto algorithm = reader.whole(der::sequence);
  const auto ciphertext = reader.next(der::octet_string);
  if (!algorithm || !ciphertext || ciphertext->claimed < least_ciphertext) return std::nullopt;
  DerReader parts(*algorithm);
  const bool well_formed = parts.whole(der::object_identifier) && parts.whole(der::sequence) && parts.empty();
  if (!well_formed || !looks_random(ciphertext->content)) return std::nullopt;
  KeyShape shape;
  shape.inside = identifier->begin;
  shape.begin = shape.inside;
  shape.end = bytes.size() - reader.left().size();
  shape.cut = ciphertext->cut;
  const auto header = sequence_header_before(bytes, shape.inside, shape.end - shape.inside);
  if (header && !header->indefinite && (ciphertext->cut || header->length == shape.end - shape.inside)) {
    shape.header_intact = true;
    shape.begin = header->begin;
  }
  shape.evidence = shape.header_intact && !shape.cut ? Evidence::structure : Evidence::marker;
  return shape;
}

class EncryptedPkcs8Detector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "encrypted-pkcs8"; }

  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{
        "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05"sv,     // pkcs-5: PBES1 and PBES2
        "\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"sv  // pkcs-12PbeIds
    };
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto shape = encrypted_key_at(around.bytes, around.at);
    if (!shape || inside_pkcs12(around.bytes, shape->begin)) return;
    auto candidate = der_candidate(around, *shape, Form::pkcs8_encrypted);
    candidate.signature = "encrypted-private-key";
    candidate.encrypted = true;
    sink.add(std::move(candidate));
  }
};

constinit const EncryptedPkcs8Detector detector;

}  // namespace

extern const Detector& encrypted_pkcs8_detector;
const Detector& encrypted_pkcs8_detector = detector;

}  // namespace dumpgate
