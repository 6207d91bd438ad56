// AES keys by their key schedules: whoever encrypts keeps 11 to 15 round keys
// that follow from the key. The one rule: the first test sees every dump whole,
// so it looks at 16 bytes of every 64; all that it lets pass is expanded again
// by detect/aes_schedule.h, which decides.
//
// In each kind of schedule most words are the exclusive or of two others, at
// fixed distances, wherever bytes or words are turned around. Six such
// relations, one for each key size and direction, are tested on four
// neighbouring words. Each holds for at least one of any four words in the
// middle of its schedule, and such four can begin at 28 words and more, so a
// test every 16 words of the layer meets every schedule. Four places of random
// memory pass with probability 24 * 2^-32. A schedule in which the words of all
// the tests that meet it have a zero or two equal ones among them is lost: one
// in 2^26 at most.

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "scanner/detect/aes_schedule.h"
#include "scanner/detect/aligned_places.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

constexpr std::size_t word = 4;
constexpr std::uint64_t period = 64;
// x[0] ^ x[1] = x[distance]: AES-128, 192, 256; decryption with 192, 128, 256.
constexpr std::array<std::ptrdiff_t, 6> distances{-3, -5, -7, 3, 5, 9};
constexpr std::size_t words_before = 7;  // that the test of four places reads
constexpr std::size_t words_from = 9 + 4;
constexpr std::size_t most_words_in = 56;  // of a schedule, before a word for which its relation holds

std::uint32_t word_at(const std::byte *at, std::ptrdiff_t index) {
  std::uint32_t value = 0;
  std::memcpy(&value, at + index * static_cast<std::ptrdiff_t>(word), sizeof value);
  return value;
}

// Whether any relation holds for one of the four words from `at` on.
bool any_holds(const std::byte *at) {
#if defined(__SSE2__)
  const auto words = [at](std::ptrdiff_t index) {
    __m128i four;
    std::memcpy(&four, at + index * static_cast<std::ptrdiff_t>(word), sizeof four);
    return four;
  };
  const __m128i sum = _mm_xor_si128(words(0), words(1));
  __m128i any = _mm_setzero_si128();
  for (const std::ptrdiff_t distance : distances)
    any = _mm_or_si128(any, _mm_cmpeq_epi32(sum, words(distance)));
  return _mm_movemask_epi8(_mm_andnot_si128(_mm_cmpeq_epi32(sum, _mm_setzero_si128()), any)) != 0;
#else
  for (std::ptrdiff_t i = 0; i < 4; ++i) {
    const std::uint32_t sum = word_at(at, i) ^ word_at(at, i + 1);
    for (const std::ptrdiff_t distance : distances)
      if (sum != 0 && sum == word_at(at, i + distance)) return true;
  }
  return false;
#endif
}

// Memory that repeats itself satisfies relations too. The words of a schedule
// are different, and none is zero.
bool words_differ(const std::byte *at) {
  constexpr std::ptrdiff_t count = 8;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    if (word_at(at, i) == 0) return false;
    for (std::ptrdiff_t j = 0; j < i; ++j)
      if (word_at(at, i) == word_at(at, j)) return false;
  }
  return true;
}

// Looks through places that are aligned alike.
class ScheduleSearch {
 public:
  ScheduleSearch(const Window &window, CandidateSink &sink) : window_(window), sink_(sink) {}

  // Schedules that begin in [begin, end), at multiples of four bytes from
  // `begin` on.
  void search(std::size_t begin, std::size_t end) {
    const std::size_t size = window_.bytes.size();
    const std::size_t past = end + most_words_in * word;
    // The tests lie at places of the layer, so that a schedule meets the same
    // ones through any window.
    const std::uint64_t first = window_.offset + begin;
    std::size_t at = begin + static_cast<std::size_t>((period - (first - first % word) % period) % period);
    for (; at < past && at + words_from * word <= size; at += period) {
      if (at < words_before * word || !any_holds(window_.bytes.data() + at)) continue;
      if (words_differ(window_.bytes.data() + at)) examine_around(at, begin, end);
    }
  }

 private:
  void examine_around(std::size_t at, std::size_t begin, std::size_t end) {
    const std::size_t furthest = most_words_in * word;
    std::size_t place = std::max(at > begin + furthest ? at - furthest : begin, seen_);
    seen_ = at;
    for (; place < at && place < end; place += word) {
      const auto schedule = aes_schedule_at(window_.bytes.subspan(place));
      if (!schedule) continue;
      sink_.add({.signature = "aes-key",
                 .algorithm = "aes",
                 .representation = "key-schedule",
                 .begin = place,
                 .size = schedule->size,
                 .evidence = Evidence::structure,
                 .form = Form::aes_schedule});
    }
  }

  const Window &window_;
  CandidateSink &sink_;
  std::size_t seen_ = 0;  // several tests meet a schedule: places before this were examined
};

class AesScheduleDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "aes-schedule"; }

  void sweep(const Window &window, CandidateSink &sink) const override {
    for_each_aligned(
        window, [&](std::size_t begin, std::size_t end) { ScheduleSearch(window, sink).search(begin, end); });
  }
};

constinit const AesScheduleDetector detector;

}  // namespace

extern const Detector &aes_schedule_detector;
const Detector &aes_schedule_detector = detector;

}  // namespace dumpgate
