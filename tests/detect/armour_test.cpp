// Armour is found in every form in which it travels, whole or cut, once, and never in a bare label.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <random>

#include "scanner/base/hex.h"
#include "tests/detect/window_runs.h"
#include "tests/support/effort.h"

namespace dumpgate {

extern const Detector& armour_detector;
extern const Detector& ssh_public_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

Key generate(const char* type, const char* curve = nullptr) {
  EVP_PKEY* const key = curve != nullptr ? EVP_PKEY_Q_keygen(nullptr, nullptr, type, curve)
                        : std::string_view(type) == "RSA"
                            ? EVP_PKEY_Q_keygen(nullptr, nullptr, type, std::size_t{2048})
                            : EVP_PKEY_Q_keygen(nullptr, nullptr, type);
  EXPECT_NE(key, nullptr) << type;
  return {key, EVP_PKEY_free};
}

std::string written(const std::function<int(BIO*)>& write) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free_all);
  EXPECT_EQ(write(bio.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string base64(std::string_view bytes, std::size_t width = 0) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  if (width != 0) {
    for (std::size_t at = width; at < text.size(); at += width + 1) text.insert(at, "\n");
  }
  return text;
}

std::string armoured(const std::string& label, std::string_view bytes, const std::string& headers = "",
                     const std::string& after = "") {
  return "-----BEGIN " + label + "-----\n" + headers + base64(bytes, 64) + "\n" + after + "-----END " +
         label + "-----\n";
}

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  EXPECT_EQ(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)), 1);
  return bytes;
}

std::string ssh_string(std::string_view text) {
  std::string bytes{0, 0, static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)};
  return bytes.append(text);
}

std::string openssh_key(bool encrypted) {
  const std::string type = ssh_string("ssh-ed25519");
  const std::string public_part = random_bytes(32);
  const std::string check = random_bytes(4);
  const std::string private_part = check + check + type + ssh_string(public_part) +
                                   ssh_string(random_bytes(32) + public_part) + ssh_string("") + "\1\2\3";
  return "openssh-key-v1" + std::string(1, '\0') + ssh_string(encrypted ? "aes256-ctr" : "none") +
         ssh_string(encrypted ? "bcrypt" : "none") + ssh_string(encrypted ? random_bytes(24) : "") +
         std::string("\0\0\0\1", 4) + ssh_string(type + ssh_string(public_part)) +
         ssh_string(private_part + std::string((8 - private_part.size() % 8) % 8, '\4'));
}

struct Specimen {
  std::string name;
  std::string text;  // PEM
  std::string signature;
  Form form;
  bool encrypted;
};

std::string pkcs8(const Key& key) {
  return written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}
std::string traditional(const Key& key) {
  return written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

const std::vector<Specimen>& specimens() {
  static const std::vector<Specimen> all = [] {
    std::vector<Specimen> made;
    const Key rsa = generate("RSA");
    const Key ec = generate("EC", "P-256");
    made.push_back({"rsa", traditional(rsa), "rsa-private-key", Form::pkcs1_private, false});
    made.push_back({"rsa pkcs8", pkcs8(rsa), "rsa-private-key", Form::pkcs8_private, false});
    made.push_back({"ec", traditional(ec), "ec-private-key", Form::sec1_private, false});
    made.push_back({"ec pkcs8", pkcs8(ec), "ec-private-key", Form::pkcs8_private, false});
    for (const char* const curve : {"P-384", "P-521", "secp256k1", "brainpoolP256r1"}) {
      made.push_back({curve, pkcs8(generate("EC", curve)), "ec-private-key", Form::pkcs8_private, false});
    }
    made.push_back(
        {"ed25519", pkcs8(generate("ED25519")), "ed25519-private-key", Form::pkcs8_private, false});
    made.push_back({"ed448", pkcs8(generate("ED448")), "ed448-private-key", Form::pkcs8_private, false});
    made.push_back({"x25519", pkcs8(generate("X25519")), "x25519-private-key", Form::pkcs8_private, false});
    made.push_back({"x448", pkcs8(generate("X448")), "x448-private-key", Form::pkcs8_private, false});
    char password[] = "password";
    made.push_back({"encrypted pkcs8", written([&](BIO* bio) {
                      return PEM_write_bio_PKCS8PrivateKey(bio, rsa.get(), EVP_aes_256_cbc(), password, 8,
                                                           nullptr, nullptr);
                    }),
                    "encrypted-private-key", Form::pkcs8_encrypted, true});
    made.push_back({"encrypted rsa", written([&](BIO* bio) {
                      return PEM_write_bio_PrivateKey_traditional(bio, rsa.get(), EVP_aes_128_cbc(),
                                                                  reinterpret_cast<unsigned char*>(password),
                                                                  8, nullptr, nullptr);
                    }),
                    "rsa-private-key", Form::none, true});
    made.push_back({"openssh", armoured("OPENSSH PRIVATE KEY", openssh_key(false)), "openssh-private-key",
                    Form::openssh_private, false});
    made.push_back({"pgp",
                    armoured("PGP PRIVATE KEY BLOCK", "\x95\x03\x98\x04" + random_bytes(900),
                             "Version: A Program 1.0\n\n", "=AbC4\n"),
                    "pgp-private-key", Form::none, false});
    made.push_back({"unknown label", armoured("VERY NEW PRIVATE KEY", random_bytes(300)), "private-key",
                    Form::none, false});
    return made;
  }();
  return all;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string utf16(std::string_view text, bool big) {
  std::string wide;
  for (const char c : text) wide += big ? std::string{'\0', c} : std::string{c, '\0'};
  return wide;
}

std::string hex(std::string_view text, bool upper) {
  std::string digits = to_hex(std::as_bytes(std::span(text)));
  if (upper)
    for (char& c : digits) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return digits;
}

std::string percent(std::string_view text, bool all, bool plus) {
  std::string encoded;
  for (const char c : text) {
    if (plus && c == ' ')
      encoded += '+';
    else if (std::isalnum(static_cast<unsigned char>(c)) || (!all && c == '-'))
      encoded += c;
    else
      encoded += "%" + hex(std::string_view(&c, 1), true);
  }
  return encoded;
}

// Every character as an escape.
std::string escaped(std::string_view text, std::string_view escape, bool upper) {
  std::string encoded;
  for (const char c : text) encoded.append(escape).append(hex(std::string_view(&c, 1), upper));
  return encoded;
}

std::string each_line(const std::string& text, std::string_view before, std::string_view after) {
  std::string lines(before);
  lines += replaced(text, "\n", std::string(after) + std::string(before));
  return lines.substr(0, lines.size() - before.size());
}

struct Encoding {
  std::string name;
  std::string representation;
  std::function<std::string(const std::string&)> encode;
};

const std::vector<Encoding>& encodings() {
  using S = const std::string&;
  static const std::vector<Encoding> all{
      {"plain", "pem", [](S t) { return t; }},
      {"one line", "pem", [](S t) { return replaced(t, "\n", ""); }},
      {"one line with spaces", "pem", [](S t) { return replaced(t, "\n", " "); }},
      {"crlf", "pem", [](S t) { return replaced(t, "\n", "\r\n"); }},
      {"cr", "pem", [](S t) { return replaced(t, "\n", "\r"); }},
      {"nul", "pem", [](S t) { return replaced(t, "\n", std::string_view("\0", 1)); }},
      {"indented", "pem", [](S t) { return each_line(t, "    ", "\n"); }},
      {"quoted mail", "pem", [](S t) { return each_line(t, "> ", "\n"); }},
      {"json list", "pem", [](S t) { return each_line(t, "  \"", "\",\n"); }},
      {"json", "pem-json",
       [](S t) { return "{\"private_key\": \"" + replaced(replaced(t, "/", "\\/"), "\n", "\\n") + "\"}"; }},
      {"json twice", "pem-json", [](S t) { return replaced(t, "\n", "\\\\n"); }},
      {"json crlf", "pem-json", [](S t) { return replaced(t, "\n", "\\r\\n"); }},
      {"json code points", "pem-json",
       [](S t) { return replaced(replaced(t, "-", "\\u002d"), "\n", "\\n"); }},
      {"json code points twice", "pem-json",
       [](S t) { return replaced(replaced(t, "-", "\\\\u002D"), "\n", "\\\\n"); }},
      {"all code points", "pem-json", [](S t) { return escaped(t, "\\u00", false); }},
      {"all bytes escaped", "pem-json", [](S t) { return escaped(t, "\\x", true); }},
      {"all percent", "pem-percent", [](S t) { return escaped(t, "%", true); }},
      {"all percent, small", "pem-percent", [](S t) { return escaped(t, "%", false); }},
      {"c string", "pem-json", [](S t) { return each_line(t, "  \"", "\\n\" \\\n"); }},
      {"js string", "pem-json", [](S t) { return each_line(t, "  \"", "\\n\" +\n"); }},
      {"xml", "pem-xml", [](S t) { return replaced(t, "\n", "&#xD;&#xA;"); }},
      {"xml decimal", "pem-xml", [](S t) { return replaced(t, "\n", "&#13;\n"); }},
      {"html", "pem-xml", [](S t) { return replaced(replaced(t, "+", "&#x2B;"), "\n", "&#10;"); }},
      {"utf16le", "pem-utf16le", [](S t) { return utf16(t, false); }},
      {"utf16be", "pem-utf16be", [](S t) { return utf16(t, true); }},
      {"utf16le crlf", "pem-utf16le", [](S t) { return utf16(replaced(t, "\n", "\r\n"), false); }},
      {"base64", "pem-base64", [](S t) { return base64(t); }},
      {"base64 phase 1", "pem-base64", [](S t) { return base64("\n" + t); }},
      {"base64 phase 2", "pem-base64", [](S t) { return base64("\n\n" + t); }},
      {"base64 lines", "pem-base64", [](S t) { return base64(t, 76); }},
      {"base64url", "pem-base64", [](S t) { return replaced(replaced(base64(t), "+", "-"), "/", "_"); }},
      {"base64 in json", "pem-base64", [](S t) { return replaced(base64(t, 76), "\n", "\\n"); }},
      {"base64 in url", "pem-base64", [](S t) { return percent(base64(t), true, false); }},
      {"base64 twice", "pem-base64-base64", [](S t) { return base64(base64(t)); }},
      {"base64 of json", "pem-base64", [](S t) { return base64(replaced(t, "\n", "\\n")); }},
      {"base64 of utf16le", "pem-base64-utf16le", [](S t) { return base64(utf16(t, false)); }},
      {"base64 of utf16le phase 2", "pem-base64-utf16le", [](S t) { return base64(utf16("\n" + t, false)); }},
      {"base64 of utf16be", "pem-base64-utf16be", [](S t) { return base64(utf16(t, true)); }},
      {"base64 of utf16le with bom", "pem-base64-utf16le",
       [](S t) { return base64("\xff\xfe" + utf16(t, false)); }},
      {"utf16le of base64", "pem-utf16le-base64", [](S t) { return utf16(base64(t), false); }},
      {"utf16be of base64", "pem-utf16be-base64", [](S t) { return utf16(base64(t), true); }},
      {"utf16le of json", "pem-utf16le", [](S t) { return utf16(replaced(t, "\n", "\\n"), false); }},
      {"hex", "pem-hex", [](S t) { return hex(t, false); }},
      {"upper hex", "pem-hex", [](S t) { return hex(t, true); }},
      {"percent", "pem-percent", [](S t) { return percent(t, true, false); }},
      {"percent but dashes", "pem-percent", [](S t) { return percent(t, false, false); }},
      {"form", "pem-percent", [](S t) { return percent(t, false, true); }},
      {"form with dashes", "pem-percent", [](S t) { return percent(t, true, true); }},
  };
  return all;
}

SecretBytes body_of(const std::string& pem) {
  std::string body = pem.substr(pem.find("-----\n") + 6);
  if (const std::size_t headers = body.find("\n\n"); headers != std::string::npos) body.erase(0, headers + 2);
  body.erase(body.find("-----END"));
  if (const std::size_t crc = body.find("\n="); crc != std::string::npos) body.erase(crc);
  const Bio memory(BIO_new_mem_buf(body.data(), static_cast<int>(body.size())), BIO_free_all);
  BIO* const decoder = BIO_push(BIO_new(BIO_f_base64()), memory.get());
  SecretBytes bytes(body.size());
  const int size = BIO_read(decoder, bytes.data(), static_cast<int>(bytes.size()));
  (void)BIO_pop(decoder);
  BIO_free(decoder);
  bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
  return bytes;
}

TEST(Armour, EveryKindIsFoundOnceInEveryEncoding) {
  for (const Specimen& specimen : specimens()) {
    const SecretBytes body = body_of(specimen.text);
    ASSERT_GT(body.size(), 40U) << specimen.name;
    for (const Encoding& encoding : encodings()) {
      SCOPED_TRACE(specimen.name + ", " + encoding.name);
      // Even offset, and ended by what ends a string in memory.
      const std::string before(64, '\xee');
      const std::string encoded = encoding.encode(specimen.text);
      const auto found = find_with(armour_detector, before + encoded + std::string(4, '\0') + "after");
      ASSERT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].signature, specimen.signature);
      EXPECT_EQ(found[0].form, specimen.form);
      EXPECT_EQ(found[0].encrypted, specimen.encrypted);
      EXPECT_EQ(found[0].representation, encoding.representation);
      EXPECT_FALSE(found[0].cut);
      EXPECT_GE(found[0].evidence, Evidence::marker);
      // Where "Version: 1.0" runs into the body nobody can tell them apart.
      const bool is_mixed = specimen.name == "pgp" && encoding.name == "one line";
      EXPECT_TRUE(is_mixed || found[0].payload == body);
      EXPECT_GE(found[0].begin, before.size());
      EXPECT_LE(found[0].begin + found[0].size, before.size() + encoded.size());
      EXPECT_GE(found[0].size, encoded.size() - 24);
    }
  }
}

TEST(Armour, AHeadIsFoundHoweverMuchOfItsEndIsLost) {
  for (const Encoding& encoding : encodings()) {
    for (const Specimen& specimen : {specimens()[1], specimens()[8]}) {
      const std::string whole = encoding.encode(specimen.text);
      const std::string needed =
          encoding.encode(specimen.text.substr(0, specimen.text.find("-----\n") + 6 + 40));
      const std::size_t step = specimen.text.size() > 1000 ? 37 : 5;
      for (std::size_t size = needed.size() + 8; size < whole.size(); size += step) {
        SCOPED_TRACE(specimen.name + ", " + encoding.name + ", " + std::to_string(size));
        const auto found = find_with(
            armour_detector, std::string(64, '\xee') + whole.substr(0, size) + std::string(128, '\x80'));
        ASSERT_EQ(found.size(), 1U);
        EXPECT_GE(found[0].evidence, Evidence::marker);
        EXPECT_NE(found[0].signature, "");
        const SecretBytes body = body_of(specimen.text);
        ASSERT_LE(found[0].payload.size(), body.size());
        EXPECT_TRUE(std::equal(found[0].payload.begin(), found[0].payload.end(), body.begin()));
      }
    }
  }
}

TEST(Armour, ATailIsFoundHoweverMuchOfItsBeginningIsLost) {
  for (const Encoding& encoding : encodings()) {
    if (encoding.name == "base64 twice") continue;  // its tail is not announced
    for (const Specimen& specimen : {specimens()[0], specimens()[2]}) {
      const std::string whole = encoding.encode(specimen.text);
      const SecretBytes body = body_of(specimen.text);
      const std::size_t end = specimen.text.find("-----END");
      const std::size_t last = encoding.encode(specimen.text.substr(0, end - 48)).size();
      for (std::size_t cut = 3; cut < last; cut += specimen.text.size() > 1000 ? 37U : 5U) {
        SCOPED_TRACE(specimen.name + ", " + encoding.name + ", " + std::to_string(cut));
        // As free() leaves it: the first bytes overwritten, the rest where it was.
        std::string bytes = std::string(64, '\xee') + whole + std::string(8, '\0');
        std::fill_n(bytes.begin() + 64, cut, '\xf0');
        auto found = find_with(armour_detector, bytes);
        // What is left is looked through too, and may by chance hold what looks like the numbers of another
        // key.
        if (found.size() > 1)
          std::erase_if(found,
                        [](const Candidate& one) { return one.detail != "the head of the armour is lost"; });
        ASSERT_EQ(found.size(), 1U);
        EXPECT_GE(found[0].evidence, Evidence::marker);
        EXPECT_NE(found[0].signature, "");
        ASSERT_LE(found[0].payload.size(), body.size());
        // What is left of a character that was escaped may look like one, in the first group; of a code point
        // (five of \u0041 are left at the most) like several, in the first two.
        const std::ptrdiff_t stray = encoding.name == "all code points" ? 6 : 3;
        ASSERT_GE(std::ssize(found[0].payload), stray);
        EXPECT_TRUE(std::equal(found[0].payload.rbegin(), found[0].payload.rend() - stray, body.rbegin()));
      }
    }
  }
}

TEST(Armour, ATailKeepsWhatAProofCanUse) {
  const std::string& rsa = specimens()[0].text;
  auto found = find_with(armour_detector, "\xff\xff" + rsa.substr(36));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].form, Form::rsa_chain);
  EXPECT_TRUE(found[0].cut);
  EXPECT_EQ(found[0].payload.front(), std::byte{2});
  found = find_with(armour_detector, "\xff\xff" + rsa.substr(36).erase(400));
  EXPECT_TRUE(found.empty()) << "no marker is left";
  const std::string& ec = specimens()[2].text;
  found = find_with(armour_detector, "\xff\xff" + ec.substr(ec.find("-----\n") + 10));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].form, Form::ec_tail);
}

TEST(Armour, ATailWithPartOfItsLabelIsFound) {
  const std::string& rsa = specimens()[0].text;
  const std::size_t end = rsa.find("-----END") + 9;
  for (std::size_t size = end + 1; size < rsa.size(); ++size) {
    const auto found = find_with(armour_detector, rsa.substr(40, size - 40) + "\xff");
    ASSERT_EQ(found.size(), 1U) << size - end;
    EXPECT_EQ(found[0].evidence, Evidence::marker);
  }
}

TEST(Armour, NoLineBreakOfTheBase64AroundItHidesAnArmour) {
  const std::string& pem = specimens()[2].text;
  for (std::size_t shift = 0; shift < 60; ++shift) {
    const std::string text = base64(std::string(shift, '.') + "\n" + pem, 76);
    ASSERT_EQ(find_with(armour_detector, text).size(), 1U) << shift;
    // The last 120 bytes of the armour, without its BEGIN.
    ASSERT_EQ(
        find_with(armour_detector, base64(std::string(shift, '.') + pem.substr(pem.size() - 120), 76)).size(),
        1U)
        << shift;
  }
}

TEST(Armour, TwoHalvesWithALostMiddleAreBothFound) {
  std::string text = specimens()[0].text;
  text.replace(700, 64, std::string(64, '\xf0'));
  const auto found = find_with(armour_detector, text);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].cut && found[1].cut);
  EXPECT_EQ(found[0].evidence, Evidence::marker);
  EXPECT_EQ(found[1].evidence, Evidence::marker);
}

TEST(Armour, BareLabelsAreHints) {
  const std::string label = "RSA PRIVATE KEY";
  const std::string begin = "-----BEGIN " + label + "-----";
  const std::string end = "-----END " + label + "-----";
  const std::vector<std::string> texts{
      begin,
      end,
      begin + "\n",
      begin + std::string(1, '\0') + end,
      begin + std::string(200, '\0') + end,
      begin + "\n" + end + "\n",
      begin +
          std::string("\0Proc-Type: 4,ENCRYPTED\0DEK-Info: \0unable to read the private key from file\0no "
                      "start line\0",
                      90) +
          end,
      begin + "\n" + std::string(100, 'A') + "\n" + end,
      begin + "\n%s\n" + end,
      begin + "\n...\n" + end,
      begin + "\nthisisonlyanexampleoftextwithoutanykeyinside\n" + end,
      begin + "\x48\x89\xe5\xc3\x48\x83\xec\x08" + end,
      begin + end + "MalformedFramingUnexpectedEndOfInputNoPrivateKeysFound",
      "error reading private key in file" + end,
  };
  for (const std::string& text : texts) {
    for (const auto& encoding : {encodings()[0], encodings()[16]}) {
      const auto found =
          find_with(armour_detector, std::string(64, '\xee') + encoding.encode(text) + std::string(4, '\0'));
      EXPECT_THAT(found, testing::Not(testing::IsEmpty())) << text;
      for (const Candidate& each : found) {
        EXPECT_EQ(each.evidence, Evidence::hint) << text;
        EXPECT_TRUE(each.payload.empty());
      }
    }
  }
}

TEST(Armour, PublicThingsAreLeadsAndNothingElse) {
  const Key key = generate("EC", "P-256");
  const std::string pem = written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key.get()); });
  auto found = find_with(armour_detector, pem);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].signature, "");
  EXPECT_EQ(found[0].form, Form::spki);
  EXPECT_TRUE(found[0].payload == body_of(pem));
  found = find_with(armour_detector, pem.substr(0, 60));
  EXPECT_TRUE(found.empty());
  for (const char* const label :
       {"CERTIFICATE REQUEST", "X509 CRL", "EC PARAMETERS", "PGP PUBLIC KEY BLOCK", "PGP MESSAGE"}) {
    const std::string text = armoured(label, "\x30\x82\x01\x28" + random_bytes(300));
    EXPECT_TRUE(find_with(armour_detector, text).empty()) << label;
    EXPECT_TRUE(find_with(armour_detector, text.substr(60)).empty()) << label;
  }
}

TEST(Armour, TheBytesDecideWhereTheLabelIsWrong) {
  const Key key = generate("EC", "P-256");
  const std::string text = replaced(pkcs8(key), " PRIVATE KEY", " RSA PRIVATE KEY");
  auto found = find_with(armour_detector, text);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].form, Form::pkcs8_private);
  EXPECT_EQ(found[0].signature, "ec-private-key");
  found = find_with(armour_detector, replaced(pkcs8(key), " PRIVATE KEY", " SOMETHING"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].signature, "ec-private-key");
}

std::string der_of(const std::string& pem) {
  const SecretBytes body = body_of(pem);
  return {reinterpret_cast<const char*>(body.data()), body.size()};
}

bool holds(const std::vector<Candidate>& found, std::string_view encoding) {
  const auto wanted = std::as_bytes(std::span(encoding));
  return std::any_of(found.begin(), found.end(), [&](const Candidate& each) {
    return each.evidence >= Evidence::marker &&
           std::equal(each.payload.begin(), each.payload.end(), wanted.begin(), wanted.end());
  });
}

TEST(Armour, ALongHeaderIsNoBody) {
  const std::string encoding = der_of(specimens()[0].text);
  for (const std::size_t length : {60U, 128U, 192U}) {
    const std::string header = "Fingerprint: " + base64(random_bytes(length)) + "\n\n";
    EXPECT_TRUE(holds(find_with(armour_detector, armoured("RSA PRIVATE KEY", encoding, header)), encoding));
  }
}

TEST(Armour, WhatStandsBehindOrInsideAnEncodingIsFoundToo) {
  const std::string first = der_of(specimens()[0].text);
  const std::string openssh = openssh_key(false);
  for (const Specimen& hidden : specimens()) {
    if (hidden.form == Form::none) continue;
    const std::string second = der_of(hidden.text);
    SCOPED_TRACE(hidden.name);
    for (const std::string& front : {first, openssh}) {
      const std::string text = armoured("RSA PRIVATE KEY", front + second);
      const auto found = find_with(armour_detector, text);
      EXPECT_TRUE(holds(found, second));
      EXPECT_EQ(found.size(), 2U);
      for (const Candidate& each : found) {
        EXPECT_EQ(each.begin, 0U);
        EXPECT_EQ(each.size, text.size() - 1);
        EXPECT_EQ(each.representation, "pem");
      }
      EXPECT_TRUE(holds(find_with(armour_detector, text.substr(0, text.find("-----END"))), second));
      EXPECT_TRUE(holds(find_with(armour_detector, armoured("SOMETHING", "junk" + second + front)), second));
    }
    // Zeros at the end look like no key; what stands before them does.
    const std::string tail = base64(second + std::string(300 + 3 - second.size() % 3, '\0'), 64);
    EXPECT_TRUE(holds(find_with(armour_detector, tail + "\n-----END RSA PRIVATE KEY-----\n"), second));
  }
}

TEST(Armour, NeitherAPublicLabelNorAFalseHeaderHidesAPrivateKey) {
  for (const Specimen& specimen : specimens()) {
    if (specimen.form == Form::none) continue;
    const std::string encoding = der_of(specimen.text);
    for (const char* const label : {"CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY"}) {
      SCOPED_TRACE(specimen.name + ", " + label);
      const auto found = find_with(armour_detector, armoured(label, encoding));
      ASSERT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].form, specimen.form);
      EXPECT_EQ(found[0].signature, specimen.signature);
      EXPECT_TRUE(holds(found, encoding));
    }
    const std::string header =
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + std::string(32, 'A') + "\n\n";
    const auto found = find_with(armour_detector, armoured("RSA PRIVATE KEY", encoding, header));
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const Candidate& each) {
      return each.form == specimen.form && each.encrypted == specimen.encrypted;
    })) << specimen.name;
  }
  const Key key = generate("EC", "P-256");
  const std::string pem = written([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key.get()); });
  EXPECT_TRUE(holds(find_with(armour_detector, armoured("PUBLIC KEY", der_of(pem) + der_of(pkcs8(key)))),
                    der_of(pkcs8(key))));
}

TEST(Armour, AnEmptyVersionIsNoKeyAndNoCrash) {
  const std::string inside = std::string("\2\0\x30\5\6\3\x2b\x65\x70\4\x22\4\x20", 13) + random_bytes(32);
  const auto found =
      find_with(armour_detector,
                armoured("PRIVATE KEY", "\x30" + std::string(1, static_cast<char>(inside.size())) + inside));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].evidence, Evidence::marker);
}

TEST(Armour, OtherArmouredKindsAreFound) {
  const std::string openvpn = "-----BEGIN OpenVPN Static key V1-----\n" + hex(random_bytes(256), false) +
                              "\n-----END OpenVPN Static key V1-----\n";
  auto found = find_with(armour_detector, openvpn);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].signature, "openvpn-static-key");
  EXPECT_EQ(found[0].payload.size(), 256U);
  EXPECT_EQ(found[0].evidence, Evidence::structure);

  const std::string ssh2 =
      "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nSubject: nobody\nComment: \"2048-bit rsa, made \\\nby a "
      "program\"\n" +
      base64("\x3f\x6f\xf9\xeb" + random_bytes(600), 70) + "\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n";
  found = find_with(armour_detector, ssh2);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].signature, "ssh2-private-key");
  EXPECT_FALSE(found[0].cut);
  EXPECT_EQ(found[0].payload.size(), 604U);
  EXPECT_EQ(find_with(armour_detector, "\xff" + ssh2.substr(200)).size(), 1U);

  const std::string cosign =
      armoured("ENCRYPTED SIGSTORE PRIVATE KEY",
               "{\"kdf\":{\"name\":\"scrypt\"},\"ciphertext\":\"" + base64(random_bytes(200)) + "\"}");
  found = find_with(armour_detector, cosign);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].signature, "sigstore-private-key");
}

TEST(Armour, SeveralArmoursInARowAreEachFound) {
  std::string text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  for (const Specimen& specimen : specimens()) text += specimen.text;
  for (const Encoding& encoding : encodings()) {
    if (encoding.name == "base64 twice") continue;
    const auto found = find_with(armour_detector, std::string(64, '\xee') + encoding.encode(text));
    EXPECT_GE(found.size(), specimens().size()) << encoding.name;
    EXPECT_LE(found.size(), specimens().size()) << encoding.name;
  }
}

TEST(Armour, TheSizeOfWindowsDoesNotShow) {
  std::mt19937 random(7);
  std::string bytes;
  for (const Encoding& encoding : encodings()) {
    for (const Specimen& specimen : {specimens()[0], specimens()[8], specimens()[13]}) {
      std::string text = encoding.encode(specimen.text);
      if (random() % 3 == 0) text.resize(random() % (text.size() + 1));
      if (random() % 3 == 0) text.erase(0, random() % (text.size() + 1));
      bytes += std::string(1 + random() % 700, static_cast<char>(0x80 + random() % 100)) + text;
    }
  }
  ASSERT_GT(bytes.size(), 2 * window_context);
  const auto whole = summaries(find_with(armour_detector, bytes));
  EXPECT_GT(whole.size(), encodings().size() * 2);
  for (const std::size_t own : {1024U, 4099U, 20'000U, 65'536U, 100'001U}) {
    EXPECT_TRUE(summaries(find_with(armour_detector, bytes, own)) == whole) << own;
  }
}

// Work is bounded because an armour's text stops at the next one's dashes. Were it not, these would take
// hours.
TEST(Armour, HostileBytesCostLittle) {
  std::vector<std::string> units{"-----BEGIN ",
                                 "-----END ",
                                 "-----BEGIN RSA PRIVATE KEY-----",
                                 "-----END RSA PRIVATE KEY-----",
                                 "-----BEGIN A-----a:",
                                 "---- BEGIN SSH2 ",
                                 "\\u002dBEGIN ",
                                 "\\",
                                 "%2DEND ",
                                 "-----END A-----=",
                                 "-----BEGIN A-----" + base64(random_bytes(90)),
                                 base64(random_bytes(90)) + "-----END RSA PRIVATE KEY-----"};
  for (const std::string plain :
       {"-----BEGIN ", "-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"}) {
    for (const Encoding& encoding : encodings()) {
      const std::string unit = encoding.encode(plain);
      units.push_back(unit);
      units.push_back(unit + "A");
      units.push_back(unit + "AB");
    }
  }
  constexpr std::size_t enough = effort(1 << 16, 1 << 11);
  for (const std::string& unit : units) {
    std::string bytes;
    while (bytes.size() < enough) bytes += unit;
    (void)find_with(armour_detector, bytes);
    (void)find_with(armour_detector, base64(bytes));
  }
}

TEST(SshPublic, TextAndBlobsAreLeads) {
  const std::string blob = ssh_string("ssh-rsa") + ssh_string(std::string("\1\0\1", 3)) +
                           ssh_string(std::string(1, '\0') + random_bytes(256));
  for (const std::string& sound :
       {ssh_string("ssh-ed25519") + ssh_string(random_bytes(32)), blob,
        ssh_string("ecdsa-sha2-nistp256") + ssh_string("nistp256") + ssh_string("\4" + random_bytes(64))}) {
    const std::string name = sound.substr(4, static_cast<std::size_t>(sound[3]));
    for (const std::string& text : {"x" + sound + "x", "\n" + name + " " + base64(sound) + " me@here\n"}) {
      const auto found = find_with(ssh_public_detector, text);
      ASSERT_EQ(found.size(), 1U) << name;
      EXPECT_EQ(found[0].form, Form::ssh_public);
      EXPECT_EQ(found[0].signature, "");
      EXPECT_TRUE(found[0].payload == secret_copy(std::as_bytes(std::span(sound))));
    }
    EXPECT_TRUE(find_with(ssh_public_detector, sound.substr(0, sound.size() - 1)).empty());
  }
}

}  // namespace
}  // namespace dumpgate
