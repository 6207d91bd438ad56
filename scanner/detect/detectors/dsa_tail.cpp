// The inside of a DSA private key whose head is lost: free() destroys the first 16 or 32 bytes of a buffer,
// and with them all that another detector could recognise. What is left of PKCS #8 (RFC 5958, RFC 3279
// section 2.3.2) is p, q, g and an OCTET STRING with x; of OpenSSL's own form p, q, g, y and x. The anchors
// are the headers of p with its top bit set. The one rule: without all of p nothing can be proven, so nothing
// is reported.

#include <array>

#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/number_set.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

constexpr std::array anchor_texts{
    "\x02\x81\x81\x00"sv,      // 1024 bits
    "\x02\x82\x01\x01\x00"sv,  // 2048
    "\x02\x82\x01\x81\x00"sv,  // 3072
    "\x02\x82\x02\x01\x00"sv,  // 4096
};

// FIPS 186-4 section 4.2: q has 160, 224 or 256 bits; x is below it, seldom by more than some bytes.
constexpr std::size_t least_q = 20;
constexpr std::size_t most_q = 33;
constexpr std::size_t least_x = 14;

struct Tail {
  Bytes p{}, q{}, g{}, y{}, x{};
  std::size_t end = 0;  // behind the position
};

// The content of the next INTEGER: whole, of so many bytes and random-looking.
std::optional<Bytes> number(DerReader& reader, std::size_t least, std::size_t most) {
  const auto element = reader.whole(der::integer);
  if (!element || element->content.size() < least || element->content.size() > most) return std::nullopt;
  if (!looks_random(element->content.subspan(1))) return std::nullopt;
  return element->content;
}

bool odd(Bytes number) { return (number.back() & std::byte{1}) != std::byte{0}; }

std::optional<Tail> tail_at(Bytes bytes) {
  DerReader reader(bytes);
  const auto p = number(reader, least_q, bytes.size());
  const auto q = number(reader, least_q, most_q);
  if (!p || !q || !odd(*p) || !odd(*q)) return std::nullopt;
  const auto g = number(reader, p->size() / 2, p->size());
  if (!g) return std::nullopt;
  Tail tail{.p = *p, .q = *q, .g = *g};
  if (const auto wrapped = reader.whole(der::octet_string)) {
    DerReader inside(wrapped->content);
    const auto x = number(inside, least_x, q->size());
    if (!x || !inside.empty()) return std::nullopt;
    tail.x = *x;
  } else {
    const auto y = number(reader, p->size() / 2, p->size());
    const auto x = number(reader, least_x, q->size());
    if (!y || !x) return std::nullopt;
    tail.y = *y;
    tail.x = *x;
  }
  tail.end = bytes.size() - reader.left().size();
  return tail;
}

// Whether another detector reports the whole encoding.
bool has_head(Bytes bytes, std::size_t at, const Tail& tail) {
  if (tail.y.empty()) {
    const auto x = static_cast<std::size_t>(tail.x.data() - bytes.data());
    return pkcs8_around(bytes, x - 2).has_value();  // x has fewer than 128 bytes
  }
  return at >= 3 && bytes[at - 3] == std::byte{der::integer} && integers_key_at(bytes, at - 3).has_value();
}

class DsaTailDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "dsa-tail"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto tail = tail_at(around.bytes.subspan(around.at));
    if (!tail || has_head(around.bytes, around.at, *tail)) return;
    NumberSetWriter numbers;
    numbers.add(NumberRole::p, tail->p);
    numbers.add(NumberRole::q, tail->q);
    numbers.add(NumberRole::g, tail->g);
    if (!tail->y.empty()) numbers.add(NumberRole::y, tail->y);
    numbers.add(NumberRole::x, tail->x);
    Candidate candidate;
    candidate.signature = "dsa-private-key";
    candidate.algorithm = "dsa";
    candidate.representation = "der-headless";
    candidate.begin = position;
    candidate.size = tail->end;
    candidate.evidence = Evidence::structure;
    candidate.form = Form::number_set;
    candidate.payload = numbers.take();
    candidate.cut = true;
    candidate.detail = "the head of the encoding is lost";
    sink.add(std::move(candidate));
  }
};

constinit const DsaTailDetector detector;

}  // namespace

extern const Detector& dsa_tail_detector;
const Detector& dsa_tail_detector = detector;

}  // namespace dumpgate
