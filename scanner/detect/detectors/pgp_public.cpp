// OpenPGP public keys (RFC 9580 section 5.5.2, version 4): leads for the hunt, never findings. In
// key rings and key boxes, and in the memory of whoever read them; a secret key begins with the same numbers.
// The one rule: a packet's own header need not be there, but the numbers must announce each other: the
// modulus by its length in bits, a point by the identifier of its curve.
//
// Armoured key blocks are decoded by the armour detector and shown to this one. Not read: exponents other
// than 65537, and the raw keys of RFC 9580: in packets of version 4 nothing announces them, and in those of
// version 6 a length (00 00 00 20) that memory is so full of that looking for it cost a fifth of a whole
// scan.

#include <array>
#include <string_view>
#include <utility>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/named_numbers.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

// The exponent 65537 as 17 bits, behind the modulus; identifiers of curves with the length and the first
// octet of the point: Ed25519 and X25519 as GnuPG writes them, NIST's, secp256k1, Brainpool's.
enum Anchor : std::size_t { rsa_exponent, ed25519, x25519 };
constexpr std::array anchor_texts{
    "\x00\x11\x01\x00\x01"sv,
    "\x2b\x06\x01\x04\x01\xda\x47\x0f\x01\x01\x07\x40"sv,
    "\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01\x01\x07\x40"sv,
    "\x03\x01\x07\x02\x03\x04"sv,
    "\x00\x22\x03\x03\x04"sv,
    "\x00\x23\x04\x23\x04"sv,
    "\x00\x0a\x02\x03\x04"sv,
    "\x08\x01\x01\x07\x02\x03\x04"sv,
    "\x08\x01\x01\x0b\x03\x03\x04"sv,
    "\x08\x01\x01\x0d\x04\x03\x04"sv,
};

constexpr std::size_t number_head = 2;  // a number's length in bits
constexpr std::array<std::size_t, 8> modulus_sizes{64, 96, 128, 192, 256, 384, 512, 1024};  // bytes

Candidate lead(std::size_t begin, std::size_t size, SecretBytes payload) {
  Candidate candidate;
  candidate.representation = "openpgp";
  candidate.begin = begin;
  candidate.size = size;
  candidate.form = Form::spki;
  candidate.evidence = Evidence::hint;
  candidate.payload = std::move(payload);
  return candidate;
}

// The modulus whose last byte stands before `end`, by a length that agrees with its first byte.
void find_modulus(const Window::Around& around, CandidateSink& sink) {
  for (const std::size_t size : modulus_sizes) {
    if (around.at < size + number_head) return;
    const Bytes modulus = around.bytes.subspan(around.at - size, size);
    const auto bits = load<std::uint16_t>(modulus.data() - number_head, ByteOrder::big);
    const auto top = std::to_integer<unsigned>(modulus.front());
    const std::size_t unused = top == 0 ? 8 : static_cast<std::size_t>(__builtin_clz(top)) - 24;
    if (bits != 8 * size - unused || unused > 7 || (modulus.back() & std::byte{1}) == std::byte{0}) continue;
    if (!looks_random(modulus)) continue;
    RsaMembers numbers;
    numbers.n = secret_copy(modulus);
    numbers.e = {std::byte{1}, std::byte{0}, std::byte{1}};
    sink.add(lead(around.begin + around.at - size, size, rsa_public_der(numbers)));
    return;
  }
}

const NamedCurve* raw_curve(std::string_view name) {
  for (const NamedCurve& curve : named_curves())
    if (curve.raw && curve.name == name) return &curve;
  return nullptr;
}

void read_raw(const Window::Around& around, std::size_t begin, const NamedCurve* curve, CandidateSink& sink) {
  if (curve == nullptr || around.bytes.size() - begin < curve->size) return;
  const Bytes point = around.bytes.subspan(begin, curve->size);
  if (!looks_random(point)) return;
  sink.add(lead(around.begin + begin, point.size(), curve_public_der({curve, {}, secret_copy(point), {}})));
}

// The point 04 || x || y whose length in bits stands before `begin`, behind the identifier of its curve.
void read_point(const Window::Around& around, std::size_t begin, CandidateSink& sink) {
  for (const NamedCurve& curve : named_curves()) {
    const std::size_t identifier = curve.oid.size();
    if (curve.raw || begin < number_head + identifier + 1) continue;
    const std::size_t at = begin - number_head - identifier;
    if (!equals(around.bytes.subspan(at, identifier), curve.oid)) continue;
    if (std::to_integer<std::size_t>(around.bytes[at - 1]) != identifier) continue;
    if (around.bytes.size() - begin < 1 + 2 * curve.size) return;
    const Bytes point = around.bytes.subspan(begin + 1, 2 * curve.size);
    if (!looks_random(point)) return;
    const CurveMembers numbers{
        &curve, {}, secret_copy(point.first(curve.size)), secret_copy(point.subspan(curve.size))};
    sink.add(lead(around.begin + begin, 1 + point.size(), curve_public_der(numbers)));
    return;
  }
}

class PgpPublicDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "pgp-public"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const std::size_t end = around.at + anchor_texts[which].size();
    if (which == rsa_exponent) return find_modulus(around, sink);
    if (which == ed25519) return read_raw(around, end, raw_curve("ed25519"), sink);
    if (which == x25519) return read_raw(around, end, raw_curve("x25519"), sink);
    read_point(around, end - 1, sink);
  }
};

constinit const PgpPublicDetector detector;

}  // namespace

extern const Detector& pgp_public_detector;
const Detector& pgp_public_detector = detector;

}  // namespace dumpgate
