#include "scanner/evidence/retro_windows.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "scanner/detect/random_words.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {
namespace {

using Mask = std::uint64_t;  // one bit a word: whether the window that begins there is remembered
constexpr std::size_t block_bytes = 512;
constexpr std::size_t blocks_around = 4;  // on either side
constexpr std::size_t ring = 2 * blocks_around + 1;
// Of 64 random windows a block remembers 63.7, nine blocks 573 of 576 with a deviation of 1.7: 5 standard
// deviations above these bounds. Numbers of 512 bytes with headers between them stay below: 550.
constexpr unsigned least_in_block = 60;
constexpr unsigned least_in_ring = 565;

// Bits of a number; the baseline of x86-64 lacks the instruction.
unsigned bits_of(std::uint64_t value) {
  value -= (value >> 1U) & 0x5555555555555555U;
  value = (value & 0x3333333333333333U) + ((value >> 2U) & 0x3333333333333333U);
  value = (value + (value >> 4U)) & 0x0f0f0f0f0f0f0f0fU;
  return static_cast<unsigned>((value * 0x0101010101010101U) >> 56U);
}

unsigned different(std::span<const std::byte> bytes) {
  std::array<std::uint64_t, 4> seen{};
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    seen[value >> 6U] |= std::uint64_t{1} << (value & 63U);
  }
  return bits_of(seen[0]) + bits_of(seen[1]) + bits_of(seen[2]) + bits_of(seen[3]);
}

std::uint64_t word_at(const std::byte* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

unsigned high_bytes(const std::byte* at) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}

// Of 16 bytes neither half of which is plain.
bool random_bytes(const std::byte* at) {
  const unsigned high = bits_of(high_bytes(at));
  return high >= 3 && high <= 13 && different({at, 16}) >= 13;
}

// Which of 16 characters belong to each class of base64's alphabet.
struct Classes {
  unsigned upper = 0, lower = 0, digit = 0, other = 0;
  unsigned all() const { return upper | lower | digit | other; }
  // Characters of the same class as the one before.
  unsigned same() const {
    const auto pairs = [](unsigned mask) { return mask & (mask << 1U); };
    return (pairs(upper) | pairs(lower) | pairs(digit) | pairs(other)) & 0xffffU;
  }
};

unsigned between(__m128i characters, char first, char last) {
  // Signed comparison; characters above 0x7f are negative and below every bound.
  const __m128i above = _mm_cmpgt_epi8(characters, _mm_set1_epi8(static_cast<char>(first - 1)));
  const __m128i below = _mm_cmplt_epi8(characters, _mm_set1_epi8(static_cast<char>(last + 1)));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(above, below)));
}

unsigned equal_to(__m128i characters, char value) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(characters, _mm_set1_epi8(value))));
}

Classes classes_of(const std::byte* at) {
  const __m128i characters = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return {.upper = between(characters, 'A', 'Z'),
          .lower = between(characters, 'a', 'z'),
          .digit = between(characters, '0', '9'),
          .other = equal_to(characters, '+') | equal_to(characters, '/') | equal_to(characters, '-') |
                   equal_to(characters, '_')};
}

// Words of a language and names change their case seldom; base64 of random bytes does all the time.
bool random_base64(const std::byte* at) {
  const Classes classes = classes_of(at);
  if (classes.all() != 0xffffU || bits_of(classes.upper) < 2 || bits_of(classes.lower) < 2) return false;
  return bits_of(classes.same()) <= 9 && different({at, 16}) >= 9;
}

bool random_digits(std::span<const std::byte> digits) { return different(digits) >= 8; }

constexpr std::uint8_t in_base64 = 1;
constexpr std::uint8_t in_hex = 2;
constexpr std::uint8_t between_characters = 4;  // may stand between characters of a text

// What each character may be.
const std::array<std::uint8_t, 256>& roles() {
  static const std::array<std::uint8_t, 256> table = [] {
    std::array<std::uint8_t, 256> made{};
    for (int c = 0; c < 256; ++c)
      made.at(static_cast<std::size_t>(c)) =
          static_cast<std::uint8_t>((base64_value(c) ? in_base64 : 0) | (hex_value(c) ? in_hex : 0) |
                                    (is_separator(c) || c == ':' ? between_characters : 0));
    return made;
  }();
  return table;
}

std::byte normal(RetroKind kind, std::byte character) {
  const char c = std::to_integer<char>(character);
  if (kind == RetroKind::digits) return static_cast<std::byte>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return static_cast<std::byte>(c == '-' ? '+' : c == '_' ? '/' : c);
}

// Fills `out` with the characters that begin at `text`, separators left out; whether there are enough.
// Backslashes before n, r and t are line breaks written out.
bool gather(RetroKind kind, std::span<const std::byte> text, std::span<std::byte> out) {
  const std::uint8_t role = kind == RetroKind::digits ? in_hex : in_base64;
  text = text.first(std::min(text.size(), retro_reach));
  std::size_t filled = 0;
  bool escaped = false;
  for (const std::byte byte : text) {
    const auto c = std::to_integer<unsigned>(byte);
    if (escaped && (c == 'n' || c == 'r' || c == 't')) {
      escaped = false;
      continue;
    }
    escaped = c == '\\';
    if ((roles()[c] & role) != 0) {
      out[filled++] = normal(kind, byte);
      if (filled == out.size()) return true;
    } else if ((roles()[c] & between_characters) == 0) {
      return false;
    }
  }
  return false;
}

// The walk over one window's own bytes.
class Walk {
 public:
  Walk(const Window& window, RetroSink& sink) : bytes_(window.bytes), sink_(sink) {
    own_end_ = std::min(window.own_end, bytes_.size());
    own_begin_ = std::min(window.own_begin, own_end_);
    // Positions are counted from the last begin of a block before the window, so that they are multiples of 8
    // where offsets of the layer are.
    skew_ = static_cast<std::size_t>(window.offset % block_bytes);
  }

  void run() {
    if (own_begin_ == own_end_) return;
    const std::size_t first = (own_begin_ + skew_) / block_bytes;
    const std::size_t last = (own_end_ - 1 + skew_) / block_bytes;
    std::array<Mask, ring> masks{};  // of the newest blocks
    std::array<bool, ring> empty{};  // whether they are zero
    for (std::size_t block = first > blocks_around ? first - blocks_around : 0; block <= last + blocks_around;
         ++block) {
      const std::byte* const at = read(block);
      empty.at(block % ring) = all_zero(at);
      masks.at(block % ring) = empty.at(block % ring) ? 0 : remembered_in(at);
      if (block < first + blocks_around) continue;
      const std::size_t middle = block - blocks_around;
      if (!empty.at(middle % ring)) show(middle, masks.at(middle % ring), all_random(masks));
    }
  }

 private:
  // The block and the word after it; what lies outside of the bytes is zero. Valid until the next call.
  const std::byte* read(std::size_t block) {
    constexpr std::size_t size = block_bytes + retro_step;
    const std::size_t begin = block * block_bytes;
    if (begin >= skew_ && begin - skew_ + size <= bytes_.size()) return bytes_.data() + (begin - skew_);
    edge_.fill(std::byte{0});
    const std::size_t from = std::max(begin, skew_);
    const std::size_t to = std::min(begin + size, bytes_.size() + skew_);
    if (from < to) std::memcpy(edge_.data() + (from - begin), bytes_.data() + (from - skew_), to - from);
    return edge_.data();
  }

  static bool all_random(const std::array<Mask, ring>& masks) {
    unsigned sum = 0;
    for (const Mask mask : masks) {
      const unsigned count = bits_of(mask);
      if (count < least_in_block) return false;
      sum += count;
    }
    return sum >= least_in_ring;
  }

  // Of a block that read() gave, without the word after it.
  static bool all_zero(const std::byte* at) {
    __m128i sum = _mm_setzero_si128();
    for (std::size_t i = 0; i < block_bytes; i += 16)
      sum = _mm_or_si128(sum, _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i)));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(sum, _mm_setzero_si128())) == 0xffff;
  }

  static Mask remembered_in(const std::byte* at) {
    Mask mask = 0;
    bool plain = plain_word(word_at(at));
    for (unsigned word = 0; word < 64; ++word) {
      const bool next_plain = plain_word(word_at(at + (word + 1) * retro_step));
      if (!plain && !next_plain && random_bytes(at + word * retro_step)) mask |= Mask{1} << word;
      plain = next_plain;
    }
    return mask;
  }

  void show(std::size_t block, Mask mask, bool inside) {
    const std::size_t block_begin = block * block_bytes;
    for (unsigned word = 0; word < 64; ++word) {
      const std::size_t at = block_begin + word * retro_step;
      if (at < own_begin_ + skew_) continue;
      if (at >= own_end_ + skew_ || at - skew_ + 16 > bytes_.size()) return;
      if ((mask >> word & 1U) != 0)
        sink_.take(RetroKind::bytes, bytes_.subspan(at - skew_, 16), inside);
      else
        show_others(at - skew_);
    }
  }

  void show_others(std::size_t at) {
    const std::uint64_t word = word_at(bytes_.data() + at);
    if (word == 0) return;
    if ((word & 0xffffffffU) == 0) return show_spaced(at);
    if (high_bytes(bytes_.data() + at) != 0) return;
    const auto first = std::to_integer<std::uint8_t>(bytes_[at]);
    // Of UTF-16 with the upper byte first, the first byte is zero.
    if (first == 0 ? bytes_[at + 1] == std::byte{0} : roles()[first] == 0) return;
    show_text(at);
  }

  void show_text(std::size_t at) {
    const Classes classes = classes_of(bytes_.data() + at);
    if (classes.all() == 0xffffU ? random_base64(bytes_.data() + at) : promising(classes, at))
      show_gathered(RetroKind::base64, at);
    if (bits_of(classes.digit) >= 2) show_gathered(RetroKind::digits, at);
  }

  // Whether 16 bytes with other characters among them may begin a window of base64: half of them are
  // characters in UTF-16, nearly all around a line break.
  bool promising(const Classes& classes, std::size_t at) const {
    const bool wide = bytes_[at] == std::byte{0} || bytes_[at + 1] == std::byte{0};
    if (wide) return classes.upper != 0 && classes.lower != 0;
    return bits_of(classes.all()) >= 8 && bits_of(classes.upper) >= 2 && bits_of(classes.lower) >= 2 &&
           bits_of(classes.same()) <= 9;
  }

  void show_gathered(RetroKind kind, std::size_t at) {
    std::array<std::byte, longest_retro_window> normal_form{};
    const std::span<std::byte> text = std::span(normal_form).first(retro_window_size(kind));
    // A window belongs to the place of its first character.
    if ((roles()[std::to_integer<std::uint8_t>(bytes_[at])] & between_characters) != 0 &&
        bytes_[at] != std::byte{0})
      return;
    if (gather(kind, bytes_.subspan(at), text) && retro_remembered(kind, text)) sink_.take(kind, text, false);
  }

  void show_spaced(std::size_t at) {
    if ((at + skew_) % (2 * retro_step) != 0 || at + 32 > bytes_.size()) return;
    std::array<std::byte, 16> upper{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint64_t word = word_at(bytes_.data() + at + 8 * i);
      // Digits have at most 28 bits; few have 16 or less.
      if ((word & 0xffffffffU) != 0 || word >> 60U != 0 || word >> 48U == 0) return;
      std::memcpy(upper.data() + 4 * i, bytes_.data() + at + 8 * i + 4, 4);
    }
    if (retro_remembered(RetroKind::spaced, upper)) sink_.take(RetroKind::spaced, upper, false);
  }

  std::span<const std::byte> bytes_;
  RetroSink& sink_;
  std::size_t own_begin_ = 0;
  std::size_t own_end_ = 0;
  std::size_t skew_ = 0;
  std::array<std::byte, block_bytes + retro_step> edge_{};
};

}  // namespace

bool retro_remembered(RetroKind kind, std::span<const std::byte> window) {
  if (window.size() != retro_window_size(kind)) return false;
  switch (kind) {
    case RetroKind::bytes:
      return !plain_word(word_at(window.data())) && !plain_word(word_at(window.data() + 8)) &&
             random_bytes(window.data());
    case RetroKind::spaced:
      return different(window) >= 11;
    case RetroKind::base64:
      return random_base64(window.data());
    case RetroKind::digits:
      return random_digits(window);
  }
  return false;
}

void each_retro_window(const Window& window, RetroSink& sink) { Walk(window, sink).run(); }

}  // namespace dumpgate
