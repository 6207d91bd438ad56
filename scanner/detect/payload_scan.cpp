#include "scanner/detect/payload_scan.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/detect/anchor_scan.h"
#include "scanner/detect/armour_payload.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_inside = 256;

// Those that wait for bytes of an encoding. A text in a text is announced by the window's own anchors, and
// texts that call for this scan must not be read by it; statistics say nothing about so few bytes.
std::vector<const Detector*> binary_detectors() {
  static constexpr std::array<std::string_view, 6> of_text{"armour",  "armour-lines", "jwk",
                                                           "xml-rsa", "bind-key",     "der-text"};
  std::vector<const Detector*> chosen;
  for (const Detector* const detector : all_detectors()) {
    const bool is_text = std::find(of_text.begin(), of_text.end(), detector->name()) != of_text.end();
    if (!detector->anchors().empty() && !is_text) chosen.push_back(detector);
  }
  return chosen;
}

const AnchorScan* binary_scan() {
  static const std::unique_ptr<AnchorScan> scan = [] {
    auto compiled = AnchorScan::compile(binary_detectors());
    return compiled ? std::move(*compiled) : nullptr;
  }();
  return scan.get();
}

bool is_own(const Candidate& found, OwnPart own, std::size_t size) {
  if (own.form == Form::none) return false;
  if (!own.is_tail) return found.begin == 0 && found.form == own.form;
  const bool is_bare = found.form != Form::pkcs8_private && found.form != Form::pkcs8_encrypted &&
                       found.form != Form::pkcs12 && found.form != Form::openssh_private;
  return is_bare && found.begin + found.size == size;
}

}  // namespace

bool scan_payload(std::span<const std::byte> payload, const SignatureSet* signatures, CandidateSink& sink) {
  Window window;
  window.bytes = payload;
  window.own_end = payload.size();
  window.signatures = signatures;
  const AnchorScan* const scan = binary_scan();
  if (scan == nullptr) return false;
  thread_local AnchorScan::Scratch scratch(*scan);
  return scan->scan(window, scratch, sink).has_value() && !sink.full();
}

void examine_inside(std::span<const std::byte> payload, OwnPart own, const Candidate& outer,
                    const SignatureSet* signatures, CandidateSink& sink, PublicInside publics) {
  if (payload.empty()) return;
  const auto place = [&](Candidate& candidate) {
    candidate.begin = outer.begin;
    candidate.size = outer.size;
    candidate.representation = outer.representation;
  };
  CandidateSink inside(most_inside);
  if (!scan_payload(payload, signatures, inside)) {
    Candidate unknown;
    place(unknown);
    unknown.signature = "private-key";
    unknown.detail = "an armour that could not be examined whole";
    sink.add(std::move(unknown));
  }
  for (Candidate& found : inside.found()) {
    if (is_public(found.form) && publics == PublicInside::ignored) continue;
    if (is_own(found, own, payload.size())) continue;
    if (found.payload.empty()) found.payload = secret_copy(payload.subspan(found.begin, found.size));
    found.detail = "inside another encoding";
    place(found);
    sink.add(std::move(found));
  }
}

}  // namespace dumpgate
