// Uncompressed points 04 || x || y (SEC 1 2.3.3) outside any structure that names their curve: in the
// SECItems, slices and binaries of libraries, in TLS key shares, in key blobs. Leads for the hunt, never
// findings. The one rule: 04 stands everywhere and the curve's equation costs a microsecond, so a place must
// be announced: by a length of the point in front of it, or by a zero byte in front of a 04 at a multiple of
// eight, which is how a string begins whose length or chunk header precedes it. Of random bytes two places in
// a MiB are.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/random_words.h"
#include "scanner/detect/word_alignment.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

// Lengths that end where the point begins, and the point's first octet: as a big-endian uint16 or uint32, of
// an OCTET STRING, of a BIT STRING with its unused bits (libtasn1 keeps no tag), of a ServerKeyExchange (RFC
// 8422 5.4). None for brainpoolP320r1: three more are paid for by every byte, and its points lie at multiples
// of eight as well.
constexpr std::array anchor_texts{
    "\0\x41\x04"sv,       "\0\x61\x04"sv,       "\0\x81\x04"sv,       "\0\x85\x04"sv,   "\x04\x41\x04"sv,
    "\x04\x61\x04"sv,     "\x04\x81\x81\x04"sv, "\x04\x81\x85\x04"sv, "\x42\x00\x04"sv, "\x62\x00\x04"sv,
    "\x81\x82\x00\x04"sv, "\x81\x86\x00\x04"sv, "\x17\x41\x04"sv,     "\x18\x61\x04"sv, "\x19\x85\x04"sv,
};

constexpr std::size_t least_point = 65;
constexpr std::size_t most_point = 133;

// The first coordinate of no curve here begins with a plain word, but for those of P-521: there the first two
// octets are 00 or 01, and random ones.
bool may_be_point(Bytes bytes) {
  if (bytes.size() < least_point) return false;
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), bytes.data() + 3, sizeof words);
  if (plain_word(words[0]) || plain_word(words[1])) return false;
  return looks_random(bytes.subspan(3, least_point - 3));
}

void report(const Window& window, std::size_t position, CandidateSink& sink) {
  const Bytes bytes = window.bytes.subspan(position, std::min(most_point, window.bytes.size() - position));
  if (!may_be_point(bytes)) return;
  Candidate candidate;
  candidate.algorithm = "ec";
  candidate.representation = "bare-point";
  candidate.begin = position;
  candidate.size = bytes.size();
  candidate.form = Form::bare_point;
  sink.add(std::move(candidate));
}

// 00 04 at `at` - 1.
bool is_announced(Bytes bytes, std::size_t at) {
  return at > 0 && bytes[at] == std::byte{4} && bytes[at - 1] == std::byte{0};
}

#if defined(__SSE2__)
// Whether one of the eight places at, at + 8, ... at + 56 is announced; 63 bytes from at - 1 are there.
bool is_any_announced(const std::byte* at) {
  const __m128i low = _mm_set1_epi64x(0xffff);
  const __m128i pair = _mm_set1_epi64x(0x1'0000'0400);  // the upper halves never match
  __m128i found = _mm_setzero_si128();
  for (std::size_t i = 0; i < 64; i += 16) {
    __m128i two;
    std::memcpy(&two, at - 1 + i, sizeof two);
    found = _mm_or_si128(found, _mm_cmpeq_epi32(_mm_and_si128(two, low), pair));
  }
  return _mm_movemask_epi8(found) != 0;
}
#endif

// The announced places at multiples of eight bytes in [begin, end), where 0 < begin.
void search(const Window& window, std::size_t begin, std::size_t end, CandidateSink& sink) {
  for (std::size_t at = begin; at < end;) {
#if defined(__SSE2__)
    if (end - at >= 64 && !is_any_announced(window.bytes.data() + at)) {
      at += 64;
      continue;
    }
#endif
    const std::size_t stop = std::min(end, at + 64);
    for (; at < stop; at += 8)
      if (is_announced(window.bytes, at)) report(window, at, sink);
  }
}

// The own bytes in [from, to) of the layer, where addresses are offset + residue modulo 8.
void search_stretch(const Window& window, std::uint64_t from, std::uint64_t to, unsigned residue,
                    CandidateSink& sink) {
  const std::uint64_t first = std::max(from, window.offset + std::max<std::size_t>(window.own_begin, 1));
  const std::uint64_t last =
      std::min<std::uint64_t>(to, window.offset + std::min(window.own_end, window.bytes.size()));
  const std::uint64_t begin = first + (8 - (first + residue) % 8) % 8;
  if (begin < last)
    search(window, static_cast<std::size_t>(begin - window.offset),
           static_cast<std::size_t>(last - window.offset), sink);
}

class BarePointDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "bare-point"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    report(window, position + anchor_texts[which].size() - 1, sink);
  }

  // At the file's own alignment everywhere, and wherever else the map or the words say so.
  void sweep(const Window& window, CandidateSink& sink) const override {
    const std::uint64_t end = window.offset + window.bytes.size();
    search_stretch(window, window.offset, end, 0, sink);
    for (unsigned residue = 1; residue < 8; ++residue) {
      const auto stretches = aligned_stretches(window, residue);
      auto stretch = std::ranges::upper_bound(stretches, window.offset, {}, &Extent::end);
      for (; stretch != stretches.end() && stretch->begin() < end; ++stretch)
        search_stretch(window, stretch->begin(), stretch->end(), residue, sink);
    }
  }
};

constinit const BarePointDetector detector;

}  // namespace

extern const Detector& bare_point_detector;
const Detector& bare_point_detector = detector;

}  // namespace dumpgate
