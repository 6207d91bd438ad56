#include "scanner/hunt/coordinate_forms.h"

#include <cstdint>
#include <cstring>

namespace dumpgate {
namespace {

using Limbs = std::array<std::uint64_t, 4>;

constexpr std::size_t short_digits = 10;

unsigned short_bits(std::size_t digit) { return digit % 2 == 0 ? 26 : 25; }

// `bits` bits of y from bit `at` on.
std::uint64_t bits_at(const Limbs& y, std::size_t at, unsigned bits) {
  std::uint64_t value = y.at(at / 64) >> (at % 64);
  if (at % 64 != 0 && at / 64 + 1 < y.size()) value |= y.at(at / 64 + 1) << (64 - at % 64);
  return value & ((std::uint64_t{1} << bits) - 1);
}

template <typename Digit>
void put(CoordinateForm& form, std::size_t index, Digit digit) {
  std::memcpy(form.data() + index * sizeof digit, &digit, sizeof digit);
}

CoordinateForm long_digits(const Limbs& y) {
  CoordinateForm form{};
  for (std::size_t i = 0; i < 5; ++i) put(form, i, bits_at(y, 51 * i, 51));
  return form;
}

CoordinateForm digits_from_zero(const Limbs& y) {
  CoordinateForm form{};
  for (std::size_t i = 0, at = 0; i < short_digits; at += short_bits(i++))
    put(form, i, static_cast<std::uint32_t>(bits_at(y, at, short_bits(i))));
  return form;
}

// The number nearest to zero that is congruent to y, in digits nearest to zero: of y at or above 2^254 that
// is y - p, which is y + 19 with 2^255 taken from the top digit.
CoordinateForm digits_around_zero(const Limbs& y) {
  CoordinateForm form{};
  std::int64_t carry = y[3] >> 62U != 0 ? 19 : 0;
  for (std::size_t i = 0, at = 0; i < short_digits; at += short_bits(i++)) {
    const std::int64_t base = std::int64_t{1} << short_bits(i);
    std::int64_t digit = static_cast<std::int64_t>(bits_at(y, at, short_bits(i))) + carry;
    carry = digit >= base / 2 ? 1 : 0;
    digit -= carry * base;
    put(form, i, static_cast<std::int32_t>(digit));
  }
  return form;
}

}  // namespace

std::array<CoordinateForm, 3> coordinate_forms(const Bytes32& point) {
  Limbs y{};
  std::memcpy(y.data(), point.data(), point.size());
  y[3] &= ~(std::uint64_t{1} << 63U);  // the sign of x
  return {long_digits(y), digits_around_zero(y), digits_from_zero(y)};
}

}  // namespace dumpgate
