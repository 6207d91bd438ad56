#include "scanner/hunt/curve_numbers.h"

#include <algorithm>

#include "scanner/hunt/layouts.h"
#include "scanner/hunt/limbs.h"
#include "scanner/proof/bignum.h"
#include "scanner/proof/ec_curve.h"

namespace dumpgate {
namespace {

Needle little_endian(std::span<const std::uint64_t> limbs) {
  Needle bytes = big_endian_bytes<Needle>(limbs);
  std::ranges::reverse(bytes);
  return bytes;
}

std::vector<std::uint64_t> limbs_of_number(const BigNumber& number, std::size_t count) {
  std::vector<std::byte> bytes(8 * count);
  if (BN_bn2binpad(number.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                   static_cast<int>(bytes.size())) < 0)
    return std::vector<std::uint64_t>(count);
  return limbs_of(bytes, count);
}

Needle java_order(std::span<const std::uint64_t> limbs) {
  Needle bytes = big_endian_bytes<Needle>(limbs);
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4)
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + 4));
  return bytes;
}

}  // namespace

std::vector<Needle> coordinate_needles(std::span<const std::uint64_t> plain,
                                       std::span<const std::uint64_t> times_r, unsigned bits,
                                       std::string_view layout) {
  // A library that keeps a scalar in digits keeps everything in them.
  const auto digits = std::ranges::find(digit_layouts, layout, &DigitLayout::name);
  if (digits != digit_layouts.end()) return {in_digits(*digits, plain, bits)};
  Needle big = big_endian_bytes<Needle>(plain);
  big.erase(big.begin(), big.end() - static_cast<std::ptrdiff_t>((bits + 7) / 8));
  return {little_endian(plain), little_endian(times_r), std::move(big), java_order(plain)};
}

std::vector<Needle> curve_constants(const std::string& curve) {
  const auto known = EcCurve::by_name(curve);
  if (!known) return {};
  const std::size_t limbs = (known->bits() + 63) / 64;
  const BigContext context;
  BigNumber prime, x, y, times_r;
  const EC_GROUP* const group = known->group();
  if (EC_GROUP_get_curve(group, prime.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_get_affine_coordinates(group, EC_GROUP_get0_generator(group), x.get(), y.get(),
                                      context.get()) != 1 ||
      BN_lshift(times_r.get(), x.get(), static_cast<int>(64 * limbs)) != 1 ||
      BN_nnmod(times_r.get(), times_r.get(), prime.get(), context.get()) != 1)
    return {};
  std::vector<Needle> needles{little_endian(limbs_of_number(times_r, limbs))};
  for (const BigNumber* number : {&prime, &x}) {
    const auto plain = limbs_of_number(*number, limbs);
    needles.push_back(little_endian(plain));
    needles.push_back(java_order(plain));
    for (const DigitLayout& layout : digit_layouts)
      needles.push_back(in_digits(layout, plain, known->bits()));
  }
  return needles;
}

}  // namespace dumpgate
