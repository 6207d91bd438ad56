// JSON Web Keys as programs write them, with fresh random numbers in the place of key material: which members
// are found together, in which carriers, and what each kind is reported as. The arithmetic is tested with the
// proofs (tests/proof/named_keys_test.cpp).

#include <gtest/gtest.h>
#include <openssl/rand.h>

#include "scanner/base/der_reader.h"
#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& jwk_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  EXPECT_EQ(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)), 1);
  return bytes;
}

std::string base64url(std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) text += alphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) text += alphabet[bits << (6 - held) & 63];
  return text;
}

std::string number(std::size_t size) { return base64url(random_bytes(size)); }

using Members = std::vector<std::pair<std::string, std::string>>;

Members rsa_members() {
  return {{"kty", "RSA"},      {"n", number(256)},         {"e", "AQAB"},       {"d", number(256)},
          {"p", number(128)},  {"q", number(128)},         {"dp", number(128)}, {"dq", number(128)},
          {"qi", number(128)}, {"kid", "a \\\"b\\\" } {"}, {"use", "sig"}};
}

std::string object(const Members& members, const std::string& space = "", const std::string& quote = "\"") {
  std::string text = "{";
  for (const auto& [name, value] : members) {
    if (text.size() > 1) text += ",";
    text += space;
    text += quote;
    text += name;
    text += quote;
    text += ":" + (space.empty() ? std::string() : std::string(" "));
    text += quote;
    text += value;
    text += quote;
  }
  return text + "}";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string utf16(std::string_view text, bool big) {
  std::string wide;
  for (const char c : text) {
    if (big) wide += '\0';
    wide += c;
    if (!big) wide += '\0';
  }
  return wide;
}

// The content of each INTEGER of an RSAPrivateKey, 0 for absent numbers.
std::vector<std::size_t> sizes_of(const Candidate& found) {
  DerReader outer(found.payload);
  DerReader inside(outer.whole(der::sequence).value());
  std::vector<std::size_t> sizes;
  (void)inside.next();
  while (const auto each = inside.whole(der::integer)) {
    const auto digits = der_unsigned(*each).value();
    sizes.push_back(digits.size() == 1 && digits[0] == std::byte{0} ? 0 : digits.size());
  }
  return sizes;
}

TEST(Jwk, AnRsaKeyInAnyOrderAndCarrier) {
  Members members = rsa_members();
  for (int turn = 0; turn < 11; ++turn) {
    std::rotate(members.begin(), members.begin() + 1, members.end());
    const std::string plain = object(members);
    const std::string pretty = object(members, "\n    ");
    const std::string once = replaced(replaced(plain, "\\", "\\\\"), "\"", "\\\"");
    for (const std::string& text :
         {plain, pretty, object(members, "", "'"), once, replaced(replaced(plain, "\\\"", ""), "\"", "%22"),
          utf16("[" + pretty + "]", false), utf16("[" + plain + "]", true)}) {
      const auto found = find_with(jwk_detector, "{\"keys\":[" + text + "]}");
      ASSERT_EQ(found.size(), 1U) << turn << text.substr(0, 40);
      EXPECT_EQ(found[0].signature, "rsa-private-key");
      EXPECT_EQ(found[0].form, Form::pkcs1_private);
      EXPECT_EQ(found[0].evidence, Evidence::structure);
      EXPECT_FALSE(found[0].cut);
      const auto sizes = sizes_of(found[0]);
      ASSERT_EQ(sizes.size(), 8U);
      for (const std::size_t size : {sizes[0], sizes[2]}) EXPECT_GE(size, 250U);
      for (std::size_t i = 3; i < 8; ++i) EXPECT_GE(sizes[i], 120U);
    }
  }
}

TEST(Jwk, CutAnywhereItKeepsItsWholeNumbers) {
  const std::string text = object(rsa_members());
  for (std::size_t size = 380; size < text.size(); size += 11) {
    const auto head = find_with(jwk_detector, text.substr(0, size) + '\0');
    ASSERT_EQ(head.size(), 1U) << size;
    if (text.substr(0, size).find("\"d\":\"") == std::string::npos ||
        text.substr(0, size).find("\"d\":\"") + 27 > size)
      continue;
    EXPECT_EQ(head[0].form, Form::pkcs1_private) << size;
  }
  const std::size_t last = text.find("\"dq\"");
  for (std::size_t begin = 0; begin < last; begin += 11) {
    const auto tail = find_with(jwk_detector, std::string(4, '\0') + text.substr(begin));
    ASSERT_EQ(tail.size(), 1U) << begin;
    EXPECT_EQ(tail[0].form, Form::pkcs1_private) << begin;
    EXPECT_EQ(tail[0].evidence, begin == 0 ? Evidence::structure : Evidence::marker);
  }
}

TEST(Jwk, CurvesAndPublicKeys) {
  const std::string d = number(32);
  const std::string x = number(32);
  const auto ec = find_with(jwk_detector, object({{"crv", "P-256"}, {"d", d}, {"x", x}, {"y", number(32)}}));
  ASSERT_EQ(ec.size(), 1U);
  EXPECT_EQ(ec[0].signature, "ec-private-key");
  EXPECT_EQ(ec[0].form, Form::sec1_private);
  const auto okp = find_with(jwk_detector, object({{"kty", "OKP"}, {"crv", "X25519"}, {"d", d}, {"x", x}}));
  ASSERT_EQ(okp.size(), 1U);
  EXPECT_EQ(okp[0].signature, "x25519-private-key");
  EXPECT_EQ(okp[0].form, Form::pkcs8_private);
  const auto lost = find_with(jwk_detector, object({{"kty", "OKP"}, {"d", d}, {"x", x}}));
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].evidence, Evidence::marker);
  for (const Members& members : {Members{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", x}},
                                 Members{{"kty", "EC"}, {"crv", "P-256"}, {"x", x}, {"y", number(32)}},
                                 Members{{"kty", "RSA"}, {"n", number(256)}, {"e", "AQAB"}}}) {
    const auto found = find_with(jwk_detector, object(members));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].form, Form::spki);
  }
}

TEST(Jwk, SymmetricKeysAndPostQuantumSeeds) {
  const auto hmac = find_with(jwk_detector, object({{"kty", "oct"}, {"k", number(32)}, {"alg", "HS256"}}));
  ASSERT_EQ(hmac.size(), 1U);
  EXPECT_EQ(hmac[0].signature, "hmac-key");
  EXPECT_EQ(hmac[0].evidence, Evidence::structure);
  const auto other = find_with(jwk_detector, object({{"k", number(32)}, {"kty", "oct"}}));
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].signature, "symmetric-key");
  const auto seed =
      find_with(jwk_detector, object({{"kty", "AKP"}, {"alg", "ML-DSA-44"}, {"priv", number(32)}}));
  ASSERT_EQ(seed.size(), 1U);
  EXPECT_EQ(seed[0].signature, "ml-dsa-private-key");
}

TEST(Jwk, ARepeatedMemberHidesNothing) {
  Members members = rsa_members();
  members.insert(members.begin() + 3, {"d", number(32)});
  const auto found = find_with(jwk_detector, object(members));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].payload, found[1].payload);
}

TEST(Jwk, OtherJsonIsNoKey) {
  for (const std::string_view text :
       {R"({"kty":"RSA"})", R"({"d":"M0 0L10 10"})", R"({"d":"YWJjZGVmZ2hpamts"})", R"("kty" "d":)",
        R"({"crv":"P-256","d":12})", R"({"kty":["d":["dp":{"dq":)", R"({"kty":"oct","k":""})"})
    EXPECT_TRUE(find_with(jwk_detector, text).empty()) << text;
}

TEST(Jwk, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (int i = 0; i < 30; ++i) {
    const std::string text = object(rsa_members(), i % 2 == 0 ? "" : "\n\t");
    bytes += std::string(3000, 'x') +
             (i % 3 == 0 ? utf16(text, false) : text.substr(static_cast<std::size_t>(i) * 40));
  }
  const auto whole = summaries(find_with(jwk_detector, bytes));
  EXPECT_EQ(whole.size(), 30U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(jwk_detector, bytes, own)) == whole) << own;
}

// Work is bounded: a text that is nothing but anchors.
TEST(Jwk, ATextFullOfAnchorsStaysCheap) {
  for (const std::string_view piece : {R"("kty":"a",)", R"("d":[)", R"("kty":")", R"('kty'"dp")"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    (void)find_with(jwk_detector, text);
  }
}

}  // namespace
}  // namespace dumpgate
