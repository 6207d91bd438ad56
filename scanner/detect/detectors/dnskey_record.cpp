// DNSKEY records as a name server keeps them in memory and sends them: leads for the hunt, never findings.
// The one rule: the record's own length stands before it (in a message and in BIND's slabs alike) and must
// agree with the numbers, for four bytes of flags and numbers are everywhere.
//
// RFC 4034 section 2.1; RSA: RFC 3110 (the exponent 65537 alone, which all signers use); curves: RFC 6605,
// 8080. As text they are read by the detector of BIND's files.

#include <array>
#include <string_view>

#include "scanner/base/byte_cursor.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/named_numbers.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

constexpr std::size_t head = 4;      // flags, protocol, algorithm
constexpr std::size_t exponent = 4;  // its length and 65537

// Protocol, algorithm and exponent of RSA; length, flags, protocol and algorithm of curves: zone keys (256)
// and those that sign keys (257).
constexpr std::array anchor_texts{
    "\x03\x05\x03\x01\x00\x01"sv, "\x03\x07\x03\x01\x00\x01"sv, "\x03\x08\x03\x01\x00\x01"sv,
    "\x03\x0a\x03\x01\x00\x01"sv, "\x00\x44\x01\x00\x03\x0d"sv, "\x00\x44\x01\x01\x03\x0d"sv,
    "\x00\x64\x01\x00\x03\x0e"sv, "\x00\x64\x01\x01\x03\x0e"sv, "\x00\x24\x01\x00\x03\x0f"sv,
    "\x00\x24\x01\x01\x03\x0f"sv, "\x00\x3d\x01\x00\x03\x10"sv, "\x00\x3d\x01\x01\x03\x10"sv,
};
constexpr std::size_t first_curve = 4;

SecretBytes rsa_key(Bytes record) {
  constexpr std::size_t least = 64;
  constexpr std::size_t most = 2048;
  const Bytes modulus = record.subspan(head + exponent);
  if (modulus.size() < least || modulus.size() > most || !looks_random(modulus)) return {};
  if ((modulus.back() & std::byte{1}) == std::byte{0} || modulus.front() == std::byte{0}) return {};
  RsaMembers numbers;
  numbers.n = secret_copy(modulus);
  numbers.e = {std::byte{1}, std::byte{0}, std::byte{1}};
  return rsa_public_der(numbers);
}

SecretBytes curve_key(Bytes record) {
  const int algorithm = std::to_integer<int>(record[head - 1]);
  const Bytes point = record.subspan(head);
  for (const NamedCurve& curve : named_curves()) {
    if (curve.dnssec != algorithm) continue;
    if (point.size() != (curve.raw ? 1 : 2) * curve.size || !looks_random(point)) return {};
    CurveMembers numbers{&curve, {}, secret_copy(point.first(curve.size)), {}};
    if (!curve.raw) numbers.y = secret_copy(point.subspan(curve.size));
    return curve_public_der(numbers);
  }
  return {};
}

class DnskeyRecordDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "dnskey-record"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const bool is_rsa = which < first_curve;
    // Of RSA length and flags stand before the anchor.
    constexpr std::size_t before = 4;
    if (is_rsa && around.at < before) return;
    const std::size_t length_at = is_rsa ? around.at - before : around.at;
    if (around.bytes.size() - length_at < 2) return;
    const auto length = load<std::uint16_t>(around.bytes.data() + length_at, ByteOrder::big);
    if (length <= head + exponent || around.bytes.size() - length_at - 2 < length) return;
    const Bytes record = around.bytes.subspan(length_at + 2, length);
    const bool is_zone_key = record[0] == std::byte{1} && (record[1] & std::byte{0x7e}) == std::byte{0};
    if (!is_zone_key) return;
    Candidate candidate;
    candidate.payload = is_rsa ? rsa_key(record) : curve_key(record);
    if (candidate.payload.empty()) return;
    candidate.representation = "dnskey";
    candidate.begin = around.begin + length_at + 2;
    candidate.size = length;
    candidate.form = Form::spki;
    candidate.evidence = Evidence::hint;
    sink.add(std::move(candidate));
  }
};

constinit const DnskeyRecordDetector detector;

}  // namespace

extern const Detector& dnskey_record_detector;
const Detector& dnskey_record_detector = detector;

}  // namespace dumpgate
