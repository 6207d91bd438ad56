#include "scanner/hunt/word_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dumpgate {
namespace {

// As many equal words are kept apart; a word that occurs more often is a constant, or a number kept in many
// copies of which one is enough.
constexpr std::size_t most_equal = 16;

constexpr std::size_t filter_bits = std::size_t{1} << 22;  // 512 KiB

// Fibonacci hashing: the words are random already, but for those before and after runs.
std::uint64_t hash_of(std::uint64_t word) { return word * 0x9e3779b97f4a7c15U; }
std::size_t filter_bit(std::uint64_t word) { return static_cast<std::size_t>(hash_of(word) >> 42U); }

}  // namespace

WordIndex::WordIndex(std::initializer_list<const RunStore*> stores) {
  for (const RunStore* store : stores)
    if (store != nullptr) add_all(*store);
  table_.resize(std::bit_ceil(words_.size() * 2 + 16));
  filter_.resize(filter_bits / 64);
  for (std::size_t at = 0; at < words_.size(); ++at) {
    const std::size_t bit = filter_bit(words_[at]);
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    std::size_t slot = slot_of(words_[at]);
    std::size_t equal = 0;
    while (table_[slot] != 0 && equal < most_equal) {
      equal += words_[table_[slot] - 1] == words_[at] ? 1U : 0U;
      slot = (slot + 1) % table_.size();
    }
    if (equal < most_equal) table_[slot] = static_cast<std::uint32_t>(at + 1);
  }
}

// Most digits lie in a memory run too, which comes before them, and are left out. Some do not: those whose
// cells are half empty or hardly look random, and those with a word of so many zero bytes that it ends a
// memory run (of digits of 26 bits one in 800).
void WordIndex::add_all(const RunStore& store) {
  std::uint64_t memory_begin = 0, memory_end = 0;  // of the memory run seen last
  store.for_each([&](const NumberRun& run) {
    const std::uint64_t end = run.offset + 8 * run.words.size();
    if (run.digits == 0 && !run.text) {
      memory_begin = run.offset;
      memory_end = end;
    }
    const bool digits = run.digits != 0 && run.digits != coordinate_digits;
    if (!digits || run.offset < memory_begin || end > memory_end) add(run);
  });
}

void WordIndex::add(const NumberRun& run) {
  const auto in_memory = [&](std::uint64_t word) {
    return run.order == ByteOrder::little ? word : __builtin_bswap64(word);
  };
  pieces_.push_back({words_.size(), run.offset - 8});
  words_.push_back(in_memory(run.before));
  for (const std::uint64_t word : run.words) words_.push_back(in_memory(word));
  words_.push_back(in_memory(run.after));
}

std::size_t WordIndex::slot_of(std::uint64_t word) const {
  return static_cast<std::size_t>(hash_of(word) >> 32U) & (table_.size() - 1);
}

bool WordIndex::may_hold(std::uint64_t word) const {
  const std::size_t bit = filter_bit(word);
  return (filter_[bit / 64] >> (bit % 64) & 1U) != 0;
}

std::optional<std::uint64_t> WordIndex::find(std::span<const std::byte> needle) const {
  // Of eight neighbouring words that begin in the needle one is aligned in memory.
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::uint64_t word = 0;
    std::memcpy(&word, needle.data() + shift, sizeof word);
    if (!may_hold(word)) continue;
    for (std::size_t slot = slot_of(word); table_[slot] != 0; slot = (slot + 1) % table_.size()) {
      const std::size_t at = table_[slot] - std::size_t{1};
      if (words_[at] == word && at * 8 >= shift && holds(at * 8 - shift, needle))
        return offset_of(at * 8 - shift);
    }
  }
  return std::nullopt;
}

bool WordIndex::holds(std::size_t byte, std::span<const std::byte> needle) const {
  return byte + needle.size() <= words_.size() * 8 &&
         std::memcmp(reinterpret_cast<const std::byte*>(words_.data()) + byte, needle.data(),
                     needle.size()) == 0;
}

std::uint64_t WordIndex::offset_of(std::size_t byte) const {
  const auto after = std::ranges::upper_bound(pieces_, byte / 8, {}, &Piece::begin);
  const Piece& piece = *(after - 1);
  return piece.offset + (byte - piece.begin * 8);
}

}  // namespace dumpgate
