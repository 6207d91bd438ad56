// RSAKeyValue: what is grouped with what, and what is left alone. Real keys: tests/proof/named_keys_test.cpp.

#include <gtest/gtest.h>

#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& xml_rsa_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

// Base64 of bytes that look random.
std::string digits(std::size_t size, unsigned seed) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  std::uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
  for (std::size_t i = 0; i < size; ++i) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    text += alphabet[state >> 40U & 63U];
  }
  return text;
}

std::string element(const std::string& name, const std::string& value) {
  return "<" + name + ">" + value + "</" + name + ">";
}

std::string key(unsigned seed, const std::string& space = "") {
  std::string text = element("Modulus", digits(344, seed)) + space + element("Exponent", "AQAB") + space;
  for (const char* const name : {"P", "Q", "DP", "DQ", "InverseQ"})
    text += element(name, digits(172, ++seed)) + space;
  return text + element("D", digits(344, seed + 1));
}

TEST(XmlRsa, AKeyIsOneCandidateInAnyOrder) {
  for (const std::string& text : {key(1), key(2, "\n   "), element("D", digits(344, 5)) + key(9)}) {
    const auto found = find_with(xml_rsa_detector, "<RSAKeyValue>" + text + "</RSAKeyValue>");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].form, Form::pkcs1_private);
    EXPECT_EQ(found[0].evidence, Evidence::structure);
    EXPECT_EQ(found[0].begin, 13U);
    EXPECT_EQ(found[0].size, text.size());
  }
}

TEST(XmlRsa, WhatIsLeftOfAKeyIsAMarker) {
  const std::string text = key(3);
  for (const std::size_t begin : {text.find("<Exponent>"), text.find("<P>") + 9, text.find("<DP>")}) {
    const auto found = find_with(xml_rsa_detector, text.substr(begin));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].evidence, Evidence::marker);
    EXPECT_TRUE(found[0].cut);
  }
}

TEST(XmlRsa, APublicKeyIsALeadAndOtherXmlIsNothing) {
  const auto found = find_with(
      xml_rsa_detector, "<ds:Modulus>\n" + digits(344, 4) + "\n</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].form, Form::spki);
  for (const std::string_view text :
       {"<Modulus>", "<Modulus></Modulus>", "</Modulus>", "<Modulus>!</Modulus>", "Modulus><Modulus>x</"})
    EXPECT_TRUE(find_with(xml_rsa_detector, text).empty()) << text;
}

TEST(XmlRsa, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (unsigned i = 0; i < 30; ++i) bytes += std::string(2000, ' ') + "x" + key(i * 10).substr(i * 20);
  const auto whole = summaries(find_with(xml_rsa_detector, bytes));
  EXPECT_EQ(whole.size(), 30U);
  for (const std::size_t own : {1024U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(xml_rsa_detector, bytes, own)) == whole) << own;
}

}  // namespace
}  // namespace dumpgate
