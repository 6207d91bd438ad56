#include "scanner/detect/aes_schedule.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {
namespace {

using Word = std::uint32_t;  // as FIPS 197 writes it: the first byte on top

constexpr unsigned twice(unsigned value) { return ((value << 1U) ^ ((value >> 7U) * 0x11bU)) & 0xffU; }

// FIPS 197 section 5.1.1: the inverse in GF(2^8), then an affine map. 3 generates the field's units.
constexpr std::array<std::uint8_t, 256> make_substitution() {
  std::array<std::uint8_t, 256> table{};
  unsigned power = 1;
  unsigned inverse = 1;
  for (int i = 0; i < 255; ++i) {
    const auto box = static_cast<std::uint8_t>(inverse);
    table.at(power) = static_cast<std::uint8_t>(box ^ std::rotl(box, 1) ^ std::rotl(box, 2) ^
                                                std::rotl(box, 3) ^ std::rotl(box, 4) ^ 0x63U);
    power ^= twice(power);
    for (int step = 0; step < 254; ++step) inverse ^= twice(inverse);
  }
  table[0] = 0x63;
  return table;
}
constexpr auto substitution = make_substitution();
static_assert(substitution[0x53] == 0xed && substitution[1] == 0x7c);  // FIPS 197 section 5.1.1

constexpr Word substitute(Word word) {
  return Word{substitution[word >> 24U]} << 24U | Word{substitution[(word >> 16U) & 0xffU]} << 16U |
         Word{substitution[(word >> 8U) & 0xffU]} << 8U | Word{substitution[word & 0xffU]};
}

// MixColumns on one column (FIPS 197 section 5.1.3).
constexpr Word mix_column(Word word) {
  const Word doubled = ((word & 0x7f7f7f7fU) << 1U) ^ (((word >> 7U) & 0x01010101U) * 0x1bU);
  return doubled ^ std::rotl(word ^ doubled, 8) ^ std::rotl(word, 16) ^ std::rotl(word, 24);
}
static_assert(mix_column(0xdb135345U) == 0x8e4da1bcU);

struct Shape {
  unsigned key_words = 0;
  bool decryption = false;

  unsigned rounds() const { return key_words + 6; }
  unsigned words() const { return 4 * (rounds() + 1); }
  // Where in memory word `i` of the schedule lies.
  unsigned place(unsigned i) const { return decryption ? 4 * (rounds() - i / 4) + i % 4 : i; }
  bool transformed(unsigned i) const { return decryption && i / 4 != 0 && i / 4 != rounds(); }
};

// Word i is w[i-Nk] ^ w[i-1] for odd i: linear, so it holds after InvMixColumns and in either order of the
// bytes. The last words of the middle rounds, from the end on, decide nearly always at the first.
bool linear_relations_hold(const std::byte* bytes, const Shape& shape) {
  const auto raw = [&](unsigned i) {
    Word word = 0;
    std::memcpy(&word, bytes + std::size_t{4} * shape.place(i), sizeof word);
    return word;
  };
  for (unsigned i = 4 * shape.rounds() - 1; i >= shape.key_words + 4; i -= 4)
    if (raw(i) != (raw(i - 1) ^ raw(i - shape.key_words))) return false;
  return true;
}

struct Words {
  std::array<Word, 60> w{};
  ~Words() { wipe(w.data(), sizeof w); }
};

// The schedule in the standard's form; false when it is none.
bool expand(const std::byte* bytes, const Shape& shape, ByteOrder order, Words& words) {
  auto& w = words.w;
  Word round_constant = 0x01000000U;
  unsigned in_key = 0;  // i modulo the key's words
  for (unsigned i = 0; i < shape.words(); ++i, in_key = in_key + 1 == shape.key_words ? 0 : in_key + 1) {
    const Word stored = load<Word>(bytes + std::size_t{4} * shape.place(i), order);
    w.at(i) = shape.transformed(i) ? mix_column(stored) : stored;
    if (i < shape.key_words) continue;
    Word before = w.at(i - 1);
    if (in_key == 0) {
      before = substitute(std::rotl(before, 8)) ^ round_constant;
      round_constant = twice(round_constant >> 24U) << 24U;
    } else if (shape.key_words > 6 && in_key == 4) {
      before = substitute(before);
    }
    if (w.at(i) != (w.at(i - shape.key_words) ^ before)) return false;
  }
  return true;
}

bool is_constant_like(std::span<const std::byte> key) {
  constexpr std::size_t least_different = 6;
  std::array<bool, 256> seen{};
  std::size_t different = 0;
  for (const std::byte byte : key)
    different += std::exchange(seen.at(std::to_integer<std::size_t>(byte)), true) ? 0U : 1U;
  return different < least_different;
}

}  // namespace

std::optional<AesSchedule> aes_schedule_at(std::span<const std::byte> bytes) {
  for (const unsigned key_words : {4U, 6U, 8U}) {
    for (const bool decryption : {false, true}) {
      const Shape shape{key_words, decryption};
      const std::size_t size = std::size_t{4} * shape.words();
      if (size > bytes.size() || !linear_relations_hold(bytes.data(), shape)) continue;
      for (const ByteOrder order : {ByteOrder::big, ByteOrder::little}) {
        Words words;
        if (!expand(bytes.data(), shape, order, words)) continue;
        AesSchedule schedule{.key_bits = key_words * 32,
                             .decryption = decryption,
                             .words_swapped = order == ByteOrder::little,
                             .size = size};
        for (unsigned i = 0; i < key_words; ++i)
          for (unsigned shift = 32; shift > 0; shift -= 8)
            schedule.key.push_back(static_cast<std::byte>((words.w.at(i) >> (shift - 8)) & 0xffU));
        if (is_constant_like(schedule.key)) return std::nullopt;
        return schedule;
      }
    }
  }
  return std::nullopt;
}

}  // namespace dumpgate
