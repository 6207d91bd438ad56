// Key-sized islands: 32 to 4096 random-looking bytes with other data on both sides. Statistics cannot tell a
// key from a digest or a small compressed block, so these are hints, and they come by the thousand: the one
// rule is that of each size class only the first island in a block of 32 KiB of the layer is reported. That
// bounds what a window yields, and depends on the bytes alone: which window owns the island only says who
// reports it.
//
// Memory is judged in lines of 16 bytes, at the alignment of the dumped machine. A line may be part of an
// island when at most two of its bytes are zero and some, but not all, are above 0x7f: pointers, small
// numbers, text and zero pages fail. A random line fails with probability 6e-5 (560 / 2^24 for zeros, 2 /
// 2^16 for the other).

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

constexpr std::size_t line = 16;
constexpr std::size_t shortest_island = 32;
constexpr std::size_t longest_island = 4096;
constexpr std::uint64_t block = 32ULL * 1024;

struct SizeClass {
  std::size_t most = 0;  // bytes
  const char* name = "";
};
constexpr std::array<SizeClass, 3> size_classes{
    {{64, "32 to 64 bytes, counted once in 32 KiB"},
     {512, "65 to 512 bytes, counted once in 32 KiB"},
     {longest_island, "513 to 4096 bytes, counted once in 32 KiB"}}};

// Masks of the 16 bytes at `at`: bit i for byte i.
struct LineMasks {
  unsigned zero = 0;
  unsigned high = 0;
};

LineMasks masks_of(const std::byte* at) {
#if defined(__SSE2__)
  __m128i bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return {static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()))),
          static_cast<unsigned>(_mm_movemask_epi8(bytes))};
#else
  LineMasks masks;
  for (unsigned i = 0; i < line; ++i) {
    const auto value = std::to_integer<unsigned>(at[i]);
    masks.zero |= (value == 0 ? 1U : 0U) << i;
    masks.high |= (value >> 7U) << i;
  }
  return masks;
#endif
}

bool may_be_random(const std::byte* at) {
  const LineMasks masks = masks_of(at);
  if (masks.high == 0 || masks.high == 0xffffU) return false;
  const unsigned but_one = masks.zero & (masks.zero - 1);
  return (but_one & (but_one - 1)) == 0;
}

// The byte values most frequent in x86-64 code. Of 32 random bytes six or more are among them with
// probability 1.3e-4; of 32 bytes of code most often. Tells code apart before the dearer tests do.
constexpr std::array<unsigned char, 6> code_bytes{0x00, 0xff, 0x48, 0x8b, 0x89, 0x0f};
constexpr unsigned most_code_bytes = 5;

bool may_be_code(const std::byte* at) {
  unsigned count = 0;
#if defined(__SSE2__)
  __m128i sum = _mm_setzero_si128();
  for (std::size_t half = 0; half < 2; ++half) {
    __m128i bytes;
    std::memcpy(&bytes, at + half * line, sizeof bytes);
    for (const unsigned char value : code_bytes)
      sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(static_cast<char>(value))));
  }
  sum = _mm_sad_epu8(sum, _mm_setzero_si128());
  count = static_cast<unsigned>(_mm_cvtsi128_si32(sum) + _mm_extract_epi16(sum, 4));
#else
  for (std::size_t i = 0; i < 2 * line; ++i)
    count += std::ranges::count(code_bytes, std::to_integer<unsigned char>(at[i])) > 0 ? 1U : 0U;
#endif
  return count > most_code_bytes;
}

// The whole island looks random: every 1024 bytes of it, and the last 1024.
bool island_looks_random(std::span<const std::byte> bytes) {
  constexpr std::size_t most_words = 128;
  std::array<std::uint64_t, most_words> words{};
  const std::size_t step = std::min(bytes.size(), most_words * sizeof(std::uint64_t));
  bool random = true;
  for (std::size_t at = 0; random && at < bytes.size(); at += step) {
    const auto part = bytes.subspan(std::min(at, bytes.size() - step), step);
    std::memcpy(words.data(), part.data(), part.size());
    random = looks_random(std::span(words).first(part.size() / sizeof(std::uint64_t)));
  }
  wipe(words.data(), sizeof words);
  return random;
}

// Looks through the part of one block in which lines are aligned alike. Positions are in Window::bytes.
class BlockSearch {
 public:
  BlockSearch(const Window& window, CandidateSink& sink) : window_(window), sink_(sink) {}

  // Islands that begin in [begin, end). `stretch_begin` and `stretch_end` bound what is aligned alike.
  void search(std::size_t begin, std::size_t end, std::size_t stretch_begin, std::size_t stretch_end) {
    const std::byte* const bytes = window_.bytes.data();
    // An island that began before the block belongs to the block before.
    bool inside = begin >= stretch_begin + line && may_be_random(bytes + begin - line);
    for (std::size_t at = begin; at < end && at + line <= stretch_end;) {
      if (!may_be_random(bytes + at)) {
        inside = false;
        at += line;
        continue;
      }
      const std::size_t first = at;
      const std::size_t last = std::min(stretch_end, first + longest_island + line);
      while (at + line <= last && may_be_random(bytes + at)) at += line;
      const bool ended = at + line > stretch_end || at - first <= longest_island;
      if (!inside && ended) judge(first, at);
      inside = true;  // what follows without a break is part of the same run
    }
  }

 private:
  void judge(std::size_t begin, std::size_t end) {
    const std::size_t size = end - begin;
    if (size < shortest_island || size > longest_island) return;
    const std::size_t which = size <= size_classes[0].most ? 0 : size <= size_classes[1].most ? 1 : 2;
    if (seen_.at(which) || may_be_code(window_.bytes.data() + begin)) return;
    if (!island_looks_random(window_.bytes.subspan(begin, size))) return;
    seen_.at(which) = true;
    if (begin < window_.own_begin || begin >= window_.own_end) return;
    sink_.add({.signature = "random-data",
               .representation = "raw",
               .begin = begin,
               .size = size,
               .evidence = Evidence::hint,
               .form = Form::none,
               .detail = size_classes.at(which).name});
  }

  const Window& window_;
  CandidateSink& sink_;
  std::array<bool, size_classes.size()> seen_{};
};

class RandomData final : public Detector {
 public:
  std::string_view name() const noexcept override { return "random-data"; }

  void sweep(const Window& window, CandidateSink& sink) const override {
    if (window.own_end <= window.own_begin) return;
    const std::uint64_t own_end = window.offset + window.own_end;
    for (std::uint64_t begin = (window.offset + window.own_begin) / block * block; begin < own_end;
         begin += block)
      search_block(window, begin, sink);
  }

 private:
  // The block lies within window_context before the own bytes, or in them. `begin` is an offset of the layer.
  static void search_block(const Window& window, std::uint64_t begin, CandidateSink& sink) {
    BlockSearch search(window, sink);
    const std::uint64_t bytes_end = window.offset + window.bytes.size();
    const std::uint64_t end = std::min({begin + block, bytes_end, window.offset + window.own_end});
    std::uint64_t at = std::max(begin, window.offset);
    // A stretch that began before the block lets the search look back by one line.
    std::uint64_t stretch_begin = at >= window.offset + line ? at - line : window.offset;
    if (window.regions != nullptr && window.regions->alignment(stretch_begin).end <= at) stretch_begin = at;
    while (at < end) {
      RegionIndex::Alignment aligned{.shift = 0, .end = std::numeric_limits<std::uint64_t>::max()};
      if (window.regions != nullptr) aligned = window.regions->alignment(at);
      const std::uint64_t stretch_end = std::min(bytes_end, aligned.end);
      const std::uint64_t first = at + (line - (at + aligned.shift) % line) % line;
      if (first < stretch_end)
        search.search(static_cast<std::size_t>(first - window.offset),
                      static_cast<std::size_t>(std::min(end, stretch_end) - window.offset),
                      static_cast<std::size_t>(stretch_begin - window.offset),
                      static_cast<std::size_t>(stretch_end - window.offset));
      at = stretch_end;
      stretch_begin = at;
    }
  }
};

constinit const RandomData detector;

}  // namespace

extern const Detector& random_data_detector;
const Detector& random_data_detector = detector;

}  // namespace dumpgate
