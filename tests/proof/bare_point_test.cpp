// A point on a curve is a lead of unknown use; anything else is nothing.

#include <gtest/gtest.h>

#include "scanner/proof/curve_equation.h"
#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

struct Made {
  std::string name{};
  test::Bytes point{};
};

Made make_point(const char* curve) {
  const auto key = test::make_ec(curve);
  const auto spki = test::spki_of(key);
  const std::size_t size = 1 + 2 * ((static_cast<std::size_t>(EVP_PKEY_get_bits(key.get())) + 7) / 8);
  return {test::name_of(key), {spki.end() - static_cast<std::ptrdiff_t>(size), spki.end()}};
}

constexpr const char* bare_curves[] = {"prime256v1",     "secp256k1",       "brainpoolP256r1", "SM2",
                                       "secp384r1",      "brainpoolP384r1", "brainpoolP512r1", "secp521r1",
                                       "brainpoolP320r1"};

TEST(BarePoint, EveryCurveIsKnownByItsEquation) {
  for (const char* const curve : bare_curves) {
    for (int i = 0; i < 4; ++i) {
      auto made = make_point(curve);
      EXPECT_EQ(curve_of_point(made.point), curve);
      for (const std::size_t at :
           {std::size_t{0}, std::size_t{1}, made.point.size() / 2, made.point.size() - 1}) {
        made.point[at] ^= std::byte{1};
        EXPECT_EQ(curve_of_point(made.point), "") << curve << " " << at;
        made.point[at] ^= std::byte{1};
      }
      EXPECT_EQ(curve_of_point(std::span(made.point).first(made.point.size() - 1)), "");
    }
  }
}

// Coordinates must be below the prime, as SEC 1 2.3.4 wants it: the same residues a prime higher are no
// point.
TEST(BarePoint, NoiseIsNoPoint) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    for (const std::size_t size : bare_point_sizes) {
      auto bytes = test::noise(size, seed * 0x9e3779b97f4a7c15U);
      bytes[0] = std::byte{4};
      EXPECT_EQ(curve_of_point(bytes), "");
    }
  }
  test::Bytes ones(65, std::byte{0xff});
  ones[0] = std::byte{4};
  EXPECT_EQ(curve_of_point(ones), "");
}

TEST(BarePoint, APointIsALeadAndNoFinding) {
  for (const char* const curve : bare_curves) {
    const auto made = make_point(curve);
    SecretBytes payload(made.point.begin(), made.point.end());
    payload.resize(133, std::byte{0x5a});  // the detector does not know where the point ends
    const Window window{};
    const Candidate candidate{.form = Form::bare_point, .payload = payload};
    const auto judgement = prove(window, candidate);
    EXPECT_FALSE(judgement.finding);
    ASSERT_EQ(judgement.leads.size(), 1U) << curve;
    EXPECT_EQ(judgement.leads[0].origin, KeyOrigin::number);
    EXPECT_EQ(judgement.leads[0].key.sha256, made.name);
  }
}

}  // namespace
}  // namespace dumpgate
