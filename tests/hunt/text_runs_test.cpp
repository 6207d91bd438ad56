// Keys as short base64 texts: found by their public half like bare bytes, wherever the text stands; texts of
// other lengths and kinds are left out.

#include "scanner/hunt/text_runs.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <string>

#include "tests/hunt/memory.h"

namespace dumpgate {
namespace {

using hunt_test::Bytes;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string base64(const Bytes& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Bytes raw_key(EVP_PKEY* key, bool secret) {
  Bytes bytes(32);
  std::size_t size = bytes.size();
  auto* at = reinterpret_cast<unsigned char*>(bytes.data());
  EXPECT_EQ(
      secret ? EVP_PKEY_get_raw_private_key(key, at, &size) : EVP_PKEY_get_raw_public_key(key, at, &size), 1);
  return bytes;
}

Key ed25519_key() {
  for (;;) {
    Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    if (hunt_test::spared(raw_key(key.get(), true)) && hunt_test::spared(raw_key(key.get(), false)))
      return key;
  }
}

Key p256_key() {
  for (;;) {
    Key key(EVP_EC_gen("prime256v1"), &EVP_PKEY_free);
    if (hunt_test::spared(hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32)) &&
        hunt_test::spared(hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32)) &&
        hunt_test::spared(hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32)))
      return key;
  }
}

hunt_test::Memory memory_of(std::string_view text, std::size_t at) {
  hunt_test::Memory memory;
  std::memcpy(memory.bytes.data() + at, text.data(), text.size());
  return memory;
}

Bytes pkcs8_of(EVP_PKEY* key) {
  Bytes der{std::byte{0x30}, std::byte{0x2e}, std::byte{2}, std::byte{1},    std::byte{0},    std::byte{0x30},
            std::byte{5},    std::byte{6},    std::byte{3}, std::byte{0x2b}, std::byte{0x65}, std::byte{0x70},
            std::byte{4},    std::byte{0x22}, std::byte{4}, std::byte{0x20}};
  const Bytes seed = raw_key(key, true);
  der.insert(der.end(), seed.begin(), seed.end());
  return der;
}

TEST(TextRuns, TheTailOfAKeyFileIsFoundAtAnyByte) {
  const Key key = ed25519_key();
  const PublicKey known = hunt_test::public_of(key.get());
  LeadSet leads;
  ASSERT_TRUE(leads.add(known, KeyOrigin::certificate));
  const std::string whole = base64(pkcs8_of(key.get()));
  ASSERT_EQ(whole.size(), 64U);
  for (std::size_t lost = 0; lost <= 20; ++lost) {
    const auto memory = memory_of(whole.substr(lost) + "\n-----END", 5000 + lost);
    const auto findings = memory.hunt(leads, "ed25519");
    ASSERT_EQ(findings.size(), 1U) << lost;
    EXPECT_EQ(findings[0].representation, "base64");
    EXPECT_EQ(findings[0].relation, "seed->A");
    EXPECT_EQ(findings[0].public_key_sha256, known.sha256);
    EXPECT_GE(findings[0].offset, 5000U);
    EXPECT_LE(findings[0].offset + findings[0].length, 5000U + 64U);
  }
}

TEST(TextRuns, OtherLettersInFrontOfATailDoNoHarm) {
  const Key key = ed25519_key();
  LeadSet leads;
  ASSERT_TRUE(leads.add(hunt_test::public_of(key.get()), KeyOrigin::certificate));
  const std::string tail = base64(pkcs8_of(key.get())).substr(16);
  for (const std::string_view junk : {"", "x", "xY", "xY7"})
    EXPECT_EQ(memory_of(std::string(junk) + tail, 3000).hunt(leads, "ed25519").size(), 1U) << junk;
}

TEST(TextRuns, SeedsWithAndWithoutPaddingAreFound) {
  const Key key = ed25519_key();
  LeadSet leads;
  ASSERT_TRUE(leads.add(hunt_test::public_of(key.get()), KeyOrigin::certificate));
  const std::string text = base64(raw_key(key.get(), true));
  EXPECT_EQ(memory_of("\"" + text + "\"", 777).hunt(leads, "ed25519").size(), 1U);
  EXPECT_EQ(memory_of("\"" + text.substr(0, 43) + "\"", 777).hunt(leads, "ed25519").size(), 1U);
}

// As erl_crash.dump writes binaries: a closed loop of two texts.
TEST(TextRuns, AScalarIsFoundByAPointInAnotherText) {
  const Key key = p256_key();
  const Bytes d = hunt_test::number_of(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, 32);
  Bytes point{std::byte{4}};
  for (const char* name : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
    const Bytes half = hunt_test::number_of(key.get(), name, 32);
    point.insert(point.end(), half.begin(), half.end());
  }
  auto memory = memory_of("7F0A1B2C3D40:Yh20:" + base64(d) + "\n", 2001);
  const std::string binary = "=binary:7F0A1B2C3E48\n41:" + base64(point) + "\n";
  std::memcpy(memory.bytes.data() + 9003, binary.data(), binary.size());
  const auto findings = memory.hunt({}, "ec-scalar");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].representation, "base64");
  EXPECT_EQ(findings[0].public_key_sha256, hunt_test::public_of(key.get()).sha256);
}

std::size_t texts_in(std::string_view text) {
  const auto memory = memory_of(text, 4096);
  std::size_t count = 0;
  memory.runs().for_each([&](const NumberRun& run) { count += run.text ? 1U : 0U; });
  return count;
}

TEST(TextRuns, DigestsNamesAndBodiesOfKeyFilesAreNone) {
  const std::string random = "kQ7xVb2mPz9LrT4wYh6JdS8fGc3NaU5eXo1iKqM0pWvBtZyHRDLjCnFgEusA";
  EXPECT_EQ(texts_in(" " + random.substr(0, 44) + " "), 1U);
  EXPECT_EQ(texts_in(" " + random.substr(0, 40) + " "), 0U);
  EXPECT_EQ(texts_in(" " + random + random + " "), 0U);
  EXPECT_EQ(texts_in(" sha512-" + random + " "), 0U);
  EXPECT_EQ(texts_in(" 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 "), 0U);
  const std::string line = random + "kQ7x";
  ASSERT_EQ(line.size(), 64U);
  EXPECT_EQ(texts_in("\n" + line + "\n-----END"), 1U);
  EXPECT_EQ(texts_in("\n" + line + "\n" + line + "\n" + line + "\n"), 0U);
}

TEST(TextRuns, TheSizeOfWindowsDoesNotShow) {
  const std::string random = "kQ7xVb2mPz9LrT4wYh6JdS8fGc3NaU5eXo1iKqM0pWvBtZyHRDLjCnFgEusA";
  std::string text;
  for (std::size_t i = 0; i < 300; ++i)
    text += random.substr(i % 9, 43 + i % 8) + (i % 3 == 0 ? "=\n" : ", ");
  const auto bytes = std::as_bytes(std::span(text));
  std::vector<std::uint64_t> whole;
  for (const std::size_t own : {std::size_t{1} << 20, std::size_t{1000}, std::size_t{333}}) {
    std::vector<std::uint64_t> places;
    for (std::size_t begin = 0; begin < text.size(); begin += own) {
      Window window;
      window.bytes = bytes;
      window.own_begin = begin;
      window.own_end = std::min(text.size(), begin + own);
      RunStore runs;
      gather_text_runs(window, runs);
      runs.for_each([&](const NumberRun& run) { places.push_back(run.offset); });
    }
    if (whole.empty()) whole = places;
    EXPECT_GE(whole.size(), 300U);
    EXPECT_EQ(places, whole) << own;
  }
}

}  // namespace
}  // namespace dumpgate
