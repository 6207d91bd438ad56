// Ed25519 and X25519 keys as bare bytes are found by the public key they give, and the fast multiplication
// agrees with OpenSSL's.

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>

#include "scanner/detect/random_words.h"
#include "scanner/hunt/coordinate_forms.h"
#include "scanner/hunt/edwards_base.h"
#include "scanner/hunt/hunter.h"
#include "scanner/proof/public_key.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bytes32 raw(EVP_PKEY* key, bool secret) {
  Bytes32 bytes{};
  std::size_t size = bytes.size();
  auto* at = reinterpret_cast<unsigned char*>(bytes.data());
  EXPECT_EQ(
      secret ? EVP_PKEY_get_raw_private_key(key, at, &size) : EVP_PKEY_get_raw_public_key(key, at, &size), 1);
  return bytes;
}

// A key whose numbers the filters spare (docs/hunt.md).
Key new_key(const char* type) {
  const auto spared = [](const Bytes32& bytes) {
    std::array<std::uint64_t, 4> words{};
    std::memcpy(words.data(), bytes.data(), bytes.size());
    return std::ranges::none_of(words, plain_word) && looks_random(words);
  };
  for (;;) {
    Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, type), &EVP_PKEY_free);
    if (spared(raw(key.get(), true)) && spared(raw(key.get(), false))) return key;
  }
}

Bytes32 clamped_hash(const Bytes32& seed) {
  std::array<unsigned char, 64> hash{};
  SHA512(reinterpret_cast<const unsigned char*>(seed.data()), 32, hash.data());
  hash[0] &= 0xf8;
  hash[31] = static_cast<unsigned char>((hash[31] & 0x7fU) | 0x40U);
  Bytes32 scalar{};
  std::memcpy(scalar.data(), hash.data(), 32);
  return scalar;
}

TEST(EdwardsBase, AgreesWithOpenssl) {
  std::vector<Bytes32> scalars;
  std::vector<Bytes32> expected;
  for (int i = 0; i < 100; ++i) {
    const Key key = new_key("ED25519");
    scalars.push_back(clamped_hash(raw(key.get(), true)));
    expected.push_back(raw(key.get(), false));
  }
  std::vector<EdwardsMultiple> results(scalars.size());
  edwards_multiples(scalars, results);
  for (std::size_t i = 0; i < scalars.size(); ++i) EXPECT_EQ(results[i].point, expected[i]) << i;
}

TEST(EdwardsBase, GivesTheMontgomeryCoordinate) {
  for (int i = 0; i < 20; ++i) {
    const Key key = new_key("X25519");
    Bytes32 scalar = raw(key.get(), true);
    scalar[0] &= std::byte{0xf8};
    scalar[31] = (scalar[31] & std::byte{0x7f}) | std::byte{0x40};
    EdwardsMultiple result;
    edwards_multiples({&scalar, 1}, {&result, 1});
    EXPECT_EQ(result.u, raw(key.get(), false));
  }
}

TEST(EdwardsBase, KnowsSmallMultiples) {
  std::vector<Bytes32> scalars(2);
  scalars[1][0] = std::byte{1};
  std::vector<EdwardsMultiple> results(2);
  edwards_multiples(scalars, results);
  Bytes32 neutral{};
  neutral[0] = std::byte{1};
  EXPECT_EQ(results[0].point, neutral);
  EXPECT_EQ(results[1].point[0], std::byte{0x58});
  EXPECT_EQ(results[1].point[1], std::byte{0x66});
}

// Memory with sizes between numbers, as heaps have.
struct EdMemory {
  std::vector<std::byte> bytes = std::vector<std::byte>(8192);
  std::size_t at = 512;
  std::uint64_t put(std::span<const std::byte> number, std::size_t shift = 0) {
    bytes[at] = std::byte{0x31};
    const std::size_t where = at + 16 + shift;
    std::memcpy(bytes.data() + where, number.data(), number.size());
    at += 256;
    return where;
  }
  std::vector<Finding> hunt(const LeadSet& leads) const {
    RunStore runs;
    Window window = test::whole_window(bytes);
    gather_runs(window, runs);
    HuntUnit unit(runs);
    std::vector<Finding> findings;
    for (const Hunter* hunter : all_hunters())
      if (hunter->name() == "ed25519") hunter->prepare(leads)->examine(unit, findings);
    return findings;
  }
};

// In a structure, among other bytes.
TEST(Ed25519Hunter, FindsASeedBesideItsPublicKeyAtAnyByte) {
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const Key key = new_key("ED25519");
    EdMemory memory;
    const auto where = memory.put(raw(key.get(), true));
    std::vector<std::byte> structure(8, std::byte{0x5a});
    const Bytes32 point = raw(key.get(), false);
    structure.insert(structure.end(), point.begin(), point.end());
    structure.insert(structure.end(), 8, std::byte{0xa5});
    (void)memory.put(structure, shift);
    const auto findings = memory.hunt({});
    ASSERT_EQ(findings.size(), 1U) << shift;
    EXPECT_EQ(findings[0].offset, where);
    EXPECT_EQ(findings[0].relation, "seed->A");
    EXPECT_EQ(findings[0].use, KeyUse::signing);
    EXPECT_EQ(findings[0].public_key_sha256,
              raw_public_key(KeyAlgorithm::ed25519, raw(key.get(), false))->sha256);
  }
}

TEST(Ed25519Hunter, FindsAScalarOfAKnownKey) {
  const Key key = new_key("ED25519");
  LeadSet leads;
  ASSERT_TRUE(
      leads.add(*raw_public_key(KeyAlgorithm::ed25519, raw(key.get(), false)), KeyOrigin::certificate));
  const Bytes32 scalar = clamped_hash(raw(key.get(), true));
  Bytes32 hash = scalar;  // as SHA-512 may have given it
  hash[0] |= std::byte{5};
  hash[31] |= std::byte{0x80};
  for (const Bytes32& secret : {scalar, hash}) {
    EdMemory one;
    (void)one.put(secret);
    const auto findings = one.hunt(leads);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].relation, "a*B=A");
  }
}

// As a library's freed structure has it: fifteen random-looking words around it, none of them at its size's
// distance.
TEST(Ed25519Hunter, FindsAClampedScalarAmidOtherNumbers) {
  std::mt19937_64 random(5);
  for (std::size_t before = 1; before <= 14; ++before) {
    const Key key = new_key("ED25519");
    const Bytes32 scalar = clamped_hash(raw(key.get(), true));
    std::array<std::uint64_t, 4> scalar_words{};
    std::memcpy(scalar_words.data(), scalar.data(), scalar.size());
    if (std::ranges::any_of(scalar_words, plain_word) || !looks_random(scalar_words)) continue;
    std::vector<std::byte> structure;
    const auto put_words = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t word = random();
        while (plain_word(word)) word = random();
        for (unsigned byte = 0; byte < 8; ++byte)
          structure.push_back(static_cast<std::byte>(word >> (8 * byte) & 0xffU));
      }
    };
    put_words(before);
    structure.insert(structure.end(), scalar.begin(), scalar.end());
    put_words(15 - before);
    EdMemory memory;
    const auto where = memory.put(structure) + 8 * before;
    (void)memory.put(raw(key.get(), false));
    const auto findings = memory.hunt({});
    ASSERT_EQ(findings.size(), 1U) << before;
    EXPECT_EQ(findings[0].offset, where);
    EXPECT_EQ(findings[0].relation, "a*B=A");
  }
}

// The y coordinate of an encoded point in five digits of 51 bits, as 64-bit arithmetic keeps it.
std::vector<std::byte> in_long_digits(const Bytes32& point) {
  std::array<std::uint64_t, 5> digits{};
  for (std::size_t bit = 0; bit < 255; ++bit)
    if ((point.at(bit / 8) >> (bit % 8) & std::byte{1}) != std::byte{0})
      digits.at(bit / 51) |= std::uint64_t{1} << (bit % 51);
  const auto bytes = std::as_bytes(std::span(digits));
  return {bytes.begin(), bytes.end()};
}

// In fewer than two digits above 2^48 one point in 900 is not seen (hunt/coordinate_runs.h).
bool spared_in_digits(const Bytes32& point) {
  const auto bytes = in_long_digits(point);
  std::array<std::uint64_t, 5> digits{};
  std::memcpy(digits.data(), bytes.data(), bytes.size());
  return std::ranges::count_if(digits, [](std::uint64_t digit) { return digit >> 48U != 0; }) >= 2;
}

// wolfCrypt, after it freed a key: the scalar, and of the public half a coordinate among other words.
TEST(Ed25519Hunter, FindsAKeyBesideItsPointInDigits) {
  for (int i = 0; i < 20; ++i) {
    const Key key = new_key("ED25519");
    const Bytes32 seed = raw(key.get(), true), point = raw(key.get(), false);
    const Bytes32 scalar = clamped_hash(seed);
    std::array<std::uint64_t, 4> words{};
    std::memcpy(words.data(), scalar.data(), scalar.size());
    if (!spared_in_digits(point) || std::ranges::any_of(words, plain_word) || !looks_random(words)) continue;
    for (const bool is_seed : {false, true}) {
      EdMemory memory;
      const auto where = memory.put(is_seed ? seed : scalar);
      (void)memory.put(in_long_digits(point));
      const auto findings = memory.hunt({});
      ASSERT_EQ(findings.size(), 1U);
      EXPECT_EQ(findings[0].offset, where);
      EXPECT_EQ(findings[0].relation, is_seed ? "seed->A" : "a*B=A");
      EXPECT_EQ(findings[0].use, KeyUse::signing);
      EXPECT_EQ(findings[0].public_key_sha256, raw_public_key(KeyAlgorithm::ed25519, point)->sha256);
    }
  }
}

// As 32-bit arithmetic leaves them on a stack, at any multiple of four.
TEST(Ed25519Hunter, FindsAKeyBesideItsPointInShortDigits) {
  std::mt19937_64 random(6);
  std::size_t found = 0;
  for (int i = 0; i < 40; ++i) {
    const Key key = new_key("ED25519");
    const auto forms = coordinate_forms(raw(key.get(), false));
    std::vector<std::byte> stack(4);
    for (auto& b : stack) b = static_cast<std::byte>(random());
    const auto& form = forms.at(i % 2 == 0 ? 1 : 2);
    stack.insert(stack.end(), form.begin(), form.end());
    stack.insert(stack.end(), 4, std::byte{0x9c});
    EdMemory memory;
    (void)memory.put(raw(key.get(), true));
    (void)memory.put(stack);
    const auto findings = memory.hunt({});
    if (findings.empty()) continue;  // one in fifty looks like no number
    EXPECT_EQ(findings[0].relation, "seed->A");
    ++found;
  }
  EXPECT_GE(found, 30U);
}

TEST(Ed25519Hunter, AnotherPointInDigitsIsNothing) {
  const Key key = new_key("ED25519");
  const Key other = new_key("ED25519");
  EdMemory memory;
  (void)memory.put(raw(key.get(), true));
  (void)memory.put(in_long_digits(raw(other.get(), false)));
  Bytes32 off = raw(key.get(), false);
  off[0] ^= std::byte{1};
  (void)memory.put(in_long_digits(off));
  EXPECT_TRUE(memory.hunt({}).empty());
}

// Below the group's order, as nonces are; that of a key which somebody named is a signing key all the same.
TEST(Ed25519Hunter, AReducedScalarBesideItsPointMayBeANonce) {
  Bytes32 scalar{}, point{};
  std::mt19937_64 random(7);
  const auto spared = [](const Bytes32& bytes) {
    std::array<std::uint64_t, 4> words{};
    std::memcpy(words.data(), bytes.data(), bytes.size());
    return std::ranges::none_of(words, plain_word) && looks_random(words);
  };
  do {
    for (auto& b : scalar) b = static_cast<std::byte>(random());
    scalar[31] &= std::byte{0x0f};
    EdwardsMultiple result;
    edwards_multiples({&scalar, 1}, {&result, 1});
    point = result.point;
  } while (!spared(scalar) || !spared(point));
  EdMemory memory;
  (void)memory.put(scalar);
  (void)memory.put(point);
  const auto findings = memory.hunt({});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].use, KeyUse::unknown);
  EXPECT_FALSE(findings[0].detail.empty());
  LeadSet leads;
  ASSERT_TRUE(leads.add(*raw_public_key(KeyAlgorithm::ed25519, point), KeyOrigin::certificate));
  const auto known = memory.hunt(leads);
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].use, KeyUse::signing);
}

TEST(Ed25519Hunter, FindsAnAgreementKeyOfAKnownKey) {
  const Key key = new_key("X25519");
  LeadSet leads;
  ASSERT_TRUE(leads.add(*raw_public_key(KeyAlgorithm::x25519, raw(key.get(), false)), KeyOrigin::spki));
  EdMemory memory;
  (void)memory.put(raw(key.get(), true));
  const auto findings = memory.hunt(leads);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].use, KeyUse::agreement);
}

TEST(Ed25519Hunter, ASeedWithoutItsPublicKeyIsNothing) {
  const Key key = new_key("ED25519");
  const Key other = new_key("ED25519");
  EdMemory memory;
  (void)memory.put(raw(key.get(), true));
  (void)memory.put(raw(other.get(), false));
  EXPECT_TRUE(memory.hunt({}).empty());
}

}  // namespace
}  // namespace dumpgate
