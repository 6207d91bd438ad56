// Ed448 and X448: the fast multiplication agrees with OpenSSL, and private numbers of either are found by
// their public keys in every form.

#include "scanner/hunt/curve448.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "scanner/hunt/ed448_point.h"
#include "tests/hunt/memory.h"
#include "tests/support/effort.h"

namespace dumpgate {
namespace {

using hunt_test::Memory;
using hunt_test::public_of;
using Key448 = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

template <std::size_t Size>
std::array<std::byte, Size> random_bytes(std::mt19937_64& random) {
  std::array<std::byte, Size> bytes{};
  std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

unsigned char* octets(auto& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

Key448 key_of(const char* type, auto secret) {
  return {EVP_PKEY_new_raw_private_key_ex(nullptr, type, nullptr, octets(secret), secret.size()),
          &EVP_PKEY_free};
}

template <std::size_t Size>
std::array<std::byte, Size> raw_public(const Key448& key) {
  std::array<std::byte, Size> bytes{};
  std::size_t size = Size;
  EXPECT_EQ(EVP_PKEY_get_raw_public_key(key.get(), octets(bytes), &size), 1);
  return bytes;
}

TEST(Curve448, MultiplesAreThoseOfX448) {
  std::mt19937_64 random(1);
  for (const std::size_t count : {1UL, effort(1500, 3)}) {  // by a small table, and by a large one
    std::vector<Bytes56> scalars(count), u(count);
    for (Bytes56& scalar : scalars) clamp448(scalar = random_bytes<56>(random));
    multiples448(scalars, u);
    for (std::size_t i = 0; i < count; i += 1 + count / 50)
      EXPECT_EQ(u[i], raw_public<56>(key_of("X448", scalars[i]))) << i;
  }
}

// Twice k*B is (2k)*B, for numbers that X448 cannot be asked for: next to the group's order and above it.
TEST(Curve448, MultiplesOfTheOrderAreZero) {
  constexpr std::array<unsigned char, 28> low{0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23, 0x55, 0x8f,
                                              0xc5, 0x8d, 0x72, 0xc2, 0x6c, 0x21, 0x90, 0x36, 0xd6, 0xae,
                                              0x49, 0xdb, 0x4e, 0xc4, 0xe9, 0x23, 0xca, 0x7c};
  Bytes56 order{};
  order.fill(std::byte{0xff});
  std::ranges::transform(low, order.begin(), [](unsigned char c) { return std::byte{c}; });
  order.back() = std::byte{0x3f};
  Bytes56 one{}, above = order, below = order;
  one.front() = std::byte{1};
  above.front() = std::byte{0xf4};
  below.front() = std::byte{0xf2};
  std::array<Bytes56, 5> scalars{Bytes56{}, order, one, above, below};
  std::array<Bytes56, 5> u{};
  multiples448(scalars, u);
  Bytes56 base{};
  base.front() = std::byte{5};
  EXPECT_EQ(u[0], Bytes56{});
  EXPECT_EQ(u[1], Bytes56{});
  EXPECT_EQ(u[2], base);
  EXPECT_EQ(u[3], base);
  EXPECT_EQ(u[4], base);
}

TEST(Curve448, AnEd448KeyIsItsScalarsMultiple) {
  std::mt19937_64 random(2);
  for (int turn = 0; turn < 20; ++turn) {
    const auto seed = random_bytes<57>(random);
    const auto point = raw_public<57>(key_of("ED448", seed));
    const std::array<Bytes56, 1> scalars{scalar_of_seed448(seed)};
    std::array<Bytes56, 1> u{};
    multiples448(scalars, u);
    EXPECT_EQ(u_of_ed448(point), u[0]);
  }
}

TEST(Ed448Point, IsThePublicKeyOfTheScalar) {
  std::mt19937_64 random(6);
  for (unsigned turn = 0; turn < effort(50, 3); ++turn) {
    const auto seed = random_bytes<57>(random);
    EXPECT_EQ(ed448_point(scalar_of_seed448(seed)), raw_public<57>(key_of("ED448", seed)));
  }
  Bytes57 neutral{};
  neutral.front() = std::byte{1};
  EXPECT_EQ(ed448_point({}), neutral);
}

TEST(Curve448, WhatIsNoPointHasNoU) {
  Bytes57 point{};
  EXPECT_EQ(u_of_ed448(point), std::nullopt);  // y = 0
  point.front() = std::byte{1};
  EXPECT_EQ(u_of_ed448(point), std::nullopt);  // the neutral element
  point.fill(std::byte{0xff});
  EXPECT_EQ(u_of_ed448(point), std::nullopt);  // above the prime
}

struct Sought {
  std::vector<Finding> findings{};
  std::uint64_t where = 0;
};

Sought sought(EVP_PKEY* key, std::span<const std::byte> number, KeyOrigin origin = KeyOrigin::certificate) {
  LeadSet leads;
  EXPECT_TRUE(leads.add(public_of(key), origin));
  Memory memory;
  memory.junk();
  const auto where = memory.put(number);
  return {memory.hunt(leads, "curve448"), where};
}

TEST(Curve448Hunter, FindsEachFormOfAnEd448Key) {
  std::mt19937_64 random(3);
  for (int turn = 0; turn < 10; ++turn) {
    const auto seed = random_bytes<57>(random);
    const Key448 key = key_of("ED448", seed);
    Bytes56 hash{};  // before it is clamped
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_shake256(), nullptr);
    EVP_DigestUpdate(context.get(), seed.data(), seed.size());
    EVP_DigestFinalXOF(context.get(), octets(hash), hash.size());
    const Bytes56 scalar = scalar_of_seed448(seed);
    const auto is_found = [&](std::span<const std::byte> number, const char* relation, const char* form) {
      const Sought result = sought(key.get(), number);
      ASSERT_EQ(result.findings.size(), 1U) << form;
      const Finding& finding = result.findings[0];
      EXPECT_EQ(finding.offset, result.where);
      EXPECT_EQ(finding.length, number.size());
      EXPECT_EQ(finding.relation, relation);
      EXPECT_EQ(finding.representation, form);
      EXPECT_EQ(finding.use, KeyUse::signing);
      EXPECT_EQ(finding.public_key_sha256, public_of(key.get()).sha256);
    };
    is_found(seed, "seed->A", "raw");
    is_found(hash, "a*B=A", "raw-scalar");
    is_found(scalar, "a*B=A", "raw-scalar");
  }
}

// No encoding names it: A lies in the same memory, aligned or not, or right behind the seed.
TEST(Curve448Hunter, FindsASeedByThePublicKeyBesideIt) {
  std::mt19937_64 random(8);
  for (int turn = 0; turn < 5; ++turn) {
    const auto seed = random_bytes<57>(random);
    const Key448 key = key_of("ED448", seed);
    const auto point = raw_public<57>(key);
    for (const std::size_t before : {0U, 1U, 7U}) {
      Memory memory;
      memory.junk();
      const auto where = memory.put(seed);
      memory.junk();
      EXPECT_TRUE(memory.hunt({}, "curve448").empty()) << "no A";
      hunt_test::Bytes beside(before, std::byte{0xa5});
      beside.insert(beside.end(), point.begin(), point.end());
      memory.put(beside);
      const auto findings = memory.hunt({}, "curve448");
      ASSERT_EQ(findings.size(), 1U) << before;
      EXPECT_EQ(findings[0].offset, where);
      EXPECT_EQ(findings[0].relation, "seed->A");
      EXPECT_EQ(findings[0].representation, "raw");
      EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
      LeadSet leads;
      ASSERT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
      EXPECT_EQ(memory.hunt(leads, "curve448").size(), 1U) << "known and beside it";
    }
    hunt_test::Bytes both(seed.begin(), seed.end());
    both.insert(both.end(), point.begin(), point.end());
    Memory memory;
    memory.put(both);
    EXPECT_EQ(memory.hunt({}, "curve448").size(), 1U);
    hunt_test::Bytes freed(8, std::byte{0xa5});  // in place of PKCS #8's head
    freed.insert(freed.end(), seed.begin(), seed.end());
    Memory another;
    another.put(freed);
    another.put(point);
    EXPECT_EQ(another.hunt({}, "curve448").size(), 1U);
  }
}

// -A, A + T and T - A for the point T = (0, -1) of order two: their u is A's.
std::vector<Bytes57> points_of_the_same_u(const Bytes57& point) {
  const std::byte sign{0x80};
  Bytes57 negative = point;
  negative.back() ^= sign;
  Bytes57 opposite = negative;  // y becomes p - y, where p = 2^448 - 2^224 - 1
  int borrow = 0;
  for (std::size_t i = 0; i < 56; ++i) {
    const int digit = (i == 28 ? 0xfe : 0xff) - std::to_integer<int>(point[i]) - borrow;
    borrow = digit < 0 ? 1 : 0;
    opposite[i] = static_cast<std::byte>(digit);
  }
  Bytes57 mirrored = opposite;
  mirrored.back() ^= sign;
  return {negative, opposite, mirrored};
}

// Whoever may put points into a dump must not hide a key behind others of its u, whichever of them is first.
TEST(Curve448Hunter, OtherKeysOfTheSameUNeitherHideAKeyNorTakeItsName) {
  std::mt19937_64 random(7);
  for (int turn = 0; turn < 5; ++turn) {
    const auto seed = random_bytes<57>(random);
    const Key448 key = key_of("ED448", seed);
    const auto point = raw_public<57>(key);
    LeadSet leads;
    EXPECT_TRUE(leads.add(public_of(key.get()), KeyOrigin::certificate));
    for (const Bytes57& other : points_of_the_same_u(point)) {
      ASSERT_EQ(u_of_ed448(other), u_of_ed448(point));
      EXPECT_TRUE(leads.add(*raw_public_key(KeyAlgorithm::ed448, other), KeyOrigin::spki));
    }
    const Bytes56 scalar = scalar_of_seed448(seed);
    for (const auto number : {std::span<const std::byte>(seed), std::span<const std::byte>(scalar)}) {
      Memory memory;
      (void)memory.put(number);
      const auto findings = memory.hunt(leads, "curve448");
      ASSERT_EQ(findings.size(), 1U);
      EXPECT_EQ(findings[0].public_key_sha256, public_of(key.get()).sha256);
    }
  }
}

TEST(Curve448Hunter, FindsX448KeysAsTheyAreKept) {
  std::mt19937_64 random(4);
  for (int turn = 0; turn < 10; ++turn) {
    auto secret = random_bytes<56>(random);
    const Key448 key = key_of("X448", secret);
    if (turn % 2 == 0) clamp448(secret);
    const Sought result = sought(key.get(), secret);
    ASSERT_EQ(result.findings.size(), 1U);
    EXPECT_EQ(result.findings[0].offset, result.where);
    EXPECT_EQ(result.findings[0].relation, "k*B=u");
    EXPECT_EQ(result.findings[0].use, KeyUse::agreement);
  }
}

TEST(Curve448Hunter, FindsNothingElse) {
  std::mt19937_64 random(5);
  auto seed = random_bytes<57>(random);
  const Key448 key = key_of("ED448", seed);
  EXPECT_TRUE(sought(key.get(), seed, KeyOrigin::private_key).findings.empty());
  seed[20] ^= std::byte{1};
  EXPECT_TRUE(sought(key.get(), seed).findings.empty());
  EXPECT_TRUE(sought(key.get(), raw_public<57>(key)).findings.empty());
}

}  // namespace
}  // namespace dumpgate
