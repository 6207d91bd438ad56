#include "scanner/hunt/word_marks.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>

namespace dumpgate {
namespace {

void mark(std::uint64_t word, std::size_t i, WordMarks& marks) {
  const std::uint64_t top = word >> 48U;
  const bool upper_half_only = word << 32U == 0 && word != 0;
  const std::uint64_t bit = std::uint64_t{1} << i;
  if (top != 0 && top != 0xffffU) marks.number |= bit;
  if (word >> 63U == 0 && (top != 0 || upper_half_only)) marks.digits |= bit;
  if (top >= 1 && top <= 7) marks.coordinate |= bit;
}

#if defined(__SSE2__)
// Of four neighbouring words: all bits of a quarter where the mark is to be set.
struct FourMarks {
  __m128i number, digits, coordinate;
};

// By their upper halves.
FourMarks four_marks(const std::byte* words) {
  const __m128i zero = _mm_setzero_si128();
  // Moves 0 to 0x1ffff, all zero or all one and any lower half, to the lowest signed numbers.
  const __m128i turn = _mm_set1_epi32(static_cast<int>(0x80010000U));
  const __m128i plain = _mm_set1_epi32(static_cast<int>(0x8001ffffU));
  const auto* const at = reinterpret_cast<const float*>(words);
  const __m128 first = _mm_loadu_ps(at), second = _mm_loadu_ps(at + 4);
  const __m128i high = _mm_castps_si128(_mm_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1)));
  const __m128i low = _mm_castps_si128(_mm_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0)));
  const __m128i no_pointer = _mm_cmpgt_epi32(high, _mm_set1_epi32(0xffff));
  const __m128i high_only = _mm_and_si128(_mm_cmpgt_epi32(high, zero), _mm_cmpeq_epi32(low, zero));
  return {.number = _mm_cmpgt_epi32(_mm_add_epi32(high, turn), plain),
          .digits = _mm_or_si128(no_pointer, high_only),
          .coordinate = _mm_and_si128(no_pointer, _mm_cmplt_epi32(high, _mm_set1_epi32(0x80000)))};
}

// The marks of sixteen words.
std::uint64_t bits_of(__m128i a, __m128i b, __m128i c, __m128i d) {
  const __m128i bytes = _mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
  return static_cast<std::uint16_t>(_mm_movemask_epi8(bytes));
}

// The same for all words of a block, little-endian.
WordMarks marks_of(const std::byte* words) {
  WordMarks marks;
  for (unsigned i = 0; i < MarkedStretch::block_words; i += 16, words += std::size_t{8} * 16) {
    const FourMarks a = four_marks(words), b = four_marks(words + 32), c = four_marks(words + 64),
                    d = four_marks(words + 96);
    marks.number |= bits_of(a.number, b.number, c.number, d.number) << i;
    marks.digits |= bits_of(a.digits, b.digits, c.digits, d.digits) << i;
    marks.coordinate |= bits_of(a.coordinate, b.coordinate, c.coordinate, d.coordinate) << i;
  }
  return marks;
}
#endif

WordMarks look(const StretchReader& reader, std::size_t at) {
#if defined(__SSE2__)
  if (reader.order() == ByteOrder::little && at + MarkedStretch::block_bytes <= reader.stretch().end)
    return marks_of(reader.bytes(at).data());
#endif
  WordMarks marks;
  for (std::size_t i = 0; i < MarkedStretch::block_words && reader.inside(at + 8 * i); ++i)
    mark(reader.word(at + 8 * i), i, marks);
  return marks;
}

}  // namespace

MarkedStretch::MarkedStretch(const StretchReader& reader) {
  const Stretch& stretch = reader.stretch();
  const std::size_t own_begin = std::max(stretch.own_begin, stretch.begin) - stretch.begin;
  const std::size_t own_end = std::max(stretch.own_end, stretch.begin) - stretch.begin;
  first_ = own_begin / block_bytes - std::min<std::size_t>(own_begin / block_bytes, 1);
  const std::size_t end = own_end / block_bytes + 2;
  for (std::size_t index = first_; index < end; ++index) {
    const std::size_t at = stretch.begin + index * block_bytes;
    if (!reader.inside(at)) break;
    blocks_.push_back(look(reader, at));
  }
}

std::uint64_t begins_of_four(std::uint64_t these, std::uint64_t behind) {
  return these & (these >> 1U | behind << 63U) & (these >> 2U | behind << 62U) &
         (these >> 3U | behind << 61U);
}

std::uint64_t four_in_a_row(std::uint64_t before, std::uint64_t these, std::uint64_t behind) {
  const std::uint64_t begins = begins_of_four(these, behind), earlier = begins_of_four(before, these);
  return begins | begins << 1U | begins << 2U | begins << 3U | earlier >> 63U | earlier >> 62U |
         earlier >> 61U;
}

}  // namespace dumpgate
