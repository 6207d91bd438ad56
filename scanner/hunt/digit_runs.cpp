#include "scanner/hunt/digit_runs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "scanner/hunt/layouts.h"

namespace dumpgate {
namespace {

// The bits that each of digit_layouts leaves unused in a word.
constexpr std::array<std::uint64_t, digit_layouts.size()> unused_bits{
    0xf000000000000000U, 0x8000000000000000U, 0xc0000000c0000000U, 0xf0000000f0000000U, 0x8000000080000000U,
    0x8000800080008000U, 0xf0000000ffffffffU, 0xfc000000ffffffffU, 0xe0000001e0000001U, 0xf8000001f8000001U};
constexpr unsigned high_half_layouts = 1U << 6U | 1U << 7U;

// Zero words and pointers are part of no digits.
bool may_be_digits(std::uint64_t word) { return word >> 48U != 0 || (word << 32U == 0 && word != 0); }

// Words whose lower half is zero are digits of the upper half or none.
bool fits(std::uint64_t word, unsigned layout) {
  return (word & unused_bits[layout]) == 0 && may_be_digits(word) &&
         (word << 32U != 0 || (high_half_layouts >> layout & 1U) != 0);
}

// Which digit layouts a word can be part of: bit i for digit_layouts[i]. None if its top bit is set, which
// every layout leaves unused: most words of memory are in none, and half of random ones.
unsigned layouts_of(std::uint64_t word) {
  if (word >> 63U != 0 || !may_be_digits(word)) return 0;
  // Digits of half a word and less leave this bit unused too.
  if ((word >> 31U & 1U) != 0) return word >> 60U == 0 ? 3U : 2U;
  unsigned layouts = 0;
  for (unsigned layout = 0; layout < unused_bits.size(); ++layout)
    layouts |= (word & unused_bits[layout]) == 0 ? 1U << layout : 0U;
  return word << 32U == 0 ? layouts & high_half_layouts : layouts;
}

// The sizes of numbers that are looked for in digits, in bits.
constexpr std::array<unsigned, 10> digit_sizes{256, 384, 512, 521, 768, 1024, 1536, 2048, 3072, 4096};

// The most bits that the top digit of a number has, in each layout.
constexpr std::array<unsigned, digit_layouts.size()> widest_top = [] {
  std::array<unsigned, digit_layouts.size()> widest{};
  for (std::size_t i = 0; i < widest.size(); ++i)
    for (const unsigned bits : digit_sizes)
      widest.at(i) = std::max(widest.at(i), (bits - 1) % digit_layouts.at(i).bits + 1);
  return widest;
}();

class DigitRuns {
 public:
  DigitRuns(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs)
      : reader_(reader), marked_(marked), runs_(runs) {}

  void gather() {
    // Any run of shortest words holds a word of this grid, which depends on the layer's offsets alone.
    const std::size_t begin = reader_.stretch().begin;
    const std::size_t phase = reader_.offset(begin) / 8 % shortest;
    const std::uint64_t grid = std::uint64_t{0x1111111111111111} << (shortest - phase) % shortest;
    const std::size_t from = std::max(reader_.stretch().own_begin, begin) - begin;
    const std::size_t to = reader_.stretch().own_end + 8 * shortest - begin;
    const std::size_t first = from / MarkedStretch::block_bytes;
    std::uint64_t before = first == 0 ? 0 : marked_.block(first - 1).digits;
    std::uint64_t these = marked_.block(first).digits;
    for (std::size_t index = first; index < marked_.end(); ++index) {
      const std::uint64_t behind = marked_.block(index + 1).digits;
      for (std::uint64_t look = grid & four_in_a_row(before, these, behind); look != 0; look &= look - 1) {
        const std::size_t at =
            index * MarkedStretch::block_bytes + 8 * static_cast<std::size_t>(std::countr_zero(look));
        if (at >= from && at < to) look_at(begin + at);
      }
      before = std::exchange(these, behind);
    }
  }

 private:
  static constexpr std::size_t shortest = 4;  // words

  void look_at(std::size_t at) {
    unsigned layouts = layouts_of(reader_.word(at));
    if (layouts != 0) layouts = layouts_around(at, layouts);
    for (; layouts != 0; layouts &= layouts - 1) around(at, static_cast<unsigned>(std::countr_zero(layouts)));
  }

  // Those of `layouts` that two neighbours of the word at `at` can be part of as well: of four words in a row
  // that hold it, two more are these.
  unsigned layouts_around(std::size_t at, unsigned layouts) const {
    const auto of = [&](std::size_t place) {
      if (place < reader_.stretch().begin || !reader_.inside(place)) return 0U;
      return layouts & layouts_of(reader_.word(place));
    };
    const unsigned before = at >= 8 ? of(at - 8) : 0U, behind = of(at + 8);
    if ((before | behind) == 0) return 0;
    return (before & behind) | (at >= 16 && before != 0 ? before & of(at - 16) : 0U) |
           (behind != 0 ? behind & of(at + 16) : 0U);
  }

  bool in(std::size_t at, unsigned layout) const { return fits(reader_.word(at), layout); }

  // Keeps the run of the layout around `at` if it begins in the own bytes.
  void around(std::size_t at, unsigned layout) {
    if (at < done_.at(layout)) return;
    std::size_t begin = at, end = at + 8;
    while (begin >= reader_.stretch().begin + 8 && at - begin <= 8 * longest_run && in(begin - 8, layout))
      begin -= 8;
    while (reader_.inside(end) && end - at <= 8 * longest_run && in(end, layout)) end += 8;
    done_.at(layout) = end;
    if (begin < reader_.stretch().own_begin || begin >= reader_.stretch().own_end) return;
    if (end - begin < 8 * shortest || end - begin > 8 * longest_run) return;
    if (digit_layouts.at(layout).cell == 8 && !has_top_digit(begin, end, layout)) return;
    reader_.read(begin, end, words_);
    const NumberRun run{.offset = reader_.offset(begin),
                        .words = words_,
                        .before = reader_.word_before(begin),
                        .after = reader_.word_or_zero(end),
                        .digits = static_cast<std::uint8_t>(layout + 1),
                        .order = reader_.order()};
    if (worth_keeping(run)) runs_.add(run);
  }

  // Text leaves the top bits of its bytes unused too, but those of the lower bytes as well: in digits of half
  // a word in the upper half, seven words of eight use one of the three. And the top digit of a number has
  // its own unused bits.
  static bool worth_keeping(const NumberRun& run) {
    const DigitLayout& layout = digit_layouts.at(run.digits - std::size_t{1});
    std::size_t with_high_bits = 0;
    const std::uint64_t high = layout.cell == 2 ? 0x0080008000800080U : 0x0080808000808080U;
    for (const std::uint64_t word : run.words)
      with_high_bits += ((word >> layout.shift) & high) != 0 ? 1U : 0U;
    if (with_high_bits < run.words.size() / 4 || is_table(run.words)) return false;
    const std::size_t cells = (run.words.size() + 1) * (8 / layout.cell);
    for (std::size_t first = 0; first + digit_sizes.front() / layout.bits < cells; ++first) {
      if (!starts_here(layout, run, first)) continue;
      for (const unsigned bits : digit_sizes) {
        if (first + (bits - 1) / layout.bits >= cells) break;
        if (may_hold_number(layout, run, first, bits)) return true;
      }
    }
    return false;
  }

  // Whether of any four words in a row two or more share their top 16 bits with the next: a sorted table, as
  // of places in a source. Of those bits a digit uses ten or more, so three neighbours of a number's words
  // are two equal pairs with a probability of 2^-18 in digits of 26 bits in the upper half, of 2^-20 in
  // tagged ones of 26 bits, and below 2^-22 in others.
  static bool is_table(std::span<const std::uint64_t> words) {
    unsigned equal = 0;  // of the last three pairs: bit 0 for the latest
    for (std::size_t i = 1; i < words.size(); ++i) {
      equal = (equal << 1U | (words[i] >> 48U == words[i - 1] >> 48U ? 1U : 0U)) & 7U;
      if (i >= 3 && std::popcount(equal) < 2) return false;
    }
    return true;
  }

  // Whether any word, that behind the run as well, may be the top digit of a number: of random words that
  // digits fill nearly none.
  bool has_top_digit(std::size_t begin, std::size_t end, unsigned layout) const {
    const unsigned top_bits = widest_top.at(layout) + digit_layouts.at(layout).shift;
    if (reader_.word_or_zero(end) >> top_bits == 0) return true;
    for (std::size_t at = begin; at < end; at += 8)
      if (reader_.word(at) >> top_bits == 0) return true;
    return false;
  }

  const StretchReader& reader_;
  const MarkedStretch& marked_;
  RunStore& runs_;
  StretchWords words_{};
  std::array<std::size_t, digit_layouts.size()> done_{};
};

}  // namespace

void gather_digit_runs(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs) {
  DigitRuns(reader, marked, runs).gather();
}

}  // namespace dumpgate
