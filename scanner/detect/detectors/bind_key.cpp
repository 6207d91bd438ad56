// Key files of BIND and other DNS servers: lines "Name: value" under "Private-key-format: v1.3" with the
// numbers in base64, the secrets of transaction signatures (TSIG, RFC 8945) in named.conf ("algorithm
// hmac-..."; secret "..."), in the files of Knot and NSD (algorithm: hmac-... secret: ...) and on the command
// lines of nsupdate, dig and kdig (hmac-sha256:name:secret), and DNSKEY records as leads. The one rule:
// neighbouring lines are one key, reported at its modulus, or else at the last of its numbers.
//
// BIND 9 lib/dns/dst_parse.c; algorithm numbers: RFC 8624 section 3.1; public keys: RFC 3110, 6605, 8080.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/named_numbers.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

constexpr std::ptrdiff_t longest_name = 24;
constexpr std::ptrdiff_t longest_value = 3000;  // characters; RSA-16384 takes 2732
constexpr std::size_t most_lines = 14;          // on either side of the anchor
constexpr std::size_t least_number = 32;        // bytes
constexpr std::size_t least_secret = 16;

enum Anchor : std::size_t {
  modulus,
  coefficient,
  private_key,
  format,
  first_hmac,
  last_hmac = first_hmac + 3,
  first_option,
  last_option = first_option + 4,
  first_record
};
constexpr std::array anchors_table{
    "Modulus: "sv,       "Coefficient: "sv,     "PrivateKey: "sv,     "Private-key-format: "sv,
    "algorithm hmac-"sv, "algorithm \"hmac-"sv, "algorithm: hmac-"sv, "algorithm: \"hmac-"sv,
    "hmac-md5:"sv,       "hmac-sha1:"sv,        "hmac-sha256:"sv,     "hmac-sha384:"sv,
    "hmac-sha512:"sv,    "DNSKEY 256 3 "sv,     "DNSKEY 257 3 "sv,    "DNSKEY\t256 3 "sv,
    "DNSKEY\t257 3 "sv};

struct Line {
  std::string name{};
  std::ptrdiff_t begin = 0;
  std::ptrdiff_t value = 0;
  std::ptrdiff_t end = 0;  // one past the value
};

bool is_name(int character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '-';
}
bool is_break(int character) { return character == '\n' || character == '\r'; }
bool is_blank(int character) { return character == ' ' || character == '\t'; }

std::optional<Line> line_at(TextView& text, std::ptrdiff_t begin) {
  Line line{.begin = begin};
  std::ptrdiff_t i = begin;
  for (; i - begin < longest_name && is_name(text.at(i)); ++i) line.name += static_cast<char>(text.at(i));
  if (line.name.empty() || text.at(i) != ':') return std::nullopt;
  for (++i; is_blank(text.at(i)) && i - begin < 2 * longest_name;) ++i;
  line.value = i;
  while (i - line.value < longest_value && text.at(i) >= ' ' && text.at(i) < 0x7f) ++i;
  line.end = i;
  return line;
}

std::optional<Line> line_after(TextView& text, const Line& line) {
  std::ptrdiff_t i = line.end;
  while (i - line.end < 4 && is_break(text.at(i))) ++i;
  return i == line.end ? std::nullopt : line_at(text, i);
}

std::optional<Line> line_before(TextView& text, const Line& line) {
  std::ptrdiff_t end = line.begin;
  while (line.begin - end < 4 && is_break(text.at(end - 1))) --end;
  if (end == line.begin) return std::nullopt;
  std::ptrdiff_t i = end;
  while (end - i < longest_value + 2 * longest_name && text.at(i - 1) >= ' ' && text.at(i - 1) < 0x7f) --i;
  const auto found = line_at(text, i);
  return found && found->end == end ? found : std::nullopt;
}

class KeyFile {
 public:
  KeyFile(TextView& text, const Line& anchor) : text_(text), lines_{anchor} {
    for (auto each = line_before(text, anchor); each && lines_.size() <= most_lines;
         each = line_before(text, *each)) {
      if (each->name == anchor.name) break;
      lines_.push_back(*each);
      if (each->name == first_line) break;
    }
    std::reverse(lines_.begin(), lines_.end());
    const std::size_t limit = lines_.size() + most_lines;
    for (auto each = line_after(text, anchor); each && lines_.size() <= limit;
         each = line_after(text, *each)) {
      if (each->name == anchor.name || each->name == first_line) break;
      lines_.push_back(*each);
    }
  }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  SecretBytes number(std::string_view name) const {
    const Line* const line = find(name);
    return line == nullptr ? SecretBytes{} : base64_number(text_, line->value, line->end);
  }
  // The number that the value begins with.
  int word(std::string_view name) const {
    const Line* const line = find(name);
    int value = 0;
    for (std::ptrdiff_t i = line != nullptr ? line->value : 0;
         line != nullptr && i < line->end && value < 1000; ++i) {
      if (text_.at(i) < '0' || text_.at(i) > '9') break;
      value = value * 10 + text_.at(i) - '0';
    }
    return value;
  }
  std::ptrdiff_t begin() const { return lines_.front().begin; }
  std::ptrdiff_t end() const { return lines_.back().end; }
  std::size_t size() const { return lines_.size(); }

 private:
  static constexpr std::string_view first_line = "Private-key-format";

  const Line* find(std::string_view name) const {
    const auto found =
        std::find_if(lines_.begin(), lines_.end(), [&](const Line& each) { return each.name == name; });
    return found == lines_.end() ? nullptr : &*found;
  }

  TextView& text_;
  std::vector<Line> lines_;
};

Candidate place(TextView& text, const Window::Around& around, std::ptrdiff_t begin, std::ptrdiff_t end) {
  Candidate candidate;
  candidate.representation = "bind-key";
  candidate.begin = around.begin + text.begin_of(begin);
  candidate.size = text.end_of(end - 1) - text.begin_of(begin);
  return candidate;
}

const NamedCurve* curve_of(int algorithm) {
  for (const NamedCurve& each : named_curves())
    if (algorithm != 0 && each.dnssec == algorithm) return &each;
  return nullptr;
}

void report_rsa(const KeyFile& file, Candidate candidate, CandidateSink& sink) {
  const RsaMembers numbers{file.number("Modulus"),         file.number("PublicExponent"),
                           file.number("PrivateExponent"), file.number("Prime1"),
                           file.number("Prime2"),          file.number("Exponent1"),
                           file.number("Exponent2"),       file.number("Coefficient")};
  std::size_t secrets = 0;
  for (const SecretBytes* const each :
       {&numbers.d, &numbers.p, &numbers.q, &numbers.dp, &numbers.dq, &numbers.qinv})
    secrets += each->size() >= least_number && looks_random(*each) ? 1U : 0U;
  if (secrets == 0) return;
  const bool is_complete = secrets == 6 && !numbers.n.empty() && !numbers.e.empty();
  candidate.signature = "rsa-private-key";
  candidate.algorithm = "rsa";
  candidate.form = Form::pkcs1_private;
  candidate.payload = rsa_private_der(numbers);
  candidate.evidence = is_complete ? Evidence::structure : Evidence::marker;
  candidate.cut = !is_complete;
  sink.add(std::move(candidate));
}

void report_curve(const KeyFile& file, Candidate candidate, CandidateSink& sink) {
  CurveMembers numbers;
  numbers.curve = curve_of(file.word("Algorithm"));
  numbers.d = file.number("PrivateKey");
  if (numbers.d.size() < least_secret || numbers.d.size() > 72 || !looks_random(numbers.d)) return;
  if (numbers.curve == nullptr && file.size() < 2) return;  // a line of anything
  candidate.cut = numbers.curve == nullptr;
  candidate.signature = "private-key";
  if (numbers.curve != nullptr) {
    candidate.algorithm = numbers.curve->name;
    candidate.signature = candidate.algorithm + "-private-key";
    candidate.form = form_of_private(numbers);
    candidate.payload = curve_private_der(numbers);
    if (numbers.d.size() <= numbers.curve->size) candidate.evidence = Evidence::structure;
  }
  sink.add(std::move(candidate));
}

void report_hmac(const SecretBytes& key, Candidate candidate, CandidateSink& sink) {
  if (key.size() < 8) return;
  candidate.signature = "hmac-key";
  candidate.algorithm = "hmac";
  candidate.evidence =
      key.size() >= least_secret && looks_random(key) ? Evidence::structure : Evidence::marker;
  sink.add(std::move(candidate));
}

// key "name" { algorithm hmac-sha256; secret "base64"; };
void find_secret(TextView& text, const Window::Around& around, CandidateSink& sink) {
  constexpr std::ptrdiff_t farthest = 160;
  for (std::ptrdiff_t i = 0; i < farthest && text.at(i) > 0 && text.at(i) != '}'; ++i) {
    if (!text.matches(i, "secret")) continue;
    for (i += 6; is_blank(text.at(i)) || text.at(i) == '"' || text.at(i) == ':';) ++i;
    const std::ptrdiff_t begin = i;
    while (i - begin < longest_value && (base64_value(text.at(i)) || text.at(i) == '=')) ++i;
    return report_hmac(base64_number(text, begin, i), place(text, around, 0, i), sink);
  }
}

// hmac-sha256:name:base64, `size` characters of it read.
void find_option(TextView& text, const Window::Around& around, std::size_t size, CandidateSink& sink) {
  constexpr std::ptrdiff_t longest_owner = 256;
  constexpr std::ptrdiff_t longest_secret = 256;
  auto i = static_cast<std::ptrdiff_t>(size);
  const std::ptrdiff_t owner = i;
  while (i - owner < longest_owner && (is_name(text.at(i)) || text.at(i) == '.' || text.at(i) == '_')) ++i;
  if (i == owner || text.at(i) != ':') return;
  const std::ptrdiff_t begin = ++i;
  while (i - begin < longest_secret && (base64_value(text.at(i)) || text.at(i) == '=')) ++i;
  const SecretBytes key = base64_number(text, begin, i);
  if (key.size() >= least_secret && looks_random(key)) report_hmac(key, place(text, around, 0, i), sink);
}

// The flags, protocol and algorithm, then base64 with blanks in it.
void find_record(TextView& text, const Window::Around& around, std::size_t size, CandidateSink& sink) {
  auto i = static_cast<std::ptrdiff_t>(size);
  int algorithm = 0;
  for (; text.at(i) >= '0' && text.at(i) <= '9' && algorithm < 100; ++i)
    algorithm = algorithm * 10 + text.at(i) - '0';
  const std::ptrdiff_t begin = i;
  while (i - begin < longest_value && (base64_value(text.at(i)) || text.at(i) == '=' || is_blank(text.at(i))))
    ++i;
  const SecretBytes key = base64_number(text, begin, i);
  if (key.size() < 32) return;
  const auto part = [&](std::size_t from, std::size_t count) {
    return secret_copy(std::span(key).subspan(from, count));
  };
  Candidate candidate = place(text, around, 0, i);
  candidate.form = Form::spki;
  candidate.evidence = Evidence::hint;
  if (const NamedCurve* const curve = curve_of(algorithm)) {
    if (key.size() != (curve->raw ? 1 : 2) * curve->size) return;
    CurveMembers numbers{curve, {}, part(0, curve->size), {}};
    if (!curve->raw) numbers.y = part(curve->size, curve->size);
    candidate.payload = curve_public_der(numbers);
  } else if (algorithm == 5 || algorithm == 7 || algorithm == 8 || algorithm == 10) {
    const auto length = std::to_integer<std::size_t>(key[0]);
    if (length == 0 || length > 8 || key.size() < 64) return;
    RsaMembers numbers;
    numbers.e = part(1, length);
    numbers.n = part(1 + length, key.size() - 1 - length);
    candidate.payload = rsa_public_der(numbers);
  }
  if (!candidate.payload.empty()) sink.add(std::move(candidate));
}

class BindKeyDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "bind-key"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchors_table; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const auto text = raw_text(around.bytes, around.at);
    if (which >= first_record) return find_record(*text, around, anchors_table[which].size(), sink);
    if (which >= first_option) return find_option(*text, around, anchors_table[which].size(), sink);
    if (which >= first_hmac) return find_secret(*text, around, sink);
    // One anchor a line: what else says "Modulus: " in the middle of one is no key file.
    const int before = text->at(-1);
    if (before >= ' ' && before < 0x7f && before != '"') return;
    const auto line = line_at(*text, 0);
    if (!line) return;
    const KeyFile file(*text, *line);
    const Candidate found = place(*text, around, file.begin(), file.end());
    if (which == modulus || (which == coefficient && !file.has("Modulus"))) report_rsa(file, found, sink);
    if (which == private_key) report_curve(file, found, sink);
    if (which == format && file.has("Key")) report_hmac(file.number("Key"), found, sink);
  }
};

constinit const BindKeyDetector detector;

}  // namespace

extern const Detector& bind_key_detector;
const Detector& bind_key_detector = detector;

}  // namespace dumpgate
