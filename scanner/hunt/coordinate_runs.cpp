#include "scanner/hunt/coordinate_runs.h"

#include <emmintrin.h>

#include <algorithm>
#include <bitset>
#include <cstring>
#include <vector>

namespace dumpgate {
namespace {

constexpr std::size_t digits = 5;
constexpr unsigned digit_bits = 51;
constexpr unsigned pointer_bits = 48;
constexpr std::size_t block = 8;             // words looked at together
constexpr std::size_t least_long = 2;        // digits longer than a pointer
constexpr std::size_t least_different = 22;  // values of the 40 bytes

// Longer than a pointer, and no longer than a digit.
bool is_long_digit(std::uint64_t word) {
  return (word >> pointer_bits) - 1 < (std::uint64_t{1} << (digit_bits - pointer_bits)) - 1;
}

class CoordinateRuns {
 public:
  CoordinateRuns(const CoordinateBytes& memory, RunStore& runs)
      : memory_(memory), words_(memory.bytes.size() / 8), runs_(runs) {}

  void gather() {
    const std::size_t own_end = std::min((memory_.own_end + 7) / 8, words_);
    for (std::size_t at = memory_.own_begin / 8; at < own_end; ++at) {
      const std::size_t next = next_long_digit(at);
      if (next == words_) return;
      if (next >= digits) at = std::max(at, next - (digits - 1));
      if (at < own_end && holds_number(at) && (at == 0 || !holds_number(at - 1))) add(at);
    }
  }

 private:
  std::uint64_t word(std::size_t at) const {
    std::uint64_t word = 0;
    std::memcpy(&word, memory_.bytes.data() + 8 * at, sizeof word);
    return word;
  }

  std::size_t next_long_digit(std::size_t at) const {
    while (at + block <= words_ && !has_long_digit(at)) at += block;
    while (at < words_ && !is_long_digit(word(at))) ++at;
    return at;
  }

  // The same of `block` words at once: whether the highest 16 bits of any are 1 to 7. Most of memory has
  // none.
  bool has_long_digit(std::size_t at) const {
    __m128i any = _mm_setzero_si128();
    for (std::size_t i = 0; i < block; i += 2) {
      const __m128i less_one = _mm_sub_epi16(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(memory_.bytes.data() + 8 * (at + i))),
          _mm_set1_epi16(1));
      any = _mm_or_si128(any,
                         _mm_cmpeq_epi16(_mm_subs_epu16(less_one, _mm_set1_epi16(6)), _mm_setzero_si128()));
    }
    return (_mm_movemask_epi8(any) & 0x8080) != 0;
  }

  bool holds_number(std::size_t at) const {
    if (at + digits > words_) return false;
    std::size_t long_digits = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const std::uint64_t digit = word(at + i);
      if (digit == 0 || digit >> digit_bits != 0) return false;
      long_digits += is_long_digit(digit) ? 1U : 0U;
    }
    if (long_digits < least_long) return false;
    std::bitset<256> values;
    for (const std::byte value : memory_.bytes.subspan(8 * at, 8 * digits))
      values.set(std::to_integer<std::size_t>(value));
    return values.count() >= least_different;
  }

  void add(std::size_t begin) {
    std::size_t end = begin + digits;
    while (end - begin <= longest_run && holds_number(end + 1 - digits)) ++end;
    if (end - begin > longest_run) return;
    found_.clear();
    for (std::size_t at = begin; at < end; ++at) found_.push_back(word(at));
    runs_.add({.offset = memory_.offset + 8 * begin, .words = found_, .digits = coordinate_digits});
  }

  const CoordinateBytes& memory_;
  std::size_t words_;
  RunStore& runs_;
  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> found_{};
};

}  // namespace

void gather_coordinate_runs(const CoordinateBytes& memory, RunStore& runs) {
  CoordinateRuns(memory, runs).gather();
}

}  // namespace dumpgate
