// Armour: "-----BEGIN <label>-----", its body and its END, in every form in which it travels
// (detect/armour_forms.h). The one rule: whoever stands first reports. The BEGIN anchor reports its armour,
// whole or cut; the END anchor only a body whose BEGIN is lost, or whose BEGIN no anchor announces.
//
// RFC 7468; OpenPGP, RFC 9580 section 6.2; SSH.com, RFC 4716 and its private twin; OpenVPN. free() destroys
// the first 16 or 32 bytes of a buffer, which is the BEGIN line: tails are found as often as whole armours.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/der_reader.h"
#include "scanner/detect/armour_forms.h"
#include "scanner/detect/armour_payload.h"
#include "scanner/detect/armour_text.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/payload_scan.h"
#include "scanner/detect/signature.h"

namespace dumpgate {
namespace {

// A signature that claims the label, or the general one when the label says that it is a private key, or may
// say so as far as it is there. "" for everything else.
std::string signature_of(const SignatureSet* signatures, const ArmourMarker& marker) {
  if (signatures != nullptr) {
    if (const Signature* const claimed = signatures->by_label(marker.label)) return claimed->id;
  }
  const std::string_view label = marker.label;
  for (const std::string_view ending : {"PRIVATE KEY", "PRIVATE KEY BLOCK", "SECRET KEY BLOCK"}) {
    if (label.ends_with(ending)) return "private-key";
  }
  if (marker.closed || label.empty() || signatures == nullptr) return "";
  for (const Signature& each : signatures->all()) {
    for (const std::string& whole : each.labels) {
      if (whole.starts_with(label)) return "private-key";
    }
  }
  return "";
}

bool is_hexadecimal(std::string_view label) { return label == "OpenVPN Static key V1"; }

SecretBytes decode_hex(std::string_view digits) {
  SecretBytes bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    const auto high = hex_value(digits[i]);
    const auto low = hex_value(digits[i + 1]);
    if (!high || !low) break;
    bytes.push_back(static_cast<std::byte>(*high * 16 + *low));
  }
  return bytes;
}

SecretBytes decode_body(std::string_view label, const ArmourBody& body) {
  return is_hexadecimal(label) ? decode_hex(view_of(body.characters))
                               : decode_base64(view_of(body.characters));
}

// Whether this is more than a label: the characters next to the marker decide, since what follows a cut
// armour in memory is anything.
bool is_plausible(std::string_view label, const ArmourBody& body, bool from_end) {
  constexpr std::size_t sample = 256;
  std::string_view characters = view_of(body.characters);
  if (characters.size() > sample) {
    characters = from_end ? characters.substr(characters.size() - sample) : characters.substr(0, sample);
  }
  if (is_hexadecimal(label)) {
    const auto is_digit = [](char c) { return hex_value(c).has_value(); };
    return characters.size() >= 32 && std::all_of(characters.begin(), characters.end(), is_digit) &&
           std::count(characters.begin(), characters.end(), characters.front()) * 2 <
               static_cast<std::ptrdiff_t>(characters.size());
  }
  // The last 32 alone are asked too: words may stand before the tail that is left.
  const auto last = [&](std::size_t count) {
    return characters.substr(characters.size() - std::min(count, characters.size()));
  };
  if (from_end)
    return looks_like_base64(characters) || looks_like_base64(last(64)) || looks_like_base64(last(32));
  return looks_like_base64(characters) || looks_like_base64(characters.substr(0, 64)) ||
         looks_like_base64(characters.substr(0, 32));
}

// A whole secret-key packet comes first (RFC 9580 section 5.5.1.3), and the checksum is right.
bool is_whole_pgp(std::span<const std::byte> bytes, const ArmourBody& body) {
  if (bytes.empty() || !body.crc24 || crc24(bytes) != *body.crc24) return false;
  const auto first = std::to_integer<unsigned>(bytes[0]);
  const unsigned tag = (first & 0x40) != 0 ? first & 0x3f : first >> 2 & 15;
  return (first & 0x80) != 0 && tag == 5;
}

// OpenPGP's blocks are packets, of which no label says which keys: the public ones are leads. So are those of
// secret keys, whose packets begin with the same numbers.
PublicInside publics_of(std::string_view label) {
  return label.starts_with("PGP ") ? PublicInside::leads : PublicInside::ignored;
}

class ArmourReport {
 public:
  ArmourReport(const Window& window, const Window::Around& around, ArmourReading& reading,
               CandidateSink& sink)
      : window_(window), around_(around), reading_(reading), sink_(sink) {}

  // An armour that begins at a BEGIN marker.
  void whole_or_head(const Armour& armour) {
    const ArmourMarker& head = *armour.head;
    const ArmourBody& body = armour.body;
    const std::ptrdiff_t end = armour.tail ? armour.tail->end : std::max(head.end, body.end);
    const SecretBytes payload = decode_body(head.label, body);
    const Form promised = form_of_label(head.label);
    // A public label does not make a private key public: the bytes decide.
    const PayloadKind kind = body.encrypted ? PayloadKind{} : recognise_payload(payload, window_.signatures);
    const Candidate place = make(head.begin, end);
    examine_inside(payload, {.form = kind.form}, place, window_.signatures, sink_, publics_of(head.label));
    if (is_public(promised) && kind.form == Form::none) return lead(place, promised, payload);
    report(armour, place, is_public(promised) ? Form::none : promised, kind, payload);
  }

  // A body that leads up to an END marker, its BEGIN lost.
  void tail(const ArmourMarker& tail, const ArmourBody& body) {
    const std::string claimed = signature_of(window_.signatures, tail);
    const PublicInside publics = publics_of(tail.label);
    if (claimed.empty() && publics == PublicInside::ignored) return;
    Candidate candidate = make(std::min(body.begin, tail.begin), tail.end);
    if (claimed.empty())
      return examine_inside(decode_tail(tail.label, body), {}, candidate, window_.signatures, sink_, publics);
    candidate.signature = claimed;
    candidate.cut = true;
    SecretBytes payload = decode_tail(tail.label, body);
    if (!is_plausible(tail.label, body, true)) {
      examine_inside(payload, {}, candidate, window_.signatures, sink_, publics);
      return hint(std::move(candidate));
    }
    const SecretBytes all = payload;
    PayloadKind kind = recognise_tail(payload);
    examine_inside(all, {.form = kind.form, .is_tail = true}, candidate, window_.signatures, sink_, publics);
    if (kind.form == Form::rsa_chain && form_of_label(tail.label) == Form::dsa_private)
      kind.form = Form::none;
    candidate.form = kind.form;
    candidate.algorithm = kind.algorithm;
    if (claimed == "private-key" && !kind.signature.empty()) candidate.signature = kind.signature;
    candidate.payload = std::move(payload);
    candidate.detail = "the head of the armour is lost";
    sink_.add(std::move(candidate));
  }

 private:
  Candidate make(std::ptrdiff_t begin, std::ptrdiff_t end) {
    Candidate candidate;
    const std::size_t first = reading_.text().begin_of(begin);
    candidate.begin = around_.begin + first;
    candidate.size = reading_.text().end_of(end - 1) - first;
    candidate.representation = reading_.representation(begin, end);
    return candidate;
  }

  void report(const Armour& armour, const Candidate& place, Form promised, const PayloadKind& kind,
              const SecretBytes& payload) {
    const ArmourMarker& head = *armour.head;
    const ArmourBody& body = armour.body;
    const std::string claimed = signature_of(window_.signatures, head);
    if (claimed.empty() && kind.form == Form::none) return;
    Candidate candidate = place;
    candidate.cut = !armour.tail;
    candidate.signature = pick_signature(claimed, kind);
    candidate.algorithm = kind.algorithm;
    candidate.encrypted = body.encrypted || kind.encrypted || promised == Form::pkcs8_encrypted;
    candidate.form = body.encrypted ? Form::none : kind.form != Form::none ? kind.form : promised;
    const bool is_recognised = kind.form != Form::none || (!body.encrypted && begins_like_key(payload));
    if (!is_recognised && !is_plausible(head.label, body, false)) return hint(std::move(candidate));
    candidate.evidence = evidence_of(armour, kind, payload);
    candidate.payload = payload;
    if (candidate.cut) candidate.detail = "the armour ends before it should";
    sink_.add(std::move(candidate));
  }

  void hint(Candidate candidate) {
    candidate.evidence = Evidence::hint;
    candidate.form = Form::none;
    candidate.detail = "a label without a body";
    sink_.add(std::move(candidate));
  }

  void lead(Candidate candidate, Form form, const SecretBytes& payload) {
    if (form != Form::ssh_public && !DerReader(payload).whole(der::sequence)) return;
    if (payload.empty()) return;
    candidate.form = form;
    candidate.payload = payload;
    sink_.add(std::move(candidate));
  }

  // The label of a kind of its own stays; general and wrong ones give way to what the bytes are.
  static std::string pick_signature(const std::string& claimed, const PayloadKind& kind) {
    if (kind.signature.empty() || kind.signature == "private-key")
      return claimed.empty() ? "private-key" : claimed;
    return kind.signature;
  }

  static Evidence evidence_of(const Armour& armour, const PayloadKind& kind,
                              std::span<const std::byte> payload) {
    if (!armour.tail || !armour.tail->closed) return Evidence::marker;
    const std::string_view label = armour.head->label;
    // Opaque to every proof: the whole armour is all that can be known.
    const bool is_legacy_encrypted =
        armour.body.encrypted && armour.tail->label == label && payload.size() % 8 == 0;
    const bool is_openvpn = is_hexadecimal(label) && payload.size() == 256;
    if (is_legacy_encrypted || is_openvpn || is_whole_pgp(payload, armour.body)) return Evidence::structure;
    return kind.evidence;
  }

  // Groups of four are counted from the end, where the padding is; what is left over at the front is lost
  // anyway.
  static SecretBytes decode_tail(std::string_view label, const ArmourBody& body) {
    const std::string_view characters = view_of(body.characters);
    if (is_hexadecimal(label)) return decode_hex(characters.substr(characters.size() % 2));
    return decode_base64(characters.substr((characters.size() + body.padding) % 4));
  }

  const Window& window_;
  const Window::Around& around_;
  ArmourReading& reading_;
  CandidateSink& sink_;
};

class ArmourDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "armour"; }

  std::span<const std::string_view> anchors() const noexcept override {
    static const std::vector<std::string_view> literals = [] {
      std::vector<std::string_view> all;
      all.reserve(armour_anchors().size());
      for (const ArmourAnchor& anchor : armour_anchors()) all.emplace_back(anchor.literal);
      return all;
    }();
    return literals;
  }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const ArmourAnchor& anchor = armour_anchors()[which];
    const Window::Around around = window.around(position);
    ArmourReading reading(window, around, anchor);
    if (!reading.found()) return;
    if (anchor.in_label && reading.stands_in(reading.marker(), reading.word(), false)) return;
    ArmourReport report(window, around, reading, sink);
    if (reading.word() == MarkerWord::end) return at_end(reading, report);
    if (reading.marker().closed) report.whole_or_head(read_armour(reading.text(), reading.marker()));
  }

 private:
  static void at_end(ArmourReading& reading, ArmourReport& report) {
    const ArmourMarker& tail = reading.marker();
    if (const auto head = find_head(reading.text(), tail)) {
      const Armour armour = read_armour(reading.text(), *head);
      const bool is_whole = armour.tail && armour.tail->begin == tail.begin;
      if (is_whole && reading.is_announced(*head)) return;
      if (is_whole) return report.whole_or_head(armour);
    }
    report.tail(tail, read_body_before(reading.text(), tail));
  }
};

const ArmourDetector detector;

}  // namespace

extern const Detector& armour_detector;
const Detector& armour_detector = detector;

}  // namespace dumpgate
