// PFX, PKCS #12 (RFC 7292), in DER or BER with indefinite lengths: the anchor is version 3 with the tag of
// the ContentInfo, and the content type must be data or signedData. What it holds is behind a passphrase.

#include "scanner/detect/pkcs12_shape.h"

#include <array>

#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

class Pkcs12Detector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "pkcs12"; }

  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{"\x02\x01\x03\x30"sv};
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto shape = pkcs12_at(around.bytes, around.at);
    if (!shape) return;
    auto candidate = der_candidate(around, *shape, Form::pkcs12);
    candidate.signature = "pkcs12";
    candidate.encrypted = true;
    sink.add(std::move(candidate));
  }
};

constinit const Pkcs12Detector detector;

}  // namespace

extern const Detector& pkcs12_detector;
const Detector& pkcs12_detector = detector;

}  // namespace dumpgate
