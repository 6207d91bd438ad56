#include "scanner/hunt/word_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>
#include <utility>

#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

constexpr std::size_t filter_bits = std::size_t{1} << 22;  // 512 KiB

// Multiply-shift hashing (Dietzfelbinger et al., 1997) with a multiplier that nobody knows when he makes a
// dump: words that he chose collide no more than others. What is found does not depend on it.
std::uint64_t hash_of(std::uint64_t word) {
  static const std::uint64_t multiplier = [] {
    std::random_device random;
    return std::uint64_t{random()} << 32U | random() | 1U;
  }();
  return word * multiplier;
}
std::size_t filter_bit(std::uint64_t word) { return static_cast<std::size_t>(hash_of(word) >> 42U); }

}  // namespace

WordIndex::WordIndex(std::initializer_list<const RunStore*> stores) {
  for (const RunStore* store : stores)
    if (store != nullptr) add_all(*store);
  table_.resize(std::bit_ceil(words_.size() * 2 + 16));
  same_.resize(words_.size());
  filter_.resize(filter_bits / 64);
  for (std::size_t at = 0; at < words_.size(); ++at) {
    const std::size_t bit = filter_bit(words_[at]);
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    std::uint32_t& first = table_[slot_of(words_[at])];
    same_[at] = std::exchange(first, static_cast<std::uint32_t>(at + 1));
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
  const auto top_bits = static_cast<unsigned>(std::countr_zero(table_.size()));
  auto slot = static_cast<std::size_t>(hash_of(word) >> (64U - top_bits));
  while (table_[slot] != 0 && words_[table_[slot] - std::size_t{1}] != word)
    slot = (slot + 1) % table_.size();
  return slot;
}

bool WordIndex::may_hold(std::uint64_t word) const {
  const std::size_t bit = filter_bit(word);
  return (filter_[bit / 64] >> (bit % 64) & 1U) != 0;
}

std::optional<std::uint64_t> WordIndex::find(std::span<const std::byte> needle, std::uint64_t& places) const {
  const auto word_at = [needle](std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, needle.data() + at, sizeof word);
    return word;
  };
  // Of eight neighbouring words that begin in the needle one is aligned in memory.
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::size_t inside = shift;
    std::uint64_t word = word_at(inside);
    while (plain_word(word) && inside + 16 <= needle.size())
      word = word_at(inside += 8);  // it has many places
    if (!may_hold(word)) continue;
    for (std::size_t place = table_[slot_of(word)]; place != 0; place = same_[place - 1]) {
      if (places > most_places) return std::nullopt;
      ++places;
      const std::size_t byte = 8 * (place - 1);
      if (byte >= inside && holds(byte - inside, needle)) return offset_of(byte - inside);
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
