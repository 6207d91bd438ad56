// Public keys of name servers and of OpenPGP, in binary: leads for the hunt, with their numbers in them.

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>

#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& armour_detector;
extern const Detector& dnskey_record_detector;
extern const Detector& pgp_public_detector;

namespace {

using testing_support::find_with;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string spki_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

std::string number_of(EVP_PKEY* key, const char* name, int size) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  EXPECT_EQ(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size), size);
  BN_free(number);
  return bytes;
}

std::string raw_of(EVP_PKEY* key) {
  std::string bytes(64, '\0');
  std::size_t size = bytes.size();
  EXPECT_EQ(EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(bytes.data()), &size), 1);
  bytes.resize(size);
  return bytes;
}

std::string u16(std::size_t value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
}

// The key's numbers as they follow the head of a record: of RSA, of a curve, of an Edwards curve.
std::string dns_numbers(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return std::string("\3\1\0\1", 4) + number_of(key, OSSL_PKEY_PARAM_RSA_N, EVP_PKEY_get_bits(key) / 8);
    case EVP_PKEY_EC:
      return number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, EVP_PKEY_get_bits(key) / 8) +
             number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, EVP_PKEY_get_bits(key) / 8);
    default:
      return raw_of(key);
  }
}

std::string payload_of(const Candidate& found) {
  return {reinterpret_cast<const char*>(found.payload.data()), found.payload.size()};
}

struct Algorithm {
  int number;
  Key key;
};

TEST(DnskeyRecord, EveryAlgorithmIsALead) {
  std::vector<Algorithm> algorithms;
  algorithms.push_back({8, Key(EVP_RSA_gen(2048), &EVP_PKEY_free)});
  algorithms.push_back({10, Key(EVP_RSA_gen(1024), &EVP_PKEY_free)});
  algorithms.push_back({13, Key(EVP_EC_gen("P-256"), &EVP_PKEY_free)});
  algorithms.push_back({14, Key(EVP_EC_gen("P-384"), &EVP_PKEY_free)});
  algorithms.push_back({15, Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free)});
  algorithms.push_back({16, Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"), &EVP_PKEY_free)});
  for (const auto& [number, key] : algorithms) {
    for (const char role : {'\0', '\1'}) {
      const std::string record =
          std::string{'\1', role, '\3', static_cast<char>(number)} + dns_numbers(key.get());
      const auto found = find_with(dnskey_record_detector, "abc" + u16(record.size()) + record + "next");
      ASSERT_EQ(found.size(), 1U) << number;
      EXPECT_EQ(found[0].form, Form::spki);
      EXPECT_EQ(found[0].begin, 5U);
      EXPECT_EQ(found[0].size, record.size());
      EXPECT_EQ(payload_of(found[0]), spki_of(key.get()));
      EXPECT_TRUE(
          find_with(dnskey_record_detector, "abc" + u16(record.size() + 1) + record + "next").size() <=
          (number <= 10 ? 1U : 0U));
      EXPECT_TRUE(find_with(dnskey_record_detector, u16(record.size()) + record.substr(0, record.size() - 1))
                      .empty());
    }
  }
}

TEST(PgpPublic, RsaNumbersAreALead) {
  for (const unsigned bits : {1024U, 2048U, 3072U}) {
    const Key key(EVP_RSA_gen(bits), &EVP_PKEY_free);
    const std::string n = number_of(key.get(), OSSL_PKEY_PARAM_RSA_N, static_cast<int>(bits / 8));
    const auto found =
        find_with(pgp_public_detector, "\x04timeX" + u16(bits) + n + std::string("\0\x11\1\0\1", 5));
    ASSERT_EQ(found.size(), 1U) << bits;
    EXPECT_EQ(payload_of(found[0]), spki_of(key.get()));
    EXPECT_TRUE(
        find_with(pgp_public_detector, "\x04timeX" + u16(bits - 1) + n + std::string("\0\x11\1\0\1", 5))
            .empty());
  }
}

TEST(PgpPublic, PointsAreALead) {
  struct Curve {
    const char* name;
    std::string oid;
    std::size_t bits;
  };
  for (const auto& [name, oid, bits] : {Curve{"P-256", "\x2a\x86\x48\xce\x3d\x03\x01\x07", 515},
                                        Curve{"P-384", std::string("\x2b\x81\x04\0\x22", 5), 771},
                                        Curve{"P-521", std::string("\x2b\x81\x04\0\x23", 5), 1059},
                                        Curve{"secp256k1", std::string("\x2b\x81\x04\0\x0a", 5), 515},
                                        Curve{"brainpoolP256r1", "\x2b\x24\3\3\2\x8\1\1\x7", 515},
                                        Curve{"brainpoolP384r1", "\x2b\x24\3\3\2\x8\1\1\xb", 771},
                                        Curve{"brainpoolP512r1", "\x2b\x24\3\3\2\x8\1\1\xd", 1027}}) {
    const Key key(EVP_EC_gen(name), &EVP_PKEY_free);
    const int size = (EVP_PKEY_get_bits(key.get()) + 7) / 8;
    const std::string packet = "\x13" + std::string(1, static_cast<char>(oid.size())) + oid + u16(bits) +
                               "\4" + number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, size) +
                               number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size);
    const auto found = find_with(pgp_public_detector, packet);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(payload_of(found[0]), spki_of(key.get()));
  }
  for (const auto& [name, oid] :
       {std::pair<const char*, std::string>{"ED25519", "\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"},
        std::pair<const char*, std::string>{"X25519", "\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01"}}) {
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, name), &EVP_PKEY_free);
    const auto found = find_with(pgp_public_detector, "\x16" + oid + u16(263) + "\x40" + raw_of(key.get()));
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(payload_of(found[0]), spki_of(key.get()));
  }
}

// RFC 9580 section 5.5.2.3 and 5.5.5.
// Whole, and with the BEGIN line lost; packets before and behind the key.
TEST(PgpPublic, KeysInArmourAreLeads) {
  const Key key(EVP_EC_gen("brainpoolP384r1"), &EVP_PKEY_free);
  const std::string oid = "\x2b\x24\3\3\2\x8\1\1\xb";
  const std::string packet = "\x98\x73\4time\x13" + std::string(1, static_cast<char>(oid.size())) + oid +
                             u16(771) + "\4" + number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, 48) +
                             number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 48) + "\xb4\x03me@";
  std::string base64(4 * packet.size(), '\0');
  base64.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(base64.data()), reinterpret_cast<const unsigned char*>(packet.data()),
      static_cast<int>(packet.size()))));
  for (std::size_t at = 64; at < base64.size(); at += 65) base64.insert(at, "\n");
  for (const std::string label : {"PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK"}) {
    const std::string text = "-----BEGIN " + label + "-----\nComment: a key\n\n" + base64 +
                             "\n=AAAA\n-----END " + label + "-----\n";
    for (const std::string& each : {text, text.substr(20)}) {
      const auto found = find_with(armour_detector, each);
      const auto lead = std::ranges::find(found, Form::spki, &Candidate::form);
      ASSERT_NE(lead, found.end()) << each;
      EXPECT_EQ(payload_of(*lead), spki_of(key.get()));
      EXPECT_EQ(found.size(), label == "PGP PUBLIC KEY BLOCK" ? 1U : 2U);
    }
  }
}

TEST(PublicRecords, AnchorsAloneAreNothing) {
  for (const Detector* detector : {&dnskey_record_detector, &pgp_public_detector}) {
    std::string bytes;
    while (bytes.size() < 200'000)
      for (const std::string_view anchor : detector->anchors()) bytes += anchor;
    EXPECT_TRUE(find_with(*detector, bytes).empty()) << detector->name();
    for (const std::string_view anchor : detector->anchors())
      EXPECT_TRUE(find_with(*detector, anchor).empty());
  }
}

}  // namespace
}  // namespace dumpgate
