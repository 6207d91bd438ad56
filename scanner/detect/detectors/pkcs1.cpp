// RSAPrivateKey (RFC 8017 A.1.2, two primes or more) and OpenSSL's DSA private key in DER. Both are a
// SEQUENCE of INTEGERs; the anchor is the version with the tag of the next number. One inside an intact PKCS
// #8 is left to that.

#include <array>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

class Pkcs1Detector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "pkcs1"; }

  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{"\x02\x01\x00\x02"sv, "\x02\x01\x01\x02"sv};
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto shape = integers_key_at(around.bytes, around.at);
    if (!shape || pkcs8_around(around.bytes, shape->begin)) return;
    auto candidate = der_candidate(around, *shape, shape->dsa ? Form::dsa_private : Form::pkcs1_private);
    candidate.signature = shape->dsa ? "dsa-private-key" : "rsa-private-key";
    candidate.algorithm = shape->dsa ? "dsa" : "rsa";
    sink.add(std::move(candidate));
  }
};

constinit const Pkcs1Detector detector;

}  // namespace

extern const Detector& pkcs1_detector;
const Detector& pkcs1_detector = detector;

}  // namespace dumpgate
