// DER of private keys as base64 or hexadecimal text with no label around it: the body of an armour whose
// BEGIN and END are lost, a member of a JSON document, a column of a database, a hex dump. The one rule: a
// key is reported at the first of its anchors; what stands in an armour is left to the armour detector.
//
// The anchors are byte patterns of DER as text: in base64 each has three spellings, by its place in a group
// of three bytes; a line break inside an anchor hides it, so keys have several. The text around the first
// anchor in each 4 KiB of the layer is decoded once, and the binary detectors look at what comes out: so a
// text full of anchors costs no more than some decodings of itself.

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/armour_payload.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/payload_scan.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr std::uint64_t block = 4096;
constexpr std::size_t characters_before = 4096;
constexpr std::size_t characters_after = 20'480;  // RSA-16384 in PKCS #8 takes 12,400 in base64
constexpr std::size_t most_inside = 256;
constexpr std::size_t least_literal = 4;

constexpr std::array patterns{
    "\x01\x01\x01\x05\x00\x04"sv,          // rsaEncryption, NULL, OCTET STRING
    "\x02\x01\x00\x02\x81"sv,              // version and modulus, to RSA-1024
    "\x02\x01\x00\x02\x82"sv,              // ... of more bits; DSA
    "\x02\x41\x00"sv,                      // numbers of 512 bits
    "\x02\x81\x81\x00"sv,                  // 1024
    "\x02\x81\xc1\x00"sv,                  // 1536
    "\x02\x82\x01\x01\x00"sv,              // 2048
    "\x02\x82\x01\x81\x00"sv,              // 3072
    "\x02\x82\x02\x01\x00"sv,              // 4096
    "\x02\x03\x01\x00\x01\x02"sv,          // e = 65537, d
    "\x02\x01\x01\x04\x20"sv,              // ECPrivateKey of 256 bits
    "\x02\x01\x01\x04\x30"sv,              // 384
    "\x02\x01\x01\x04\x42"sv,              // 521
    "\x02\x01\x01\x04\x1c"sv,              // 224
    "\xa1\x44\x03\x42\x00\x04"sv,          // [1] public key of 256 bits
    "\xa1\x64\x03\x62\x00\x04"sv,          // 384
    "\x03\x81\x86\x00\x04"sv,              // 521
    "\x2b\x65\x70\x04\x22"sv,              // Ed25519
    "\x2b\x65\x71\x04\x3b"sv,              // Ed448
    "\x2b\x65\x6e\x04\x22"sv,              // X25519
    "\x2b\x65\x6f\x04\x3a"sv,              // X448
    "\x2a\x86\x48\xce\x38\x04\x01"sv,      // DSA
    "\x60\x86\x48\x01\x65\x03\x04\x03"sv,  // ML-DSA, SLH-DSA
    "\x86\xf7\x0d\x01\x05\x0d\x30"sv,      // PBES2: EncryptedPrivateKeyInfo
    "\x02\x01\x03\x30\x82"sv,              // PFX
    "openssh-key-v1\0"sv,
};

enum class Coding : std::uint8_t { base64, hex };

struct Literal {
  std::string text{};
  Coding coding = Coding::base64;
  std::size_t lead = 0;  // characters of its group before it
};

std::string base64_of(std::string_view bytes, std::size_t phase, std::string_view alphabet) {
  const std::size_t last_bit = 8 * (phase + bytes.size());
  std::string text;
  for (std::size_t bit = (8 * phase + 5) / 6 * 6; bit + 6 <= last_bit; bit += 6) {
    unsigned value = 0;
    for (std::size_t i = bit; i < bit + 6; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i / 8 - phase]);
      value = value << 1U | (byte >> (7 - i % 8) & 1U);
    }
    text += alphabet[value];
  }
  return text;
}

std::string hex_of(std::string_view bytes, bool upper, std::string_view between) {
  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += between;
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

// All literals, and a filter that few other places of a text pass.
class Literals {
 public:
  Literals() {
    for (const std::string_view pattern : patterns) {
      for (std::size_t phase = 0; phase < 3; ++phase) {
        for (const std::string_view last : {"+/"sv, "-_"sv}) {
          const std::string alphabet =
              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last);
          add(base64_of(pattern, phase, alphabet), Coding::base64, (8 * phase + 5) / 6);
        }
      }
      for (const bool upper : {false, true})
        for (const std::string_view between : {""sv, ":"sv, " "sv})
          add(hex_of(pattern, upper, between), Coding::hex, 0);
    }
    views_.reserve(all_.size());
    for (const Literal& each : all_) {
      views_.emplace_back(each.text);
      filter_.set(hash(each.text.data()));
    }
  }

  const Literal& operator[](std::size_t which) const { return all_[which]; }
  std::span<const std::string_view> views() const { return views_; }

  // Whether one of this coding stands at `at` whose group is aligned like one that has `lead` characters
  // before.
  template <typename IsAligned>
  bool stands_at(Bytes bytes, std::size_t at, Coding coding, IsAligned is_aligned) const {
    if (bytes.size() - at < least_literal) return false;
    const char* const text = reinterpret_cast<const char*>(bytes.data()) + at;
    if (!filter_.test(hash(text))) return false;
    const std::string_view rest(text, bytes.size() - at);
    return std::any_of(all_.begin(), all_.end(), [&](const Literal& each) {
      return each.coding == coding && rest.starts_with(each.text) && is_aligned(each.lead);
    });
  }

 private:
  static std::size_t hash(const char* text) {
    std::uint32_t word = 0;
    std::memcpy(&word, text, least_literal);
    return word * 2654435761U >> 20U;
  }

  void add(std::string text, Coding coding, std::size_t lead) {
    const auto same = [&](const Literal& each) { return each.text == text; };
    if (text.size() < least_literal || std::any_of(all_.begin(), all_.end(), same)) return;
    all_.push_back({std::move(text), coding, lead});
  }

  std::vector<Literal> all_{};
  std::vector<std::string_view> views_{};
  std::bitset<4096> filter_{};
};

const Literals& literals() {
  static const Literals all;
  return all;
}

std::size_t group_of(Coding coding) { return coding == Coding::base64 ? 4 : 2; }
std::size_t bits_of(Coding coding) { return coding == Coding::base64 ? 6 : 4; }

// Walks the digits of a text in one direction, across separators: line breaks (also as escapes), quotes, and
// the colons of hexadecimal.
class DigitWalk {
 public:
  DigitWalk(Bytes bytes, std::size_t at, Coding coding) : bytes_(bytes), next_(at), coding_(coding) {}

  // The next digit at or after the position, or the one before it.
  std::optional<std::size_t> forward() {
    for (int separators = 0; next_ < bytes_.size(); ++next_) {
      if (const std::size_t escape = escape_at(next_)) {
        next_ += escape - 1;
      } else if (value(next_)) {
        return next_++;
      } else if (!separates(next_) || ++separators > most_separators) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }
  std::optional<std::size_t> backward() {
    for (int separators = 0; next_ > 0;) {
      --next_;
      if (next_ > 0 && escape_at(next_ - 1) != 0) {
        --next_;
      } else if (value(next_)) {
        return next_;
      } else if (!separates(next_) || ++separators > most_separators) {
        ++next_;
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  std::size_t position() const { return next_; }
  std::optional<std::uint8_t> value(std::size_t at) const {
    const int character = std::to_integer<int>(bytes_[at]);
    if (coding_ == Coding::hex) return hex_value(character);
    return character == '-' && is_ruled(at) ? std::nullopt : base64_value(character);
  }

 private:
  // Whether the dash is one of the five in a row that bound the label of an armour: no digit of base64url.
  bool is_ruled(std::size_t at) const {
    constexpr std::size_t dashes = 5;
    const auto is_dash = [&](std::size_t i) { return i < bytes_.size() && bytes_[i] == std::byte{'-'}; };
    std::size_t first = at;
    while (at - first < dashes && first > 0 && is_dash(first - 1)) --first;
    std::size_t count = 0;
    while (count < 2 * dashes && is_dash(first + count)) ++count;
    return count >= dashes;
  }
  bool separates(std::size_t at) const {
    const int character = std::to_integer<int>(bytes_[at]);
    return is_separator(character) || (coding_ == Coding::hex && character == ':');
  }
  // A line break written as an escape: \n, \r.
  std::size_t escape_at(std::size_t at) const {
    if (bytes_[at] != std::byte{'\\'} || at + 1 >= bytes_.size()) return 0;
    return bytes_[at + 1] == std::byte{'n'} || bytes_[at + 1] == std::byte{'r'} ? 2 : 0;
  }

  Bytes bytes_;
  std::size_t next_;
  Coding coding_;
};

// The text around an anchor, decoded.
struct Decoded {
  std::vector<std::uint32_t> places{};  // of each digit, in the bytes at hand
  SecretBytes bytes{};
  std::size_t anchor = 0;  // the digit that the anchor begins with
};

Decoded decode(Bytes bytes, std::size_t at, const Literal& literal) {
  Decoded decoded;
  DigitWalk back(bytes, at, literal.coding);
  while (decoded.places.size() < characters_before + literal.lead) {
    const auto digit = back.backward();
    if (!digit) break;
    decoded.places.push_back(static_cast<std::uint32_t>(*digit));
  }
  // What is left of the first group is filled up: only digits in front of the text become wrong by that.
  const std::size_t group = group_of(literal.coding);
  if (decoded.places.size() < literal.lead) return {};
  while ((decoded.places.size() - literal.lead) % group != 0) decoded.places.push_back(decoded.places.back());
  std::reverse(decoded.places.begin(), decoded.places.end());
  decoded.anchor = decoded.places.size();
  DigitWalk walk(bytes, at, literal.coding);
  while (decoded.places.size() < decoded.anchor + characters_after) {
    const auto digit = walk.forward();
    if (!digit) break;
    decoded.places.push_back(static_cast<std::uint32_t>(*digit));
  }
  const std::size_t width = bits_of(literal.coding);
  decoded.bytes.reserve(decoded.places.size() * width / 8);
  std::uint32_t bits = 0;
  std::size_t held = 0;
  for (const std::uint32_t place : decoded.places) {
    bits = bits << width | walk.value(place).value_or(0);
    held += width;
    if (held < 8) continue;
    held -= 8;
    decoded.bytes.push_back(static_cast<std::byte>(bits >> held & 0xffU));
  }
  return decoded;
}

// Whether the armour detector sees to the text: a BEGIN line right before the first of its lines, or a
// private END line right behind the last.
bool is_in_armour(Bytes bytes, std::size_t begin, std::size_t end, Coding coding) {
  constexpr std::size_t longest_label = 80;
  DigitWalk back(bytes, begin, coding);
  for (std::size_t i = 0; i < characters_after && back.backward();) ++i;
  const auto text = [&](std::size_t from, std::size_t to) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + from, to - from);
  };
  const std::size_t head = back.position();
  const auto line = text(head - std::min(head, longest_label), head);
  if (line.ends_with("-----") && line.find("-----BEGIN ") != line.npos) return true;
  DigitWalk walk(bytes, end, coding);
  for (std::size_t i = 0; i < characters_after && walk.forward();) ++i;
  std::size_t tail = walk.position();
  while (tail < bytes.size() &&
         (bytes[tail] == std::byte{'='} || is_separator(std::to_integer<int>(bytes[tail])))) {
    if (++tail > walk.position() + longest_label) break;
  }
  const auto rest = text(std::min(tail, bytes.size()), std::min(bytes.size(), tail + longest_label));
  return rest.starts_with("-----END ") && rest.find("PRIVATE KEY") != rest.npos;
}

class DerTextDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "der-text"; }
  std::span<const std::string_view> anchors() const noexcept override { return literals().views(); }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const Literal& literal = literals()[which];
    const std::uint64_t offset = window.offset + around.begin;
    if (!is_first(around.bytes, around.at, literal, offset)) return;
    const Decoded decoded = decode(around.bytes, around.at, literal);
    CandidateSink inside(most_inside);
    if (!scan_payload(decoded.bytes, window.signatures, inside)) unknown(around, sink);
    for (Candidate& found : inside.found()) {
      if (is_public(found.form) || found.evidence == Evidence::hint) continue;
      const std::size_t width = bits_of(literal.coding);
      const std::size_t first = found.begin * 8 / width;
      const std::size_t last =
          std::min(decoded.places.size(), ((found.begin + found.size) * 8 + width - 1) / width);
      const auto place = first_anchor(around.bytes, decoded, first, last, literal.coding);
      if (!place || (offset + *place) / block != (offset + around.at) / block) continue;
      const std::size_t begin = decoded.places[first];
      const std::size_t end = decoded.places[last - 1] + std::size_t{1};
      if (is_in_armour(around.bytes, begin, end, literal.coding)) continue;
      if (found.payload.empty())
        found.payload = secret_copy(Bytes(decoded.bytes).subspan(found.begin, found.size));
      found.begin = around.begin + begin;
      found.size = end - begin;
      found.representation += literal.coding == Coding::base64 ? "-base64" : "-hex";
      sink.add(std::move(found));
    }
  }

 private:
  // Whether no anchor of the same alignment stands before it in the same block and text.
  static bool is_first(Bytes bytes, std::size_t at, const Literal& literal, std::uint64_t offset) {
    const std::size_t group = group_of(literal.coding);
    DigitWalk back(bytes, at, literal.coding);
    for (std::size_t count = 1;; ++count) {
      const auto digit = back.backward();
      if (!digit || (offset + *digit) / block != (offset + at) / block) return true;
      const auto is_aligned = [&](std::size_t lead) {
        return (count + lead + group - literal.lead) % group == 0;
      };
      if (literals().stands_at(bytes, *digit, literal.coding, is_aligned)) return false;
    }
  }

  // The place of the first anchor among the digits [first, last).
  static std::optional<std::size_t> first_anchor(Bytes bytes, const Decoded& decoded, std::size_t first,
                                                 std::size_t last, Coding coding) {
    const std::size_t group = group_of(coding);
    for (std::size_t i = first; i < last; ++i) {
      const auto is_aligned = [&](std::size_t lead) { return i % group == lead % group; };
      if (literals().stands_at(bytes, decoded.places[i], coding, is_aligned)) return decoded.places[i];
    }
    return std::nullopt;
  }

  // More candidates than are kept: it blocks.
  static void unknown(const Window::Around& around, CandidateSink& sink) {
    Candidate candidate;
    candidate.signature = "private-key";
    candidate.representation = "der-base64";
    candidate.begin = around.begin + around.at;
    candidate.size = least_literal;
    candidate.detail = "an encoding that could not be examined whole";
    sink.add(std::move(candidate));
  }
};

const DerTextDetector detector;

}  // namespace

extern const Detector& der_text_detector;
const Detector& der_text_detector = detector;

}  // namespace dumpgate
