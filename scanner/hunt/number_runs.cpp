#include "scanner/hunt/number_runs.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "scanner/detect/random_words.h"
#include "scanner/detect/word_alignment.h"
#include "scanner/hunt/coordinate_runs.h"
#include "scanner/hunt/digit_runs.h"
#include "scanner/hunt/stretch_reader.h"
#include "scanner/hunt/text_runs.h"
#include "scanner/hunt/word_marks.h"

namespace dumpgate {
namespace {

// Whether any window of the run can be a number.
bool worth_keeping(std::span<const std::uint64_t> words, RandomTest& test) {
  test.read(words);
  for (std::size_t at = 0; at + shortest_run <= words.size(); ++at)
    if (test.looks_random(at, shortest_run)) return true;
  return false;
}

// How much of either end of a long run is kept, in bytes.
constexpr std::size_t end_piece = longest_run / 4 * 8;

// Of a smaller number too few have a plain word: a bridge there costs more than it finds.
constexpr std::size_t shortest_bridged_run = 16;  // words: a factor of RSA-2048
constexpr std::size_t bridge_head = 4;            // words on either side that look random

class MemoryRuns {
 public:
  MemoryRuns(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs)
      : reader_(reader), marked_(marked), runs_(runs) {
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
    // The word before `at` is plain, or belongs to a run that is done.
    while ((at = next_four(at)) < stretch.own_end && reader_.inside(at + 8 * (shortest_run - 1))) {
      std::size_t plain_one = at + 8 * shortest_run;
      while (plain_one > at && !plain(plain_one - 8)) plain_one -= 8;
      at = plain_one > at ? plain_one : run_from(at);
    }
  }

 private:
  bool plain(std::size_t at) const { return plain_word(reader_.word(at)); }
  bool ended(std::size_t at) const { return !reader_.inside(at) || plain(at); }

  // The first place at `at` or behind it where four words in a row are marked, as far as was looked.
  std::size_t next_four(std::size_t at) const {
    constexpr std::size_t block = MarkedStretch::block_words;
    const std::size_t begin = reader_.stretch().begin, word = (at - begin) / 8;
    std::uint64_t these = marked_.block(word / block).number >> word % block << word % block;
    for (std::size_t index = word / block; index < marked_.end(); ++index) {
      const std::uint64_t behind = marked_.block(index + 1).number;
      if (const std::uint64_t found = begins_of_four(these, behind); found != 0)
        return begin + 8 * (index * block + static_cast<std::size_t>(std::countr_zero(found)));
      these = behind;
    }
    return reader_.stretch().end;
  }

  // The end of the run that goes on at `at`, looked for as far as a kept tail may reach.
  std::size_t end_from(std::size_t at) const {
    while (at < reader_.stretch().own_end + end_piece && !ended(at)) at += 8;
    return at;
  }

  // The same of the run that begins at `begin`, as far as a run may reach.
  std::size_t end_of(std::size_t begin, std::size_t at) const {
    while (at - begin <= 8 * longest_run && !ended(at)) at += 8;
    return at;
  }

  // Keeps the run that begins at `begin`; returns where to go on.
  std::size_t run_from(std::size_t begin) {
    std::size_t end = end_of(begin, begin);
    if (end - begin <= 8 * longest_run) {
      add(begin, end, Cut::none);
      add_bridged(begin, end);
      return end;
    }
    add(begin, begin + end_piece, Cut::end);
    end = end_from(end);
    add_tail(end);
    return end;
  }

  // The run that begins at `begin` once more, with the next behind the plain word at `end`, where the two may
  // be one number that has such a word by chance. Both are kept alone too: memory may hold anything.
  void add_bridged(std::size_t begin, std::size_t end) {
    if (!reader_.inside(end) || !plain_by_chance(reader_.word(end))) return;
    const std::size_t next = end + 8, last = end_of(begin, next);
    const std::size_t bytes = last - begin;
    if (bytes < 8 * shortest_bridged_run || bytes > 8 * longest_run || last - next < 8 * bridge_head) return;
    if (random_here(end - 8 * bridge_head) && random_here(next)) add(begin, last, Cut::none);
  }

  // Whether the words at `at` that a bridge stands on are no code or tables.
  bool random_here(std::size_t at) {
    reader_.read(at, at + 8 * bridge_head, words_);
    return looks_random(words_);
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
  const MarkedStretch& marked_;
  RunStore& runs_;
  StretchWords words_{};
  RandomTest test_{};
};

void gather_stretch(const Window& window, const Stretch& stretch, ByteOrder order, RunStore& runs) {
  const StretchReader reader(window, stretch, order);
  const MarkedStretch marked(reader);
  MemoryRuns(reader, marked, runs).gather();
  gather_digit_runs(reader, marked, runs);
  if (order == ByteOrder::little) gather_coordinate_runs(reader, marked, runs);
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

// All of the window's runs: of one alignment after the other.
void gather_unsorted(const Window& window, RunStore& runs) {
  static const DumpMap unknown;
  const DumpMap& map = window.regions == nullptr ? unknown : window.regions->map();
  if (map.unaligned) {
    for (unsigned residue = 0; residue < 8; ++residue)
      gather_stretches(window, aligned_stretches(window, 0), residue, map.order, runs);
    return;
  }
  const bool narrow = map.word_bits == 32;  // heaps of 32-bit machines align numbers to 4 bytes
  for (unsigned residue = 0; residue < 8; ++residue) {
    if (!(narrow && residue == 4))
      gather_stretches(window, aligned_stretches(window, residue), residue, map.order, runs);
    if (narrow && residue != 0)
      gather_stretches(window, aligned_stretches(window, residue + 4), residue, map.order, runs);
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
