// The INTEGERs of an RSAPrivateKey (RFC 8017 A.1.2) whose head is lost: free() destroys the first 16 or 32
// bytes of a buffer, and the rest stays: n, e, d, p, q, dP, dQ, qInv, or the later ones of them. The anchors
// are the headers of numbers of usual sizes with their top bit set, and e = 65537 followed by another number.
// A run of numbers is reported once, at its first anchor; a run whose head is whole is left to the pkcs1
// detector.

#include <algorithm>
#include <array>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

// Primes of RSA-1024 to RSA-16384, which are also moduli of half that size. Primes of RSA-512 (02 21 00) are
// left out: every ECDSA signature on P-256 begins so.
constexpr std::array anchors_table{
    "\x02\x41\x00"sv,             // 512 bits
    "\x02\x61\x00"sv,             // 768
    "\x02\x81\x81\x00"sv,         // 1024
    "\x02\x81\xa1\x00"sv,         // 1280
    "\x02\x81\xc1\x00"sv,         // 1536
    "\x02\x82\x01\x01\x00"sv,     // 2048
    "\x02\x82\x01\x81\x00"sv,     // 3072
    "\x02\x82\x02\x01\x00"sv,     // 4096
    "\x02\x82\x04\x01\x00"sv,     // 8192
    "\x02\x03\x01\x00\x01\x02"sv  // e = 65537, d
};

constexpr std::size_t most_numbers = 9;
constexpr std::size_t least_private_exponent = 60;  // bytes: RSA-512, with a few leading zeros

bool is_anchor(Bytes bytes, std::size_t at) {
  const auto rest = bytes.subspan(at);
  return std::any_of(anchors_table.begin(), anchors_table.end(), [&](std::string_view anchor) {
    return rest.size() >= anchor.size() && equals(rest.first(anchor.size()), anchor);
  });
}

// Whether an INTEGER with `size` content bytes ends at `end`; where it begins.
std::optional<std::size_t> integer_before(Bytes bytes, std::size_t end, std::size_t size) {
  const std::size_t header = size < 0x80 ? 2 : size < 0x100 ? 3 : 4;
  if (end < size + header) return std::nullopt;
  const std::size_t begin = end - size - header;
  if (bytes[begin] != std::byte{der::integer}) return std::nullopt;
  DerReader reader(bytes.subspan(begin, end - begin));
  const auto number = reader.whole(der::integer);
  if (!number || !reader.empty() || number->content.size() != size) return std::nullopt;
  if ((number->content[0] & std::byte{0x80}) != std::byte{0}) return std::nullopt;
  return begin;
}

// The number before `end` in a key whose primes or modulus take `size` bytes.
std::optional<std::size_t> number_before(Bytes bytes, std::size_t end, std::size_t size) {
  for (const std::size_t about : {size, 2 * size, size / 2}) {
    for (std::size_t slack = 0; slack < 6; ++slack) {
      if (about + 2 < slack + 16) break;
      if (const auto begin = integer_before(bytes, end, about + 2 - slack)) return begin;
    }
  }
  for (const auto e : {"\x02\x03\x01\x00\x01"sv, "\x02\x01\x03"sv, "\x02\x01\x11"sv}) {
    if (end >= e.size() && equals(bytes.subspan(end - e.size(), e.size()), e)) return end - e.size();
  }
  return std::nullopt;
}

// The first number of the unbroken run that holds the one at `at`.
std::size_t run_begin(Bytes bytes, std::size_t at, std::size_t size) {
  for (std::size_t steps = 0; steps < most_numbers; ++steps) {
    const auto before = number_before(bytes, at, size);
    if (!before) break;
    at = *before;
  }
  return at;
}

struct Walk {
  std::size_t end = 0;
  std::size_t large = 0;       // numbers that are no exponent
  bool exponent_pair = false;  // e and then d
  bool earlier_anchor = false;
};

// Walks the numbers from `begin`; stops before anything that cannot be one of a key.
Walk walk_numbers(Bytes bytes, std::size_t begin, std::size_t anchor, std::size_t size) {
  Walk walk{.end = begin};
  DerReader reader(bytes.subspan(begin));
  bool after_e = false;
  for (std::size_t count = 0; count < most_numbers; ++count) {
    const auto number = reader.next(der::integer);
    if (!number || number->content.empty() || number->claimed > 2049) break;
    const bool e = number->claimed <= 9;
    if (e && after_e) break;
    if (!e && number->claimed * 5 < size)
      break;  // q of DSA and of Diffie-Hellman: no RSA number is so much smaller
    if (!e && !number->cut && !looks_random(number->content.subspan(1))) break;
    if (!e && (number->content[0] & std::byte{0x80}) != std::byte{0}) break;
    if (walk.end < anchor && is_anchor(bytes, walk.end)) walk.earlier_anchor = true;
    if (!e && !number->cut) ++walk.large;
    if (!e && !number->cut && after_e && number->claimed >= least_private_exponent) {
      const auto next = reader.left();
      walk.exponent_pair = walk.large >= 2 || next.empty() || next[0] == std::byte{der::integer};
    }
    after_e = e;
    walk.end += number->whole.size();
    if (number->cut) break;
  }
  return walk;
}

// Whether the numbers from `begin` follow a version that the pkcs1 detector starts at.
bool head_is_whole(Bytes bytes, std::size_t begin) {
  return begin >= 3 && bytes[begin - 3] == std::byte{der::integer} && bytes[begin - 2] == std::byte{1} &&
         std::to_integer<unsigned>(bytes[begin - 1]) <= 1 && integers_key_at(bytes, begin - 3).has_value();
}

class RsaChainDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "rsa-chain"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchors_table; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    DerReader reader(around.bytes.subspan(around.at));
    auto first = reader.next(der::integer);
    if (first && first->claimed == 3) first = reader.next(der::integer);
    if (!first || first->content.empty()) return;
    const auto size = static_cast<std::size_t>(first->claimed);
    const std::size_t begin = run_begin(around.bytes, around.at, size);
    const Walk walk = walk_numbers(around.bytes, begin, around.at, size);
    if (walk.end <= around.at || walk.earlier_anchor) return;
    if (walk.large < 3 && !walk.exponent_pair) return;
    if (head_is_whole(around.bytes, begin)) return;
    Candidate candidate;
    candidate.signature = "rsa-private-key";
    candidate.algorithm = "rsa";
    candidate.representation = "der-headless";
    candidate.begin = around.begin + begin;
    candidate.size = walk.end - begin;
    candidate.form = Form::rsa_chain;
    candidate.cut = true;
    candidate.detail = "the head of the encoding is lost";
    sink.add(std::move(candidate));
  }
};

constinit const RsaChainDetector detector;

}  // namespace

extern const Detector& rsa_chain_detector;
const Detector& rsa_chain_detector = detector;

}  // namespace dumpgate
