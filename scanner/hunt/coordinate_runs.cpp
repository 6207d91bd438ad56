#include "scanner/hunt/coordinate_runs.h"

#include <algorithm>
#include <bit>
#include <bitset>

namespace dumpgate {
namespace {

constexpr std::size_t digits = 5;
constexpr unsigned digit_bits = 51;
constexpr unsigned pointer_bits = 48;
constexpr std::size_t least_long = 2;        // digits longer than a pointer
constexpr std::size_t least_different = 22;  // values of the 40 bytes

// Longer than a pointer, and no longer than a digit.
bool is_long_digit(std::uint64_t word) {
  return (word >> pointer_bits) - 1 < (std::uint64_t{1} << (digit_bits - pointer_bits)) - 1;
}

class CoordinateRuns {
 public:
  CoordinateRuns(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs)
      : reader_(reader), marked_(marked), begin_(reader.stretch().begin), runs_(runs) {
    words_ = (reader.stretch().end - begin_) / 8;
  }

  void gather() {
    const std::size_t own_end = reader_.stretch().own_end;
    const std::size_t end = own_end <= begin_ ? 0 : std::min((own_end - begin_ + 7) / 8, words_);
    for (std::size_t at = (reader_.first_own() - begin_) / 8; at < end; ++at) {
      const std::size_t next = next_long_digit(at);
      if (next == words_) return;
      if (next >= digits) at = std::max(at, next - (digits - 1));
      if (at < end && holds_number(at) && (at == 0 || !holds_number(at - 1))) add(at);
    }
  }

 private:
  std::uint64_t word(std::size_t at) const { return reader_.word(begin_ + 8 * at); }

  // The first long digit at `at` or behind it, as far as was looked; else the stretch's end.
  std::size_t next_long_digit(std::size_t at) const {
    constexpr std::size_t block = MarkedStretch::block_words;
    std::uint64_t marks = marked_.block(at / block).coordinate >> at % block << at % block;
    for (std::size_t index = at / block; index < marked_.end(); marks = marked_.block(++index).coordinate)
      if (marks != 0) return index * block + static_cast<std::size_t>(std::countr_zero(marks));
    return words_;
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
    for (const std::byte value : reader_.bytes(begin_ + 8 * at).first(8 * digits))
      values.set(std::to_integer<std::size_t>(value));
    return values.count() >= least_different;
  }

  void add(std::size_t begin) {
    std::size_t end = begin + digits;
    while (end - begin <= longest_run && holds_number(end + 1 - digits)) ++end;
    if (end - begin > longest_run) return;
    found_.clear();
    for (std::size_t at = begin; at < end; ++at) found_.push_back(word(at));
    runs_.add({.offset = reader_.offset(begin_ + 8 * begin), .words = found_, .digits = coordinate_digits});
  }

  const StretchReader& reader_;
  const MarkedStretch& marked_;
  std::size_t begin_;
  std::size_t words_ = 0;
  RunStore& runs_;
  StretchWords found_{};
};

}  // namespace

void gather_coordinate_runs(const StretchReader& reader, const MarkedStretch& marked, RunStore& runs) {
  CoordinateRuns(reader, marked, runs).gather();
}

}  // namespace dumpgate
