// Layouts: how software lays the words of a number out in memory, and how a run of memory reads in each. The
// one rule: a layout is only another order of the same bits, so hunters know relations between numbers and
// nothing of layouts, and a new layout serves every hunter at once.
//
// Measured on 24 libraries (docs/recall.md): 64- and 32-bit limbs, least significant first (OpenSSL, GMP,
// Go); big-endian bytes (NSS, libgcrypt, every DER copy); 32-bit words in the order of the most significant
// (Java's BigInteger, known by its array header); digits of less than a word (libtommath 60 of 64, CPython 30
// of 32, JavaScript libraries 26 and 28 in small integers, BearSSL 31 of 32 and 15 of 16, Go 1.20 63 of 64).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/hunt/number_runs.h"

namespace dumpgate {

// Digits of `bits` bits in cells of `cell` bytes, `shift` bits up, least significant digit first.
struct DigitLayout {
  std::string_view name{};
  unsigned bits = 0;
  unsigned cell = 0;
  unsigned shift = 0;
};

inline constexpr std::array<DigitLayout, 10> digit_layouts{{
    {"digits-60/64", 60, 8, 0},         // libtommath: dropbear, libtomcrypt
    {"digits-63/64", 63, 8, 0},         // Go 1.20 bigmod
    {"digits-30/32", 30, 4, 0},         // CPython int
    {"digits-28/32", 28, 4, 0},         // libtommath for 32 bits; jsbn
    {"digits-31/32", 31, 4, 0},         // BearSSL i31
    {"digits-15/16", 15, 2, 0},         // BearSSL i15, CPython for 32 bits
    {"digits-28/64-high", 28, 8, 32},   // node-forge in V8: small integers in the upper half
    {"digits-26/64-high", 26, 8, 32},   // bn.js, jsrsasign in V8
    {"digits-28/32-tagged", 28, 4, 1},  // the same with compressed pointers
    {"digits-26/32-tagged", 26, 4, 1},
}};

inline constexpr std::string_view limbs_layout = "limbs-le64";
inline constexpr std::string_view bytes_layout = "bytes-be";
inline constexpr std::string_view words_layout = "words32-be-order";
inline constexpr std::string_view text_layout = "base64";  // of bytes in either order; not in all_layouts()

// The digit at `index` of a digit run; its cells go on in the word after the run.
std::uint64_t digit_of(const DigitLayout& layout, const NumberRun& run, std::size_t index);

// Whether a number may begin at the digit `first`: near the run's begin, where a header may still look like
// digits, or behind a small cell: a length, or the top digit of another number.
bool starts_here(const DigitLayout& layout, const NumberRun& run, std::size_t first);

// Whether a number of `bits` bits may begin at the digit `first`: the digits are there and the top one leaves
// the bits above the number unused.
bool may_hold_number(const DigitLayout& layout, const NumberRun& run, std::size_t first, unsigned bits);

// A number as a little-endian machine keeps it in that layout: all digits that `bits` bits take.
std::vector<std::byte> in_digits(const DigitLayout& layout, std::span<const std::uint64_t> limbs,
                                 unsigned bits);

// The names of all layouts, as reports use them.
std::span<const std::string_view> all_layouts();

// A run read as numbers: a number of m limbs is limbs[at, at + m), least significant first, for every `at`;
// of an exact view only the whole. Valid during the call.
struct NumberView {
  std::string_view layout{};
  std::span<const std::uint64_t> limbs{};
  bool exact = false;
  std::uint64_t offset = 0;  // of the run's first byte in the layer
  std::uint64_t bytes = 0;   // of the run
  bool reversed = false;     // the most significant limb comes first in memory
  std::uint64_t before = 0;  // the limbs that would follow at the low and the high end, 0 if unknown:
  std::uint64_t after = 0;   // what separates the number from others

  bool text = false;  // the words stand in base64 text, as bytes

  bool open_low = false;  // memory goes on at that end of a stretch that is kept in part
  bool open_high = false;

  // Whether heaps put a number of `size` limbs there: at an end of its run or a multiple of its size from it
  // (numbers packed without headers), give or take an eighth of its size (junk before or behind it).
  bool may_stand(std::size_t at, std::size_t size) const {
    return exact || (!open_low && at % size <= size / 8) ||
           (!open_high && (limbs.size() - at) % size <= size / 8);
  }
  // Whether it touches an end of its run.
  bool at_an_end(std::size_t at, std::size_t size) const {
    return exact || (!open_low && at == 0) || (!open_high && at + size == limbs.size());
  }

  // Where a number lies in the layer, and how long it is.
  std::uint64_t place(std::size_t at, std::size_t count) const {
    if (exact) return offset;
    const std::uint64_t byte = 8 * (reversed ? limbs.size() - at - count : at);
    return offset + (text ? byte * 4 / 3 : byte);
  }
  std::uint64_t length(std::size_t count) const {
    if (exact) return bytes;
    return text ? (8 * count * 4 + 2) / 3 : 8 * count;
  }
};

// Reads runs in all layouts. Reusable; one thread at a time.
class LayoutReader {
 public:
  // Exact views are made for numbers of these sizes in bits only; sizes of at least 256.
  explicit LayoutReader(std::vector<unsigned> exact_bits);

  // each calls f(const NumberView&) for each reading of the run.
  template <typename F>
  void each(const NumberRun& run, F&& f) {
    start(run);
    while (const NumberView* view = next()) f(*view);
  }

 private:
  void start(const NumberRun& run);
  const NumberView* next();
  const NumberView* next_sliding();
  const NumberView* next_java();
  const NumberView* next_text();
  const NumberView* next_bytes();
  const NumberView* next_digits();
  bool begins_here(std::size_t at, unsigned bits) const;
  bool fills_begin(unsigned bits) const;
  bool touches_end(std::size_t at, std::size_t length) const;
  const NumberView* big_endian_view(std::size_t length);
  bool read_digits(const DigitLayout& layout, std::size_t first, unsigned bits);

  using Limbs = std::vector<std::uint64_t, WipingAllocator<std::uint64_t>>;
  std::vector<unsigned> sizes_{};
  NumberRun run_{};
  NumberView view_{};
  unsigned step_ = 0;     // of the sliding views
  std::size_t at_ = 0;    // the byte or the digit an exact number begins at
  std::size_t size_ = 0;  // index of its size
  Limbs limbs_{};
  SecretBytes bytes_{};  // before, words, after as they lie in memory
};

}  // namespace dumpgate
