// Armour whose lines a log has put something else between: a time and a name before each line (syslog,
// container logs), a record around each (journald, Docker's JSON). The one rule: what announces a line is
// what stands right before "-----BEGIN", and what ends one is what stands behind the first; pieces of the
// first one's length between these are the body, and only the last may be shorter.
//
// Text that follows its BEGIN line at once, quoted or indented, belongs to the armour detector.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/detect/armour_payload.h"
#include "scanner/detect/armour_text.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/payload_scan.h"
#include "scanner/detect/signature.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view begin_text = "-----BEGIN ";
constexpr std::string_view end_text = "-----END ";
constexpr std::size_t longest_mark = 8;  // of what announces a line
constexpr std::size_t farthest = 1024;   // from one line to the next
constexpr std::size_t least_line = 40;   // characters of the first line: PEM has 64, OpenSSH 70, others 76
constexpr std::size_t longest_line = 128;
constexpr std::size_t most_lines = 400;  // RSA-16384 in PKCS #8 takes 194

bool is_body(char c) {
  return c != '-' && c != '_' && base64_value(static_cast<unsigned char>(c)).has_value();
}
bool is_decimal(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

// What stands before `at`, up to a digit: those of a time or an offset change from line to line.
std::string_view mark_before(std::string_view text, std::size_t at) {
  std::size_t first = at;
  while (first > 0 && at - first < longest_mark && text[first - 1] > ' ' - 1 && text[first - 1] < 0x7f &&
         !is_decimal(text[first - 1]))
    --first;
  return text.substr(first, at - first);
}

class LineReader {
 public:
  LineReader(std::string_view text, std::size_t after_label, std::string_view mark)
      : text_(text), at_(after_label), mark_(mark) {}

  // Reads the lines up to the END line or as far as they go.
  void read() {
    for (std::size_t count = 0; count < most_lines && read_line(); ++count) {
    }
  }

  const SecretText& characters() const { return characters_; }
  std::size_t end() const { return at_; }
  bool ended() const { return ended_; }
  bool encrypted() const { return encrypted_; }

 private:
  // The next line of the body; false behind the last.
  bool read_line() {
    std::optional<std::size_t> last;  // where the longest piece begins that may be the last one
    const std::size_t limit = std::min(text_.size(), at_ + farthest);
    for (std::size_t mark = at_; (mark = text_.find(mark_, mark)) < limit; ++mark) {
      const std::size_t begin = mark + mark_.size();
      const std::string_view rest = text_.substr(std::min(begin, text_.size()));
      if (rest.starts_with(end_text)) return finish(begin, last);
      if (rest.starts_with(begin_text)) break;
      encrypted_ = encrypted_ || rest.starts_with("Proc-Type: 4,ENCRYPTED");
      const std::size_t size = piece_at(begin);
      if (size == 0 || !ends_like_first(begin + size)) continue;
      if (width_ == 0 ? size >= least_line : size == width_) return take(begin, size);
      if (width_ != 0 && size < width_ && (!last || size >= piece_at(*last))) last = begin;
    }
    if (last && width_ != 0) (void)take(*last, piece_at(*last));
    return false;
  }

  bool finish(std::size_t end_line, std::optional<std::size_t> last) {
    if (last) (void)take(*last, piece_at(*last));
    at_ = end_line + end_text.size();
    ended_ = true;
    return false;
  }

  // Characters of the body from `begin` on, padding included.
  std::size_t piece_at(std::size_t begin) const {
    std::size_t end = begin;
    while (end < text_.size() && end - begin < longest_line && is_body(text_[end])) ++end;
    while (end > begin && end < text_.size() && end - begin < longest_line && text_[end] == '=') ++end;
    return end - begin;
  }

  // Whether the byte at `end` is the one that ended the first line. Behind a journal's records any control
  // byte may follow.
  bool ends_like_first(std::size_t end) {
    if (end >= text_.size()) return false;
    if (width_ == 0) return !is_body(text_[end]);
    return text_[end] == stop_ || (is_control(text_[end]) && is_control(stop_));
  }

  bool take(std::size_t begin, std::size_t size) {
    if (width_ == 0) {
      width_ = size;
      stop_ = text_[begin + size];
    }
    for (const char c : text_.substr(begin, size))
      if (c != '=') characters_.push_back(c);
    at_ = begin + size;
    return true;
  }

  std::string_view text_;
  std::size_t at_;
  std::string_view mark_;
  std::size_t width_ = 0;
  char stop_ = 0;
  bool ended_ = false;
  bool encrypted_ = false;
  SecretText characters_{};
};

// The label of a private key up to its dashes; "" for any other.
std::string_view private_label(std::string_view text) {
  constexpr std::size_t longest_label = 64;
  const std::size_t size = text.substr(0, longest_label + 5).find("-----");
  if (size == text.npos) return {};
  const std::string_view label = text.substr(0, size);
  return label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK") ? label : std::string_view{};
}

// Whether the body begins behind the label's dashes, so that the armour detector reads it.
bool goes_on(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\0\"'\\,>|#*"sv);
  if (first == text.npos) return false;
  const std::string_view rest = text.substr(first);
  const auto stop = std::find_if_not(rest.begin(), rest.end(), is_body);
  return static_cast<std::size_t>(stop - rest.begin()) >= least_line;
}

std::string signature_of(const SignatureSet* signatures, std::string_view label, const PayloadKind& kind) {
  const Signature* const claimed = signatures == nullptr ? nullptr : signatures->by_label(label);
  if (!kind.signature.empty() && kind.signature != "private-key") return kind.signature;
  return claimed == nullptr ? "private-key" : claimed->id;
}

class ArmourLinesDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "armour-lines"; }
  std::span<const std::string_view> anchors() const noexcept override {
    static constexpr std::array anchors{begin_text};
    return anchors;
  }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const std::string_view text(reinterpret_cast<const char*>(around.bytes.data()), around.bytes.size());
    const std::size_t label_at = around.at + begin_text.size();
    const std::string_view label = private_label(text.substr(std::min(label_at, text.size())));
    const std::string_view mark = mark_before(text, around.at);
    if (label.empty() || mark.empty()) return;
    const std::size_t after_label = label_at + label.size() + 5;
    if (goes_on(text.substr(after_label, 256))) return;
    LineReader lines(text, after_label, mark);
    lines.read();
    const std::string_view characters = view_of(lines.characters());
    const SecretBytes payload = decode_base64(characters);
    const PayloadKind kind =
        lines.encrypted() ? PayloadKind{} : recognise_payload(payload, window.signatures);
    const bool is_key = kind.form != Form::none || begins_like_key(payload);
    if (!is_key && !looks_like_base64(characters.substr(0, 64))) return;
    Candidate candidate;
    candidate.signature = signature_of(window.signatures, label, kind);
    candidate.algorithm = kind.algorithm;
    candidate.representation = "pem-lines";
    candidate.begin = position;
    candidate.size = lines.end() - around.at;
    candidate.cut = !lines.ended();
    candidate.encrypted = lines.encrypted() || kind.encrypted;
    candidate.form = kind.form;
    candidate.evidence = candidate.cut ? Evidence::marker : kind.evidence;
    examine_inside(payload, {.form = kind.form}, candidate, window.signatures, sink);
    candidate.payload = payload;
    if (candidate.cut) candidate.detail = "the armour ends before it should";
    sink.add(std::move(candidate));
  }
};

const ArmourLinesDetector detector;

}  // namespace

extern const Detector& armour_lines_detector;
const Detector& armour_lines_detector = detector;

}  // namespace dumpgate
