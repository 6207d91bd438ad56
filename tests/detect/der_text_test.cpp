// DER as text without a label: real keys of OpenSSL in base64 and hexadecimal, in every alignment and layout.

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "tests/detect/window_runs.h"
#include "tests/support/effort.h"
#include "tests/support/test_keys.h"

namespace dumpgate {

extern const Detector& der_text_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string base64(const test::Bytes& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string url(std::string text) {
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string hex(const test::Bytes& bytes, bool upper, const std::string& between) {
  std::string text;
  for (const char c : to_hex(bytes)) {
    text += upper && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    if (text.size() % (2 + between.size()) == 2) text += between;
  }
  return text;
}

std::string lines(const std::string& text, std::size_t columns, const std::string& line_break) {
  std::string broken;
  for (std::size_t at = 0; at < text.size(); at += columns) broken += text.substr(at, columns) + line_break;
  return broken;
}

test::Bytes after(std::size_t count, const test::Bytes& bytes) {
  test::Bytes longer(count, std::byte{1});
  longer.insert(longer.end(), bytes.begin(), bytes.end());
  return longer;
}

struct Specimen {
  test::Bytes der{};
  Form form = Form::none;
};

const std::vector<Specimen>& specimens() {
  static const std::vector<Specimen> all = [] {
    const auto rsa = test::make_rsa(2048);
    const auto ec = test::make_ec("prime256v1");
    return std::vector<Specimen>{{test::pkcs8_of(rsa), Form::pkcs8_private},
                                 {test::traditional_of(rsa), Form::pkcs1_private},
                                 {test::pkcs8_of(ec), Form::pkcs8_private},
                                 {test::traditional_of(ec), Form::sec1_private},
                                 {test::pkcs8_of(test::make_ec("secp521r1")), Form::pkcs8_private},
                                 {test::pkcs8_of(test::make_key("ED25519")), Form::pkcs8_private}};
  }();
  return all;
}

std::vector<std::string> texts_of(const test::Bytes& der) {
  return {base64(der),
          base64(after(1, der)),
          base64(after(2, der)),
          url(base64(der)),
          lines(base64(der), 64, "\n"),
          lines(base64(der), 76, "\r\n    "),
          lines(base64(der), 64, "\\n"),
          "\"" + lines(base64(der), 60, "\"\n  \""),
          hex(der, false, ""),
          hex(der, true, ""),
          lines(hex(der, false, ":"), 45, "\n        "),
          lines(hex(der, true, " "), 48, "\n")};
}

TEST(DerText, AKeyIsFoundOnceInEveryLayout) {
  for (const Specimen& specimen : specimens()) {
    for (const std::string& text : texts_of(specimen.der)) {
      const auto found = find_with(der_text_detector, std::string("{\0", 2) + text + "}");
      ASSERT_EQ(found.size(), 1U) << text.substr(0, 8);
      EXPECT_EQ(found[0].form, specimen.form);
      EXPECT_EQ(test::Bytes(found[0].payload.begin(), found[0].payload.end()), specimen.der);
      EXPECT_GE(found[0].size + 40, text.size());
    }
  }
}

TEST(DerText, ABodyWithoutItsHeadIsAChainOrATail) {
  const std::string rsa = lines(base64(specimens()[1].der), 64, "\n");
  for (std::size_t begin = 50; begin < 400; begin += 7) {
    const auto found = find_with(der_text_detector, std::string(8, '\0') + rsa.substr(begin));
    ASSERT_EQ(found.size(), 1U) << begin;
    EXPECT_EQ(found[0].form, Form::rsa_chain);
    EXPECT_EQ(found[0].representation, "der-headless-base64");
  }
  const auto tail = find_with(der_text_detector, std::string(8, '\0') + base64(specimens()[3].der).substr(6));
  ASSERT_EQ(tail.size(), 1U);
}

TEST(DerText, AnArmourIsLeftToItsOwnDetector) {
  const std::string body = lines(base64(specimens()[0].der), 64, "\n");
  const std::string label = "PRIVATE KEY-----\n";
  for (const std::string& text : {"-----BEGIN " + label + body + "-----END " + label,
                                  "-----BEGIN " + label + body, body + "-----END " + label})
    EXPECT_TRUE(find_with(der_text_detector, text).empty());
  EXPECT_EQ(find_with(der_text_detector, body + "-----END CERTIFICATE-----").size(), 1U);
  EXPECT_EQ(find_with(der_text_detector, "-----END " + label + body).size(), 1U);
}

TEST(DerText, PublicKeysAndOtherTextAreNothing) {
  const auto rsa = test::make_rsa(2048);
  for (const std::string& text : texts_of(test::spki_of(rsa)))
    EXPECT_TRUE(find_with(der_text_detector, text).empty());
  for (const std::string_view text : {"AgEAAoIBAQ", "02010002820101", "MIIEAgEAAoIB", "02:01:00:02:82"})
    EXPECT_TRUE(find_with(der_text_detector, text).empty());
}

TEST(DerText, TheSizeOfWindowsDoesNotShow) {
  std::string bytes;
  for (std::size_t i = 0; i < 40; ++i) {
    const auto texts = texts_of(specimens()[i % specimens().size()].der);
    bytes += std::string(997 * (i % 3), ' ') + std::string(100, '\0') + texts[i % texts.size()];
  }
  const auto whole = summaries(find_with(der_text_detector, bytes));
  EXPECT_GE(whole.size(), 40U);
  for (const std::size_t own : {512U, 4099U, 65'536U})
    EXPECT_TRUE(summaries(find_with(der_text_detector, bytes, own)) == whole) << own;
}

TEST(DerText, ATextFullOfAnchorsStaysCheap) {
  for (const std::string_view piece : {"AoGBA", "AgEAAoIBAQ", "0281810002010002820101000203010001",
                                       "02:81:81:00:", "AoGBA\n", "AgEAAoGBA+"}) {
    std::string text;
    while (text.size() < effort(500'000, 25'000)) text += piece;
    (void)find_with(der_text_detector, text);
  }
}

}  // namespace
}  // namespace dumpgate
