// Private numbers written out as text: decimal (Python, Erlang's crash dumps), hexadecimal, and the colons
// and line breaks of `openssl rsa -text`. The one rule: text that is nothing but digits proves nothing, so
// numbers near each other are handed to the proofs together, and are a finding only if arithmetic relates
// them.
//
// There is no literal to look for. Every 64th byte of the layer is looked at: a number of interest covers at
// least one of them. Numbers belong to the 16 KiB of the layer in which they begin; those of the next 8 KiB
// are tried with them, for a key is seldom longer than that.

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/number_set.h"
#include "scanner/detect/text_view.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint64_t block = 16ULL * 1024;
constexpr std::uint64_t beyond = 8ULL * 1024;
constexpr std::size_t stride = 64;
constexpr std::size_t longest = 12'288;  // characters of a number: RSA-16384 with colons and indented lines
constexpr std::size_t longest_decimal = 5000;  // digits
constexpr std::size_t least_decimal = 115;     // digits: 384 bits
constexpr std::size_t least_rsa = 48;          // bytes
constexpr std::size_t least_modulus = 120;
constexpr std::size_t most_bytes = 2056;
constexpr std::size_t set_size = 12;  // as many as the proof relates
constexpr std::size_t set_step = 6;
constexpr std::size_t most_scalars = 4;  // tried with one point

int at(Bytes bytes, std::size_t i) { return std::to_integer<int>(bytes[i]); }
bool is_space(int character) { return character == ' ' || (character >= '\t' && character <= '\r'); }
bool is_letter(int character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_';
}
bool is_hex(Bytes bytes, std::size_t i) { return hex_value(at(bytes, i)).has_value(); }

struct Number {
  std::size_t begin = 0;  // in Window::bytes
  std::size_t end = 0;
  bool decimal = false;
  bool colons = false;
  SecretBytes value{};  // big-endian, without leading zeros, but for points
};

// Digits, or digits in pairs with colons, around one place.
class NumberReader {
 public:
  explicit NumberReader(Bytes bytes) : bytes_(bytes) {}

  // How far the last text that was read reaches: nothing before there needs to be looked at again.
  std::size_t end() const { return end_; }

  // The number that covers `place`, at least if it is long enough. `from` bounds how far back it may begin.
  std::optional<Number> around(std::size_t place, std::size_t from) {
    std::size_t first = place;
    while (first > from && place - first < longest && is_hex(bytes_, first - 1)) --first;
    std::size_t last = place;
    while (last < bytes_.size() && is_hex(bytes_, last)) ++last;
    end_ = last;
    if (last - first > 2 || !has_colon(first, last)) return plain(first, last);
    return pairs(colons_begin(first, from));
  }

 private:
  bool has_colon(std::size_t first, std::size_t last) const {
    return (first > 0 && at(bytes_, first - 1) == ':') || (last < bytes_.size() && at(bytes_, last) == ':');
  }

  std::optional<Number> plain(std::size_t first, std::size_t last) const {
    if (last - first < stride || last - first > longest) return std::nullopt;
    const auto is_digit = [](std::byte byte) { return byte >= std::byte{'0'} && byte <= std::byte{'9'}; };
    // Erlang's crash dumps write "B" before the digits of a large integer (erl_process_dump.c); of as many
    // random hexadecimal digits none is a letter with probability 1e-23.
    if (bytes_[first] == std::byte{'B'} && last - first > least_decimal && is_digit(bytes_[first + 1]) &&
        std::all_of(bytes_.begin() + static_cast<std::ptrdiff_t>(first + 1),
                    bytes_.begin() + static_cast<std::ptrdiff_t>(last), is_digit))
      ++first;
    Number number{.begin = first, .end = last};
    const Bytes digits = bytes_.subspan(first, last - first);
    number.decimal = std::all_of(digits.begin(), digits.end(), is_digit);
    if (number.decimal && (digits.size() < least_decimal || digits.size() > longest_decimal))
      return std::nullopt;
    number.value = number.decimal ? from_decimal(digits) : from_hex_digits(digits);
    return number;
  }

  static SecretBytes from_hex_digits(Bytes digits) {
    SecretBytes value;
    if (digits.size() > 2 * most_bytes) return value;
    value.reserve(digits.size() / 2 + 1);
    unsigned held = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      held = held << 4U | hex_value(std::to_integer<int>(digits[i])).value_or(0);
      if ((digits.size() - i) % 2 == 1)
        value.push_back(static_cast<std::byte>(std::exchange(held, 0) & 0xffU));
    }
    return value;
  }

  // Nine digits at a time into 32-bit words, least significant first.
  static SecretBytes from_decimal(Bytes digits) {
    std::vector<std::uint32_t, WipingAllocator<std::uint32_t>> words;
    words.reserve(digits.size() / 9 + 2);
    for (std::size_t i = 0; i < digits.size();) {
      std::uint64_t carry = 0;
      std::uint64_t scale = 1;
      for (const std::size_t stop = std::min(digits.size(), i + 9); i < stop; ++i) {
        carry = carry * 10 + std::to_integer<unsigned>(digits[i]) - '0';
        scale *= 10;
      }
      for (std::uint32_t& word : words) {
        carry += word * scale;
        word = static_cast<std::uint32_t>(carry);
        carry >>= 32U;
      }
      if (carry != 0) words.push_back(static_cast<std::uint32_t>(carry));
    }
    SecretBytes value;
    value.reserve(words.size() * 4);
    for (std::size_t i = words.size() * 4; i-- > 0;)
      value.push_back(static_cast<std::byte>(words[i / 4] >> (8 * (i % 4)) & 0xffU));
    return value;
  }

  // White space may stand behind a colon only.
  std::size_t colons_begin(std::size_t first, std::size_t from) const {
    std::size_t i = first;
    while (i > from && first - i < longest) {
      const int character = at(bytes_, i - 1);
      if (character == ':' || hex_value(character)) {
        --i;
        continue;
      }
      std::size_t space = i;
      while (space > from && i - space < most_separators && is_space(at(bytes_, space - 1))) --space;
      if (space == i || space == from || at(bytes_, space - 1) != ':') break;
      i = space;
    }
    // "prime1:" ends in what could be a byte.
    if (i > 0 && is_letter(at(bytes_, i - 1)))
      while (i < first && !is_space(at(bytes_, i))) ++i;
    while (i < first && !is_hex(bytes_, i)) ++i;
    return i;
  }

  std::optional<Number> pairs(std::size_t first) {
    Number number{.begin = first, .end = first, .colons = true};
    number.value.reserve(256);
    for (std::size_t i = first; i + 1 < bytes_.size() && is_hex(bytes_, i) && is_hex(bytes_, i + 1);) {
      const unsigned value =
          hex_value(at(bytes_, i)).value_or(0) * 16U + hex_value(at(bytes_, i + 1)).value_or(0);
      if (number.value.size() <= most_bytes) number.value.push_back(static_cast<std::byte>(value));
      number.end = i + 2;
      if (i + 2 >= bytes_.size() || at(bytes_, i + 2) != ':') break;
      i += 3;
      for (int spaces = 0; i < bytes_.size() && is_space(at(bytes_, i)) && spaces < most_separators; ++spaces)
        ++i;
    }
    end_ = std::max(end_, number.end);
    if (number.value.size() < 28 || number.value.size() > most_bytes) return std::nullopt;
    return number;
  }

  Bytes bytes_;
  std::size_t end_ = 0;
};

// The characters of numbers: hexadecimal digits, and what may stand between pairs.
bool may_be_number(Bytes bytes, std::size_t place) {
  static const std::bitset<256> digits = [] {
    std::bitset<256> set;
    for (const char c : std::string_view("0123456789abcdefABCDEF")) set.set(static_cast<unsigned char>(c));
    return set;
  }();
  const auto fits = [&](std::size_t i) {
    const int value = at(bytes, i);
    return digits.test(static_cast<std::size_t>(value)) || value == ':' || is_space(value);
  };
  if (!fits(place)) return false;
  constexpr std::size_t sample = 16;
  const auto in = [&](std::size_t from) {
    std::size_t count = 0;
    for (std::size_t i = from; i < from + sample; ++i) {
      if (!fits(i)) return false;
      count += digits.test(std::to_integer<std::size_t>(bytes[i])) ? 1U : 0U;
    }
    return count * 2 >= sample;
  };
  return (place + sample <= bytes.size() && in(place)) || (place >= sample && in(place - sample));
}

class BlockNumbers {
 public:
  BlockNumbers(const Window& window, CandidateSink& sink) : window_(window), sink_(sink) {}

  // The block that begins at `begin` in Window::bytes.
  void examine(std::size_t begin) {
    const std::size_t end = std::min(window_.bytes.size(), begin + static_cast<std::size_t>(block));
    gather(begin, end);
    if (numbers_.empty()) return;
    own_ = numbers_.size();
    gather(end, std::min(window_.bytes.size(), end + static_cast<std::size_t>(beyond)));
    report_rsa();
    report_curves();
  }

 private:
  // Numbers that begin in [begin, end).
  void gather(std::size_t begin, std::size_t end) {
    const Bytes bytes = window_.bytes;
    const std::size_t misfit = static_cast<std::size_t>((window_.offset + begin) % stride);
    NumberReader reader(bytes);
    std::size_t done = begin > longest ? begin - longest : 0;
    const std::size_t stop = std::min(bytes.size(), end + stride);
    for (std::size_t place = misfit == 0 ? begin : begin + stride - misfit; place < stop; place += stride) {
      if (place < reader.end() || !may_be_number(bytes, place)) continue;
      std::size_t digit = place;
      while (digit < bytes.size() && digit < place + most_separators && !is_hex(bytes, digit)) ++digit;
      if (digit >= bytes.size()) break;
      auto number = reader.around(digit, done);
      done = std::max(done, reader.end());
      if (number && number->begin >= begin && number->begin < end && !number->value.empty())
        numbers_.push_back(std::move(*number));
    }
  }

  // Without the zeros in front of it.
  static Bytes magnitude(const Number& number) {
    const Bytes value = number.value;
    const auto first =
        std::find_if(value.begin(), value.end(), [](std::byte byte) { return byte != std::byte{0}; });
    return value.subspan(static_cast<std::size_t>(first - value.begin()));
  }

  Candidate place(const Number& first, const Number& last) const {
    Candidate candidate;
    candidate.signature = "private-key";
    candidate.representation = first.decimal ? "text-decimal" : "text-hex";
    candidate.evidence = Evidence::hint;
    candidate.form = Form::number_set;
    candidate.begin = std::min(first.begin, last.begin);
    candidate.size = std::max(first.end, last.end) - candidate.begin;
    return candidate;
  }

  void report_rsa() {
    std::vector<const Number*> large;
    std::size_t own = 0;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      const Number& each = numbers_[i];
      const Bytes digits = magnitude(each);
      if (digits.size() < least_rsa) continue;
      const bool is_known = std::any_of(large.begin(), large.end(),
                                        [&](const Number* known) { return known->value == each.value; });
      if (is_known) continue;
      large.push_back(&each);
      if (i < own_) own = large.size();
    }
    for (std::size_t first = 0; first < own; first += set_step) {
      const std::size_t last = std::min(large.size(), first + set_size);
      const auto set = std::span(large).subspan(first, last - first);
      // Digests of 512 bits come in long lists, and are no primes without a modulus.
      const bool has_modulus = std::any_of(set.begin(), set.end(), [](const Number* each) {
        return magnitude(*each).size() >= least_modulus;
      });
      if (set.size() < 2 || !has_modulus) continue;
      NumberSetWriter writer;
      for (const Number* const each : set) writer.add(NumberRole::any, magnitude(*each));
      Candidate candidate = place(*set.front(), *set.back());
      candidate.payload = writer.take();
      sink_.add(std::move(candidate));
      if (last == large.size()) break;
    }
  }

  // The size of the scalar whose public half the number may be as an uncompressed point; else 0.
  static std::size_t scalar_of_point(const Number& point) {
    const std::size_t size = point.value.size();
    const bool is_point = size % 2 == 1 && size >= 57 && size <= 145 && point.value[0] == std::byte{4};
    return is_point ? size / 2 : 0;
  }

  // The same of a raw curve's public half, as openssl prints it. One of Ed448 in 256 looks like a point on
  // P-224 too.
  static std::size_t scalar_of_raw(const Number& point) {
    const std::size_t size = point.value.size();
    return point.colons && (size == 32 || size == 56 || size == 57) ? size : 0;
  }

  void report_curves() {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (const std::size_t size = scalar_of_point(numbers_[i]); size != 0) report_scalars(i, size, false);
      if (const std::size_t size = scalar_of_raw(numbers_[i]); size != 0) report_scalars(i, size, true);
    }
  }

  // The numbers around the public half `i` that may be its scalar of that size.
  void report_scalars(std::size_t i, std::size_t size, bool is_raw) {
    std::size_t tried = 0;
    for (std::size_t j = i + most_scalars; j-- > 0 && tried < most_scalars;) {
      if (j == i || j >= numbers_.size() || j + most_scalars < i || (is_raw && j + 1 != i)) continue;
      if (i >= own_ && j >= own_) continue;
      const Number& scalar = numbers_[j];
      if (scalar.value.size() > size + 1 || scalar.value.size() + 2 < size) continue;
      ++tried;
      NumberSetWriter writer;
      writer.add(NumberRole::d, is_raw ? Bytes(scalar.value) : magnitude(scalar));
      writer.add(NumberRole::point, Bytes(numbers_[i].value));
      Candidate candidate = place(scalar, numbers_[i]);
      candidate.payload = writer.take();
      sink_.add(std::move(candidate));
    }
  }

  const Window& window_;
  CandidateSink& sink_;
  std::vector<Number> numbers_{};
  std::size_t own_ = 0;  // how many of them begin in the block itself
};

class TextNumbers final : public Detector {
 public:
  std::string_view name() const noexcept override { return "text-numbers"; }

  // The window that owns a block's first byte examines it, and sees further than numbers reach.
  void sweep(const Window& window, CandidateSink& sink) const override {
    const std::uint64_t own = window.offset + window.own_begin;
    for (std::uint64_t begin = (own + block - 1) / block * block; begin < window.offset + window.own_end;
         begin += block)
      BlockNumbers(window, sink).examine(static_cast<std::size_t>(begin - window.offset));
  }
};

constinit const TextNumbers detector;

}  // namespace

extern const Detector& text_numbers_detector;
const Detector& text_numbers_detector = detector;

}  // namespace dumpgate
