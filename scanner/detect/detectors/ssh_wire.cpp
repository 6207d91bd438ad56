// Private keys in SSH's wire format without an openssh-key-v1 head: agent messages
// (draft-ietf-sshm-ssh-agent section 3.2), what a shielded key of OpenSSH decrypts to, Dropbear's key files,
// and the strings and mpints (RFC 4251 section 5) that are left when the first bytes are lost. The one rule:
// with its type in front a key is a structure; without it only arithmetic makes the numbers a key, because
// signatures and public keys are strings of the same sizes.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/number_chain.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr auto rsa_label = "\0\0\0\7ssh-rsa"sv;
constexpr auto dss_label = "\0\0\0\7ssh-dss"sv;
constexpr auto ed25519_label = "\0\0\0\13ssh-ed25519"sv;

enum class Kind : std::uint8_t { rsa, dss, ed25519, point, number };

struct Anchor {
  std::string_view text{};
  Kind kind = Kind::rsa;
};
constexpr std::array<Anchor, 12> anchor_table{{{"\0\0\0\7ssh-rsa\0\0"sv, Kind::rsa},
                                               {"\0\0\0\7ssh-dss\0\0"sv, Kind::dss},
                                               {"\0\0\0\x40"sv, Kind::ed25519},
                                               {"\0\0\0\x41\x04"sv, Kind::point},  // P-256
                                               {"\0\0\0\x61\x04"sv, Kind::point},  // P-384
                                               {"\0\0\0\x85\x04"sv, Kind::point},  // P-521
                                               // mpints of RSA-1024 to RSA-8192 with their top bit set
                                               {"\0\0\0\x81\0"sv, Kind::number},
                                               {"\0\0\0\xc1\0"sv, Kind::number},
                                               {"\0\0\1\1\0"sv, Kind::number},
                                               {"\0\0\1\x81\0"sv, Kind::number},
                                               {"\0\0\2\1\0"sv, Kind::number},
                                               {"\0\0\4\1\0"sv, Kind::number}}};
constexpr auto anchor_texts = [] {
  std::array<std::string_view, anchor_table.size()> texts{};
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = anchor_table[i].text;
  return texts;
}();

constexpr std::uint32_t longest_number = 2049;  // RSA-16384 with a sign octet
constexpr std::size_t ed25519_size = 32;

bool stands_before(Bytes bytes, std::size_t end, std::string_view text) {
  return end >= text.size() && equals(bytes.subspan(end - text.size(), text.size()), text);
}

// A mpint that is not negative and not longer than it need be.
std::optional<Bytes> number_at(Bytes bytes, std::size_t at) {
  if (bytes.size() < 5 || at > bytes.size() - 5) return std::nullopt;
  const auto size = load<std::uint32_t>(bytes.data() + at, ByteOrder::big);
  if (size == 0 || size > longest_number || bytes.size() - at - 4 < size) return std::nullopt;
  const Bytes number = bytes.subspan(at + 4, size);
  if ((number[0] & std::byte{0x80}) != std::byte{0}) return std::nullopt;
  if (size > 1 && number[0] == std::byte{0} && (number[1] & std::byte{0x80}) == std::byte{0})
    return std::nullopt;
  return number;
}

struct MpintReader {
  static constexpr std::size_t gap = 8;  // the public exponent with its length
  static constexpr std::size_t step = 1;
  static constexpr std::size_t least_number = 48;  // primes of RSA-768
  static constexpr std::size_t judged = 32;        // bytes: enough to tell a number from text and tables

  static bool is_anchor(Bytes bytes, std::size_t at) {
    if (at >= bytes.size()) return false;
    const Bytes rest = bytes.subspan(at);
    return std::ranges::any_of(anchor_table, [&](const Anchor& anchor) {
      return anchor.kind == Kind::number && rest.size() >= anchor.text.size() &&
             equals(rest.first(anchor.text.size()), anchor.text);
    });
  }
  std::optional<NumberPlace> at(Bytes bytes, std::size_t at) const {
    if (at >= bytes.size() || bytes[at] != std::byte{0}) return std::nullopt;
    const auto number = number_at(bytes, at);
    if (!number || number->size() < least_number || !looks_random(number->subspan(1, judged)))
      return std::nullopt;
    return NumberPlace{.begin = at, .end = at + 4 + number->size(), .number = *number};
  }
};

// Whether the private part of an unencrypted openssh-key-v1 begins with the key type at `label`: then the
// detector of that format reports the key (OpenSSH PROTOCOL.key).
bool is_in_openssh_key(Bytes bytes, std::size_t label) {
  constexpr auto head = "openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1"sv;
  constexpr std::size_t longest_public = 4096;
  constexpr std::size_t checks = 8;
  const std::size_t from = label > longest_public ? label - longest_public : 0;
  const auto before = bytes.subspan(from, label - from);
  const auto found = std::ranges::find_end(before, std::as_bytes(std::span(head)));
  if (found.empty()) return false;
  ByteCursor cursor(bytes.first(label), ByteOrder::big);
  (void)cursor.seek(static_cast<std::uint64_t>(&*found.begin() - bytes.data()) + head.size());
  const auto size = cursor.u32();
  if (!size || !cursor.skip(*size) || !cursor.u32()) return false;
  return cursor.left() == checks;
}

// A key with its type in front, or what is there of it.
struct Labelled {
  NumberSetWriter numbers{};
  std::size_t end = 0;
  bool is_private = false;
  bool is_whole = false;
};

// The order in which a program writes the numbers of a key.
struct Order {
  std::span<const NumberRole> roles{};
  std::size_t secret = 0;  // the first that is private...
  std::size_t like = 0;    // ... and about as long as this one: a public key's comment is not
};

bool is_text(Bytes bytes) {
  return std::ranges::all_of(
      bytes, [](std::byte byte) { return byte >= std::byte{0x20} && byte < std::byte{0x7f}; });
}

// Reads mpints until one is none.
Labelled read_numbers(Bytes bytes, std::size_t at, const Order& order) {
  constexpr std::size_t lost_zeros = 8;
  Labelled key{.end = at};
  std::size_t count = 0;
  std::size_t size = 0;
  for (const NumberRole role : order.roles) {
    const auto number = number_at(bytes, key.end);
    if (!number) break;
    if (count == order.like) size = number->size();
    if (count == order.secret) {
      key.is_private = number->size() >= 16 && number->size() + lost_zeros >= size &&
                       number->size() <= size + 1 && !is_text(*number) && looks_random(number->subspan(1));
      if (!key.is_private) break;
    }
    key.numbers.add(role, *number);
    key.end += 4 + number->size();
    ++count;
  }
  key.is_whole = count == order.roles.size();
  return key;
}

// OpenSSH writes n, e, d, iqmp, p, q, Dropbear e, n, d, p, q; public keys are e and n.
Labelled read_rsa(Bytes bytes, std::size_t label) {
  static constexpr std::array openssh{NumberRole::n,    NumberRole::e, NumberRole::d,
                                      NumberRole::qinv, NumberRole::p, NumberRole::q};
  static constexpr std::array dropbear{NumberRole::e, NumberRole::n, NumberRole::d, NumberRole::p,
                                       NumberRole::q};
  const std::size_t at = label + rsa_label.size();
  const auto first = number_at(bytes, at);
  if (!first) return {};
  const Order order = first->size() > 9 ? Order{.roles = openssh, .secret = 2, .like = 0}
                                        : Order{.roles = dropbear, .secret = 2, .like = 1};
  return read_numbers(bytes, at, order);
}

Labelled read_dss(Bytes bytes, std::size_t label) {
  static constexpr std::array roles{NumberRole::p, NumberRole::q, NumberRole::g, NumberRole::y,
                                    NumberRole::x};
  return read_numbers(bytes, label + dss_label.size(), {.roles = roles, .secret = 4, .like = 1});
}

Candidate make_candidate(std::string_view algorithm, std::size_t begin, std::size_t size) {
  Candidate candidate;
  candidate.signature = "private-key";
  candidate.algorithm = algorithm;
  candidate.representation = "ssh-wire";
  candidate.begin = begin;
  candidate.size = size;
  candidate.form = Form::number_set;
  return candidate;
}

void report_labelled(const Window::Around& around, Labelled key, std::string_view algorithm,
                     CandidateSink& sink) {
  if (!key.is_private || is_in_openssh_key(around.bytes, around.at)) return;
  auto candidate = make_candidate(algorithm, around.begin + around.at, key.end - around.at);
  candidate.cut = !key.is_whole;
  candidate.evidence = key.is_whole ? Evidence::structure : Evidence::marker;
  if (candidate.cut) candidate.detail = "the encoding ends before it should";
  candidate.payload = key.numbers.take();
  sink.add(std::move(candidate));
}

// string seed || A, behind string A or what is left of it (OpenSSH), or behind the type (Dropbear, but also
// signatures). The two tails are compared first: four octets of length stand everywhere.
void report_ed25519(const Window::Around& around, CandidateSink& sink) {
  constexpr std::size_t tail = 16;
  constexpr auto length = "\0\0\0\x20"sv;
  const Bytes bytes = around.bytes;
  const std::size_t at = around.at + 4;
  if (bytes.size() - at < 2 * ed25519_size || around.at < tail) return;
  const Bytes seed = bytes.subspan(at, ed25519_size);
  const Bytes half = bytes.subspan(at + ed25519_size, ed25519_size);
  const bool is_repeated = std::ranges::equal(bytes.subspan(around.at - tail, tail), half.last(tail));
  const bool is_whole = is_repeated && around.at >= ed25519_size + length.size() &&
                        stands_before(bytes, around.at - ed25519_size, length);
  std::size_t begin = around.at;
  if (is_repeated) begin -= is_whole ? ed25519_size + length.size() : tail;
  const bool has_label = stands_before(bytes, begin, ed25519_label);
  if (!is_repeated && !has_label) return;
  if (!looks_random(seed) || !looks_random(half)) return;
  if (has_label) begin -= ed25519_label.size();
  if (has_label && is_in_openssh_key(bytes, begin)) return;
  auto candidate = make_candidate("ed25519", around.begin + begin, at + 2 * ed25519_size - begin);
  candidate.evidence = !is_whole               ? Evidence::hint
                       : is_whole && has_label ? Evidence::structure
                                               : Evidence::marker;
  candidate.cut = !has_label;
  if (candidate.cut) candidate.detail = "the head of the encoding is lost";
  NumberSetWriter numbers;
  numbers.add(NumberRole::curve, "Ed25519"sv);
  numbers.add(NumberRole::point, half);
  numbers.add(NumberRole::d, seed);
  candidate.payload = numbers.take();
  sink.add(std::move(candidate));
}

// The scalar behind a point of `size` bytes, or else before it.
struct Scalar {
  Bytes bytes{};
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<Scalar> scalar_beside(Bytes bytes, std::size_t point, std::size_t size) {
  const std::size_t field = size / 2;
  const auto fits = [&](Bytes number) {
    return number.size() + 4 >= field && number.size() <= field + 1 && looks_random(number.subspan(2));
  };
  const std::size_t end = point + 4 + size;
  if (const auto behind = number_at(bytes, end); behind && fits(*behind))
    return Scalar{.bytes = *behind, .begin = point, .end = end + 4 + behind->size()};
  for (std::size_t length = field - 2; length <= field + 1; ++length) {
    if (point < length + 4) continue;
    const auto before = number_at(bytes, point - length - 4);
    if (before && before->size() == length && fits(*before))
      return Scalar{.bytes = *before, .begin = point - length - 4, .end = end};
  }
  return std::nullopt;
}

std::string ssh_string(std::string_view text) {
  return std::string(3, '\0') + static_cast<char>(text.size()) + std::string(text);
}

// string curve, string Q, mpint d, with or without "ecdsa-sha2-..." in front (RFC 5656 3.1).
void report_point(const Window::Around& around, CandidateSink& sink) {
  const Bytes bytes = around.bytes;
  const auto size = std::to_integer<std::size_t>(bytes[around.at + 3]);
  if (bytes.size() - around.at - 4 < size || !looks_random(bytes.subspan(around.at + 5, 16))) return;
  const auto scalar = scalar_beside(bytes, around.at, size);
  if (!scalar) return;
  const std::string curve = size == 0x41 ? "nistp256" : size == 0x61 ? "nistp384" : "nistp521";
  std::size_t begin = scalar->begin;
  const std::string name = ssh_string(curve);
  const std::string type = ssh_string("ecdsa-sha2-" + curve);
  const bool has_curve = begin == around.at && stands_before(bytes, begin, name);
  if (has_curve) begin -= name.size();
  const bool has_type = has_curve && stands_before(bytes, begin, type);
  if (has_type) begin -= type.size();
  if (has_type && is_in_openssh_key(bytes, begin)) return;
  auto candidate = make_candidate("ec", around.begin + begin, scalar->end - begin);
  candidate.evidence = has_type ? Evidence::structure : has_curve ? Evidence::marker : Evidence::hint;
  candidate.cut = !has_type;
  if (candidate.cut) candidate.detail = "the head of the encoding is lost";
  NumberSetWriter numbers;
  if (has_curve) numbers.add(NumberRole::curve, curve);
  numbers.add(NumberRole::point, bytes.subspan(around.at + 4, size));
  numbers.add(NumberRole::d, scalar->bytes);
  candidate.payload = numbers.take();
  sink.add(std::move(candidate));
}

// Whether the anchor of a key type in front of the numbers [begin, end) reports them all.
bool is_labelled(Bytes bytes, std::size_t begin, std::size_t end) {
  constexpr std::size_t longest_exponent = 12;
  for (std::size_t between = 0; between <= longest_exponent && between <= begin; ++between) {
    if (!stands_before(bytes, begin - between, rsa_label)) continue;
    const auto key = read_rsa(bytes, begin - between - rsa_label.size());
    return key.is_private && key.end >= end;
  }
  return false;
}

void report_numbers(const Window& window, std::size_t position, CandidateSink& sink) {
  using Chain = NumberChain<MpintReader>;
  const auto bytes = group_bytes(window, position);
  const auto chain = Chain::around(bytes);
  if (chain.places.size() < 2 || Chain::is_reported_before(window, bytes, chain)) return;
  if (is_labelled(bytes.bytes, chain.places.front().begin, chain.places.back().end)) return;
  auto candidate = Chain::candidate(bytes, chain, "ssh-wire");
  candidate.cut = true;
  candidate.detail = "the head of the encoding is lost";
  sink.add(std::move(candidate));
}

class SshWireDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "ssh-wire"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const auto around = window.around(position);
    switch (anchor_table[which].kind) {
      case Kind::rsa:
        return report_labelled(around, read_rsa(around.bytes, around.at), "rsa", sink);
      case Kind::dss:
        return report_labelled(around, read_dss(around.bytes, around.at), "dsa", sink);
      case Kind::ed25519:
        return report_ed25519(around, sink);
      case Kind::point:
        return report_point(around, sink);
      case Kind::number:
        return report_numbers(window, position, sink);
    }
  }
};

constinit const SshWireDetector detector;

}  // namespace

extern const Detector& ssh_wire_detector;
const Detector& ssh_wire_detector = detector;

}  // namespace dumpgate
