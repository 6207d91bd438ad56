// OneAsymmetricKey, PKCS #8 (RFC 5958 section 2, v1 and v2) in DER, of any algorithm: the anchor is the
// version with the tag of the AlgorithmIdentifier. Algorithms that no signature claims are still reported, as
// what they are.

#include <array>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/signature.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

std::string signature_of(const Window& window, const Pkcs8Shape& shape) {
  const auto dotted = oid_text(shape.oid);
  if (window.signatures != nullptr && dotted) {
    if (const Signature* const signature = window.signatures->by_oid(*dotted)) return signature->id;
  }
  return std::string(shape.algorithm != nullptr ? shape.algorithm->signature : "private-key"sv);
}

class Pkcs8Detector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "pkcs8"; }

  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{"\x02\x01\x00\x30"sv, "\x02\x01\x01\x30"sv};
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto shape = pkcs8_key_at(around.bytes, around.at);
    if (!shape) return;
    auto candidate = der_candidate(around, *shape, Form::pkcs8_private);
    candidate.signature = signature_of(window, *shape);
    if (shape->algorithm != nullptr) candidate.algorithm = shape->algorithm->algorithm;
    if (shape->evidence == Evidence::hint)
      candidate.detail = "the header of a key, without random numbers behind it";
    sink.add(std::move(candidate));
  }
};

constinit const Pkcs8Detector detector;

}  // namespace

extern const Detector& pkcs8_detector;
const Detector& pkcs8_detector = detector;

}  // namespace dumpgate
