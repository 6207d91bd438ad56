#include "scanner/hunt/number_runs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <tuple>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/coordinate_runs.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/text_runs.h"

namespace dumpgate {
namespace {

// Part of a window in which words are aligned alike: first word at `begin`, words up to `end`.
struct Stretch {
  std::size_t begin = 0;
  std::size_t end = 0;  // bytes of the window; end - begin is a multiple of 8
  std::size_t own_begin = 0;
  std::size_t own_end = 0;  // runs that begin here are the window's
};

std::uint64_t word_at(const Window& window, std::size_t at, ByteOrder order) {
  if (order == ByteOrder::big) return load<std::uint64_t>(window.bytes.data() + at, ByteOrder::big);
  std::uint64_t word = 0;
  std::memcpy(&word, window.bytes.data() + at, sizeof word);
  return word;
}

// Whether any window of the run can be a number.
bool worth_keeping(std::span<const std::uint64_t> words, RandomTest& test) {
  test.read(words);
  for (std::size_t at = 0; at + shortest_run <= words.size(); ++at)
    if (test.looks_random(at, shortest_run)) return true;
  return false;
}

using Words = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;

// Reads the words of one stretch of one window.
class StretchReader {
 public:
  StretchReader(const Window& window, const Stretch& stretch, ByteOrder order)
      : window_(window), stretch_(stretch), order_(order) {}

  const Stretch& stretch() const { return stretch_; }
  ByteOrder order() const { return order_; }
  std::uint64_t word(std::size_t at) const { return word_at(window_, at, order_); }
  bool inside(std::size_t at) const { return at + 8 <= stretch_.end; }
  std::uint64_t offset(std::size_t at) const { return window_.offset + at; }
  // The word at `at`, 0 outside the stretch.
  std::uint64_t word_or_zero(std::size_t at) const {
    return at >= stretch_.begin && inside(at) ? word(at) : 0;
  }
  std::uint64_t word_before(std::size_t at) const { return at >= stretch_.begin + 8 ? word(at - 8) : 0; }
  // The first word boundary at or behind the own bytes' begin.
  std::size_t first_own() const {
    if (stretch_.own_begin <= stretch_.begin) return stretch_.begin;
    return stretch_.begin + (stretch_.own_begin - stretch_.begin + 7) / 8 * 8;
  }

  void read(std::size_t begin, std::size_t end, Words& words) const {
    words.clear();
    for (std::size_t at = begin; at < end; at += 8) words.push_back(word(at));
  }

 private:
  const Window& window_;
  const Stretch& stretch_;
  ByteOrder order_;
};

// How much of either end of a long run is kept, in bytes.
constexpr std::size_t end_piece = longest_run / 4 * 8;

class MemoryRuns {
 public:
  MemoryRuns(const StretchReader& reader, RunStore& runs) : reader_(reader), runs_(runs) {
    words_.reserve(longest_run);
  }

  void gather() {
    const Stretch& stretch = reader_.stretch();
    std::size_t at = reader_.first_own();
    // A run that began before the own bytes belongs to another window, but perhaps not its kept tail.
    if (at > stretch.begin && reader_.inside(at - 8) && !plain(at - 8)) {
      at = end_from(at);
      add_tail(at);
    }
    // No run that is long enough begins at `at` or in the three words behind it when the last of them is
    // plain. The word before `at` is always plain, or belongs to a run that is done.
    constexpr std::size_t reach = 8 * (shortest_run - 1);
    while (at < stretch.own_end && reader_.inside(at + reach)) {
      if (plain(at + reach)) {
        at += reach + 8;
        continue;
      }
      std::size_t begin = at + reach;
      while (begin > at && !plain(begin - 8)) begin -= 8;
      at = begin < stretch.own_end ? run_from(begin) : begin;
    }
  }

 private:
  bool plain(std::size_t at) const { return plain_word(reader_.word(at)); }
  bool ended(std::size_t at) const { return !reader_.inside(at) || plain(at); }

  // The end of the run that goes on at `at`, looked for as far as a kept tail may reach.
  std::size_t end_from(std::size_t at) const {
    while (at < reader_.stretch().own_end + end_piece && !ended(at)) at += 8;
    return at;
  }

  // Keeps the run that begins at `begin`; returns where to go on.
  std::size_t run_from(std::size_t begin) {
    std::size_t end = begin;
    while (end - begin <= 8 * longest_run && !ended(end)) end += 8;
    if (end - begin <= 8 * longest_run) {
      add(begin, end, Cut::none);
      return end;
    }
    add(begin, begin + end_piece, Cut::end);
    end = end_from(end);
    add_tail(end);
    return end;
  }

  // The tail of a run of more than longest_run words that ends at `end`, if it begins in the own bytes. A
  // shorter run was kept whole.
  void add_tail(std::size_t end) {
    const Stretch& stretch = reader_.stretch();
    const std::size_t least = 8 * (longest_run + 1);
    if (!ended(end) || end < stretch.begin + least) return;
    const std::size_t tail = end - end_piece;
    if (tail < stretch.own_begin || tail >= stretch.own_end) return;
    for (std::size_t at = end - least; at < end; at += 8)
      if (plain(at)) return;
    add(tail, end, Cut::begin);
  }

  void add(std::size_t begin, std::size_t end, Cut cut) {
    if (end - begin < 8 * shortest_run) return;
    reader_.read(begin, end, words_);
    if (!worth_keeping(words_, test_)) return;
    runs_.add({.offset = reader_.offset(begin),
               .words = words_,
               .before = cut == Cut::begin ? 0 : reader_.word_before(begin),
               .after = cut == Cut::end ? 0 : reader_.word_or_zero(end),
               .cut = cut,
               .order = reader_.order()});
  }

  const StretchReader& reader_;
  RunStore& runs_;
  Words words_{};
  RandomTest test_{};
};

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

// Digit runs: stretches of words that all leave the bits of one layout unused.
class DigitRuns {
 public:
  DigitRuns(const StretchReader& reader, RunStore& runs) : reader_(reader), runs_(runs) {}

  void gather() {
    // Any run of shortest words holds a word of this grid, which depends on the layer's offsets alone.
    const std::size_t grid = 8 * shortest;
    const std::size_t phase = (reader_.offset(reader_.stretch().begin) / 8 * 8) % grid;
    std::size_t at = reader_.stretch().begin + (grid - phase) % grid;
    const std::size_t from = reader_.stretch().own_begin;
    if (from > at) at += (from - at + grid - 1) / grid * grid;
    for (; at < reader_.stretch().own_end + grid && reader_.inside(at); at += grid) {
      if (!may_be_inside(at)) continue;
      unsigned layouts = layouts_of(reader_.word(at));
      if (layouts != 0) layouts = layouts_around(at, layouts);
      for (; layouts != 0; layouts &= layouts - 1) around(at, static_cast<unsigned>(__builtin_ctz(layouts)));
    }
  }

 private:
  static constexpr std::size_t shortest = 4;  // words

  // Whether the word at `at` and two of its neighbours leave their top bits unused, as all layouts do.
  bool may_be_inside(std::size_t at) const {
    const auto in_use = [this](std::size_t place) { return reader_.word(place) >> 63U != 0; };
    if (in_use(at)) return false;
    if (at < reader_.stretch().begin + 16 || !reader_.inside(at + 16)) return true;
    const bool before = in_use(at - 8), behind = in_use(at + 8);
    if (before == behind) return !before;
    return before ? !in_use(at + 16) : !in_use(at - 16);
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

  // Text leaves the top bits of its bytes unused too, but those of the lower bytes as well; and the top digit
  // of a number has its own unused bits.
  static bool worth_keeping(const NumberRun& run) {
    const DigitLayout& layout = digit_layouts.at(run.digits - std::size_t{1});
    std::size_t with_high_bits = 0;
    const std::uint64_t high = layout.cell == 2 ? 0x0080008000800080U : 0x0080808000808080U;
    for (const std::uint64_t word : run.words)
      with_high_bits += ((word >> layout.shift) & high) != 0 ? 1U : 0U;
    if (with_high_bits < run.words.size() / 2) return false;
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
  RunStore& runs_;
  Words words_{};
  std::array<std::size_t, digit_layouts.size()> done_{};
};

void gather_stretch(const Window& window, const Stretch& stretch, ByteOrder order, RunStore& runs) {
  const StretchReader reader(window, stretch, order);
  MemoryRuns(reader, runs).gather();
  DigitRuns(reader, runs).gather();
  if (order == ByteOrder::little)
    gather_coordinate_runs({.bytes = window.bytes.subspan(stretch.begin, stretch.end - stretch.begin),
                            .own_begin = reader.first_own() - stretch.begin,
                            .own_end = stretch.own_end - std::min(stretch.begin, stretch.own_end),
                            .offset = reader.offset(stretch.begin)},
                           runs);
}

}  // namespace

void RunStore::add(const NumberRun& run) {
  packed_.push_back(run.offset);
  packed_.push_back(run.words.size() | std::uint64_t{run.digits} << 32U |
                    std::uint64_t{run.order == ByteOrder::big ? 1U : 0U} << 40U |
                    static_cast<std::uint64_t>(run.cut) << 48U | std::uint64_t{run.text ? 1U : 0U} << 56U);
  packed_.push_back(run.before);
  packed_.push_back(run.after);
  packed_.insert(packed_.end(), run.words.begin(), run.words.end());
}

NumberRun RunStore::unpacked(std::size_t at) const {
  const std::uint64_t kind = packed_[at + 1];
  const auto count = static_cast<std::size_t>(kind & 0xffffffffU);
  return {.offset = packed_[at],
          .words = std::span(packed_).subspan(at + head, count),
          .before = packed_[at + 2],
          .after = packed_[at + 3],
          .digits = static_cast<std::uint8_t>(kind >> 32U & 0xffU),
          .cut = static_cast<Cut>(kind >> 48U & 3U),
          .order = (kind >> 40U & 1U) != 0 ? ByteOrder::big : ByteOrder::little,
          .text = (kind >> 56U & 1U) != 0};
}

void RunStore::append(const RunStore& other) {
  packed_.insert(packed_.end(), other.packed_.begin(), other.packed_.end());
}

void RunStore::clear() {
  wipe(packed_.data(), packed_.size() * sizeof(std::uint64_t));
  packed_.clear();
}

namespace {

// The window's part of one stretch of the layer, from its first place of the residue on.
void gather_residue(const Window& window, Extent stretch, unsigned residue, ByteOrder order, RunStore& runs) {
  const std::uint64_t window_end = window.offset + window.bytes.size();
  if (stretch.end() <= window.offset + window.own_begin || stretch.begin() >= window.offset + window.own_end)
    return;
  const std::uint64_t from = std::max(stretch.begin(), window.offset);
  // Words begin where offset + residue is a multiple of 8.
  const std::uint64_t begin = from + (8 - (from + residue) % 8) % 8;
  const std::uint64_t end = std::min(stretch.end(), window_end);
  if (begin >= end) return;
  gather_stretch(window,
                 {.begin = static_cast<std::size_t>(begin - window.offset),
                  .end = static_cast<std::size_t>(end - window.offset),
                  .own_begin = window.own_begin,
                  .own_end = std::min(window.own_end, static_cast<std::size_t>(end - window.offset))},
                 order, runs);
}

void gather_stretches(const Window& window, std::span<const Extent> stretches, unsigned residue,
                      ByteOrder order, RunStore& runs) {
  const std::uint64_t own_begin = window.offset + window.own_begin;
  auto stretch = std::ranges::upper_bound(stretches, own_begin, {}, &Extent::end);
  for (; stretch != stretches.end() && stretch->begin() < window.offset + window.own_end; ++stretch)
    gather_residue(window, *stretch, residue, order, runs);
}

}  // namespace

namespace {

// All of the window's runs: of one alignment after the other.
void gather_unsorted(const Window& window, RunStore& runs) {
  const Extent everywhere = *Extent::make(0, std::numeric_limits<std::uint64_t>::max());
  if (window.regions == nullptr) {
    gather_residue(window, everywhere, 0, ByteOrder::little, runs);
    return;
  }
  const DumpMap& map = window.regions->map();
  if (map.unaligned) {
    for (unsigned residue = 0; residue < 8; ++residue)
      gather_residue(window, everywhere, residue, map.order, runs);
    return;
  }
  const bool narrow = map.word_bits == 32;  // heaps of 32-bit machines align numbers to 4 bytes
  for (unsigned residue = 0; residue < 8; ++residue) {
    if (!(narrow && residue == 4))
      gather_stretches(window, window.regions->aligned(residue), residue, map.order, runs);
    if (narrow && residue != 0)
      gather_stretches(window, window.regions->aligned(residue + 4), residue, map.order, runs);
  }
}

}  // namespace

void gather_runs(const Window& window, RunStore& runs) {
  RunStore unsorted;
  gather_unsorted(window, unsorted);
  gather_text_runs(window, unsorted);
  std::vector<NumberRun> in_order;
  unsorted.for_each([&](const NumberRun& run) { in_order.push_back(run); });
  std::ranges::stable_sort(in_order, {}, [](const NumberRun& run) {
    return std::tuple(run.offset, run.text, run.digits, run.words.size());
  });
  for (const NumberRun& run : in_order) runs.add(run);
}

}  // namespace dumpgate
