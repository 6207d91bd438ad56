#include "scanner/hunt/layouts.h"

#include <algorithm>

namespace dumpgate {
namespace {

std::uint64_t swapped_bytes(std::uint64_t word) { return __builtin_bswap64(word); }

// Bytes that stand before a number and tell its length: 32 to 66, for scalars in an OCTET STRING or a string.
bool is_length(std::byte value) {
  constexpr std::array<unsigned, 6> lengths{0x20, 0x28, 0x30, 0x40, 0x41, 0x42};
  return std::ranges::find(lengths, std::to_integer<unsigned>(value)) != lengths.end();
}

}  // namespace

std::span<const std::string_view> all_layouts() {
  static constexpr auto names = [] {
    std::array<std::string_view, 3 + digit_layouts.size()> all{limbs_layout, bytes_layout, words_layout};
    for (std::size_t i = 0; i < digit_layouts.size(); ++i) all.at(3 + i) = digit_layouts.at(i).name;
    return all;
  }();
  return names;
}

bool may_hold_number(const DigitLayout& layout, const NumberRun& run, std::size_t first, unsigned bits) {
  const std::size_t needed = (bits + layout.bits - 1) / layout.bits;
  const std::size_t cells = run.words.size() * (8 / layout.cell);
  // The top digit may be small, and then its word is a plain one: the word after the run.
  if (first + needed > cells + 8 / layout.cell) return false;
  const std::uint64_t top = digit_of(layout, run, first + needed - 1);
  const std::size_t top_bits = bits - (needed - 1) * layout.bits;
  return top >> top_bits == 0 && digit_of(layout, run, first) != 0;
}

bool starts_here(const DigitLayout& layout, const NumberRun& run, std::size_t first) {
  return first < 3 || digit_of(layout, run, first - 1) >> (layout.bits / 2) == 0;
}

std::uint64_t digit_of(const DigitLayout& layout, const NumberRun& run, std::size_t index) {
  const std::size_t a_word = 8 / layout.cell;  // 1, 2 or 4
  const std::size_t at = index >> (a_word / 2);
  const std::uint64_t word = at < run.words.size() ? run.words[at] : run.after;
  const std::size_t inside =
      run.order == ByteOrder::little ? index & (a_word - 1) : a_word - 1 - (index & (a_word - 1));
  const unsigned cell_bits = layout.cell * 8;
  const std::uint64_t cell = word >> (inside * cell_bits);
  return (cell_bits == 64 ? cell : cell & ((std::uint64_t{1} << cell_bits) - 1)) >> layout.shift;
}

std::vector<std::byte> in_digits(const DigitLayout& layout, std::span<const std::uint64_t> limbs,
                                 unsigned bits) {
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; at < bits; at += layout.bits) {
    std::uint64_t digit = limbs[at / 64] >> (at % 64);
    if (at % 64 != 0 && at / 64 + 1 < limbs.size()) digit |= limbs[at / 64 + 1] << (64 - at % 64);
    digit = (digit & ((std::uint64_t{1} << layout.bits) - 1)) << layout.shift;
    for (unsigned i = 0; i < layout.cell; ++i)
      bytes.push_back(static_cast<std::byte>(digit >> (8 * i) & 0xffU));
  }
  return bytes;
}

LayoutReader::LayoutReader(std::vector<unsigned> exact_bits) : sizes_(std::move(exact_bits)) {
  std::ranges::sort(sizes_);
  sizes_.erase(std::unique(sizes_.begin(), sizes_.end()), sizes_.end());
  std::erase_if(sizes_, [](unsigned bits) { return bits < 256; });
}

void LayoutReader::start(const NumberRun& run) {
  run_ = run;
  step_ = 0;
  size_ = 0;
  at_ = run.digits == 0 ? 1 : 0;
  if (run.digits != 0) return;
  bytes_.resize(8 * (run.words.size() + 2));
  const auto put = [&](std::size_t index, std::uint64_t word) {
    for (unsigned i = 0; i < 8; ++i)
      bytes_[index * 8 + i] =
          static_cast<std::byte>(word >> (8 * (run.order == ByteOrder::little ? i : 7 - i)) & 0xffU);
  };
  put(0, run.before);
  for (std::size_t i = 0; i < run.words.size(); ++i) put(i + 1, run.words[i]);
  put(run.words.size() + 1, run.after);
}

const NumberView* LayoutReader::next() {
  if (run_.text) return next_text();
  if (run_.digits == coordinate_digits) return nullptr;
  if (run_.digits != 0) return next_digits();
  if (const NumberView* view = next_sliding()) return view;
  return next_bytes();
}

const NumberView* LayoutReader::next_sliding() {
  const auto reversed = [&](std::string_view layout, std::uint64_t (*turned)(std::uint64_t)) {
    limbs_.assign(run_.words.rbegin(), run_.words.rend());
    for (std::uint64_t& limb : limbs_) limb = turned(limb);
    view_ = {.layout = layout,
             .limbs = limbs_,
             .offset = run_.offset,
             .bytes = 8 * limbs_.size(),
             .reversed = true,
             .before = turned(run_.after),
             .after = turned(run_.before),
             .open_low = run_.cut == Cut::end,
             .open_high = run_.cut == Cut::begin};
    return &view_;
  };
  const auto unchanged = [](std::uint64_t word) { return word; };
  switch (step_++) {
    case 0:
      view_ = {.layout = limbs_layout,
               .limbs = run_.words,
               .offset = run_.offset,
               .bytes = 8 * run_.words.size(),
               .before = run_.before,
               .after = run_.after,
               .open_low = run_.cut == Cut::begin,
               .open_high = run_.cut == Cut::end};
      return &view_;
    case 1:
      return reversed(bytes_layout, run_.order == ByteOrder::little ? +swapped_bytes : +unchanged);
    case 2:
      return next_java();
    default:
      return nullptr;
  }
}

// As little-endian and as big-endian bytes.
const NumberView* LayoutReader::next_text() {
  if (step_ >= 2 || next_sliding() == nullptr) return nullptr;
  view_.layout = text_layout;
  view_.text = true;
  return &view_;
}

// BigInteger.mag: an int array, so its length stands before it: in the upper half of the word behind a
// compressed class pointer, else in the lower half.
const NumberView* LayoutReader::next_java() {
  const std::uint64_t ints = run_.before >> 32U != 0 ? run_.before >> 32U : run_.before;
  if (run_.order == ByteOrder::big || ints < 8 || ints > 2 * run_.words.size() + 1) return nullptr;
  const auto count = static_cast<std::size_t>(ints);
  limbs_.assign((count + 1) / 2, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t word = i / 2 < run_.words.size() ? run_.words[i / 2] : run_.after;
    const std::uint64_t value = (i % 2 == 0 ? word : word >> 32U) & 0xffffffffU;
    const std::size_t from_low = count - 1 - i;
    limbs_[from_low / 2] |= value << (32 * (from_low % 2));
  }
  view_ = {.layout = words_layout,
           .limbs = limbs_,
           .exact = true,
           .offset = run_.offset,
           .bytes = 4 * ints,
           .reversed = true};
  return &view_;
}

// Whether a big-endian number of `bits` bits may begin at bytes_[at], which is not aligned: aligned ones are
// in the sliding view. Every signed encoding puts a zero byte before a number with its top bit set, and
// before that a length, zero bytes, the head of the object whose first byte it is, or a byte array's type in
// HPROF; octet strings and the strings of SSH put their length there.
bool LayoutReader::begins_here(std::size_t at, unsigned bits) const {
  const std::size_t length = (bits + 7) / 8;
  const auto value = [&](std::size_t back) { return std::to_integer<unsigned>(bytes_[at - back]); };
  if (value(1) != 0)
    return at >= 2 && is_length(bytes_[at - 1]) && (value(2) == 0x04 || value(2) == 0x02 || value(2) == 0x00);
  // Half of P-521's numbers begin with a zero byte of their own.
  if (bytes_[at] == std::byte{0} && (bits % 8 != 1 || bytes_[at + 1] == std::byte{0})) return false;
  constexpr unsigned byte_array = 0x08;  // also: 2,048 bits
  return at % 8 == 1 || value(2) == 0 || value(2) == byte_array || value(2) == ((length + 1) & 0xffU) ||
         value(2) == length / 32;  // OpenPGP: the length in bits
}

// Whether a number of no whole words may lie at the run's begin: P-521's 66 bytes where an allocator put them
// (NSS). The sliding view has whole words alone, and the last two bytes are of the plain word behind.
bool LayoutReader::fills_begin(unsigned bits) const {
  if (run_.cut == Cut::begin || bits % 64 == 0) return false;
  return bits % 8 == 0 || std::to_integer<unsigned>(bytes_[8]) >> (bits % 8) == 0;
}

// Of a long stretch, whether a number touches the end that is kept.
bool LayoutReader::touches_end(std::size_t at, std::size_t length) const {
  return run_.cut == Cut::none || (run_.cut == Cut::end ? at < 16 : at + length > bytes_.size() - 16);
}

const NumberView* LayoutReader::next_bytes() {
  const std::size_t least = sizes_.empty() ? bytes_.size() : sizes_.front() / 8;
  for (; at_ + least <= bytes_.size(); ++at_, size_ = 0) {
    const bool first = at_ == 8;
    if (!first && (at_ % 8 == 0 || (bytes_[at_ - 1] != std::byte{0} && !is_length(bytes_[at_ - 1]))))
      continue;
    while (size_ < sizes_.size()) {
      const unsigned bits = sizes_[size_++];
      const std::size_t length = (bits + 7) / 8;
      if (at_ + length > bytes_.size()) break;
      if (first ? fills_begin(bits) : begins_here(at_, bits) && touches_end(at_, length))
        return big_endian_view(length);
    }
  }
  return nullptr;
}

const NumberView* LayoutReader::big_endian_view(std::size_t length) {
  limbs_.assign((length + 7) / 8, 0);
  for (std::size_t i = 0; i < length; ++i)
    limbs_[i / 8] |= std::to_integer<std::uint64_t>(bytes_[at_ + length - 1 - i]) << (8 * (i % 8));
  view_ = {.layout = bytes_layout,
           .limbs = limbs_,
           .exact = true,
           .offset = run_.offset + at_ - 8,
           .bytes = length,
           .reversed = true};
  return &view_;
}

const NumberView* LayoutReader::next_digits() {
  const DigitLayout& layout = digit_layouts.at(run_.digits - std::size_t{1});
  const std::size_t cells = (run_.words.size() + 1) * (8 / layout.cell);
  for (; at_ < cells; ++at_, size_ = 0) {
    if (!starts_here(layout, run_, at_)) continue;
    while (size_ < sizes_.size()) {
      const unsigned bits = sizes_[size_++];
      if (may_hold_number(layout, run_, at_, bits) && read_digits(layout, at_, bits)) return &view_;
    }
  }
  return nullptr;
}

bool LayoutReader::read_digits(const DigitLayout& layout, std::size_t first, unsigned bits) {
  const std::size_t needed = (bits + layout.bits - 1) / layout.bits;
  limbs_.assign((bits + 63) / 64 + 1, 0);
  for (std::size_t i = 0; i < needed; ++i) {
    const std::uint64_t digit = digit_of(layout, run_, first + i);
    if (digit >> layout.bits != 0) return false;
    const std::size_t at = i * layout.bits;
    limbs_[at / 64] |= digit << (at % 64);
    if (at % 64 + layout.bits > 64) limbs_[at / 64 + 1] |= digit >> (64 - at % 64);
  }
  view_ = {.layout = layout.name,
           .limbs = std::span(limbs_).first((bits + 63) / 64),
           .exact = true,
           .offset = run_.offset + first * layout.cell,
           .bytes = needed * layout.cell};
  return true;
}

}  // namespace dumpgate
