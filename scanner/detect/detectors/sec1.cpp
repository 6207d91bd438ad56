// ECPrivateKey (RFC 5915, SEC 1 C.4) in DER: the anchor is the version with the tag of the OCTET STRING that
// holds the scalar. One inside an intact PKCS #8 is left to that.

#include <array>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

class Sec1Detector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "sec1"; }

  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{"\x02\x01\x01\x04"sv};
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto shape = sec1_key_at(around.bytes, around.at);
    if (!shape || pkcs8_around(around.bytes, shape->begin)) return;
    auto candidate = der_candidate(around, *shape, Form::sec1_private);
    candidate.signature = "ec-private-key";
    candidate.algorithm = "ec";
    sink.add(std::move(candidate));
  }
};

constinit const Sec1Detector detector;

}  // namespace

extern const Detector& sec1_detector;
const Detector& sec1_detector = detector;

}  // namespace dumpgate
