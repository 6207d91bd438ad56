#include "scanner/hunt/curve_parameters.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include <cstddef>
#include <new>
#include <utility>

#include "scanner/hunt/limbs.h"

namespace dumpgate {
namespace {

using BigNum = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

std::vector<std::uint64_t> limbs_from(const BIGNUM* number, std::size_t count) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return limbs_of(bytes, count);
}

std::vector<std::uint64_t> limbs_from(const char* hex, std::size_t count) {
  BIGNUM* number = nullptr;
  if (BN_hex2bn(&number, hex) == 0) throw std::bad_alloc();
  const BigNum owned(number, &BN_free);
  return limbs_from(number, count);
}

// RFC 7748 section 4.2 with A = 156326: a = (3 - A^2)/3, x = 5 + A/3, y = V(P).
CurveParameters curve448() {
  constexpr std::size_t limbs = 7;
  return {
      .p = limbs_from("fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
                      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                      limbs),
      .a = limbs_from("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9"
                      "fffffffffffffffffffffffffffffffffffffffffffffffe1a76d41f",
                      limbs),
      .x = limbs_from("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                      "0000000000000000000000000000000000000000000000000000cb91",
                      limbs),
      .y = limbs_from("7d235d1295f5b1f66c98ab6e58326fcecbae5d34f55545d060f75dc2"
                      "8df3f6edb8027e2346430d211312c4b150677af76fd7223d457b5b1a",
                      limbs),
      .order = limbs_from("3fffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                          "7cca23e9c44edb49aed63690216cc2728dc58f552378c292ab5844f3",
                          limbs),
  };
}

}  // namespace

std::unique_ptr<CurveParameters> curve_parameters(const std::string& curve) {
  if (curve == curve448_name) return std::make_unique<CurveParameters>(curve448());
  const int nid = OBJ_sn2nid(curve.c_str());
  if (nid == NID_undef) return nullptr;
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(EC_GROUP_new_by_curve_name(nid),
                                                                  &EC_GROUP_free);
  if (!group || EC_GROUP_get_field_type(group.get()) != NID_X9_62_prime_field) return nullptr;
  const BigNum p(BN_new(), &BN_free), a(BN_new(), &BN_free), x(BN_new(), &BN_free), y(BN_new(), &BN_free);
  if (EC_GROUP_get_curve(group.get(), p.get(), a.get(), nullptr, nullptr) != 1 ||
      EC_POINT_get_affine_coordinates(group.get(), EC_GROUP_get0_generator(group.get()), x.get(), y.get(),
                                      nullptr) != 1)
    return nullptr;
  const auto count = static_cast<std::size_t>((BN_num_bits(p.get()) + 63) / 64);
  auto result = std::make_unique<CurveParameters>();
  *result = {limbs_from(p.get(), count), limbs_from(a.get(), count), limbs_from(x.get(), count),
             limbs_from(y.get(), count), limbs_from(EC_GROUP_get0_order(group.get()), count)};
  return result->order.size() == count ? std::move(result) : nullptr;
}

}  // namespace dumpgate
