// A key's name is what OpenSSL's command prints; files of public keys are read in every form people have them
// in.

#include "scanner/proof/public_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

using test::Key;

// A folder of its own, removed with all it holds: the private keys in it live as long as one test.
class PublicKeyFile : public testing::Test {
 protected:
  PublicKeyFile() : folder_(std::filesystem::temp_directory_path() / "dumpgate-XXXXXX") {
    std::string name = folder_.string();
    test::require(mkdtemp(name.data()) != nullptr, "mkdtemp");
    folder_ = name;
  }
  ~PublicKeyFile() override { std::filesystem::remove_all(folder_); }
  PublicKeyFile(const PublicKeyFile&) = delete;
  PublicKeyFile& operator=(const PublicKeyFile&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string file(const std::string& name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  std::string file(const std::string& name, std::span<const std::byte> content) const {
    return file(name, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
  }

 private:
  std::filesystem::path folder_;
};

std::string output_of(const std::string& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  test::require(pipe != nullptr, command);
  std::string output;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) output += part.data();
  test::require(pclose(pipe) == 0, command);
  return output;
}

std::string pem_of(const Key& key) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string base64url_of(std::span<const std::byte> bytes) {
  std::string text(bytes.size() * 2 + 8, '\0');
  const auto* const octets = reinterpret_cast<const unsigned char*>(bytes.data());
  auto* const out = reinterpret_cast<unsigned char*>(text.data());
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(out, octets, static_cast<int>(bytes.size()))));
  for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with('=')) text.pop_back();
  return text;
}

TEST_F(PublicKeyFile, NamesAreWhatTheOpensslCommandPrints) {
  const std::vector<std::string> kinds{
      "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
      "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_pss_keygen_md:sha256",
      "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
      "-algorithm EC -pkeyopt ec_paramgen_curve:sect571k1",
      "-algorithm EC -pkeyopt ec_paramgen_curve:SM2",
      "-algorithm ED25519",
      "-algorithm ED448",
      "-algorithm X25519",
      "-algorithm X448",
      "-algorithm DH -pkeyopt group:ffdhe2048",
  };
  for (const auto& kind : kinds) {
    const std::string key = path("key.pem");
    const std::string spki = path("spki.der");
    output_of("openssl genpkey " + kind + " -out " + key + " 2>/dev/null");
    output_of("openssl pkey -in " + key + " -pubout -outform DER -out " + spki);
    const auto printed =
        output_of("openssl pkey -in " + key + " -pubout -outform DER | sha256sum").substr(0, 64);
    const auto keys = read_public_keys(spki);
    ASSERT_TRUE(keys) << kind;
    EXPECT_EQ(keys->front().key.sha256, printed) << kind;
  }
}

TEST_F(PublicKeyFile, ReadsSeveralPemBlocksAndNumbersThem) {
  const auto first = test::make_ec("prime256v1");
  const auto second = test::make_key("ED25519");
  const auto keys = read_public_keys(file("both.pem", pem_of(first) + "a remark\n" + pem_of(second)));
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ((*keys)[0].name, "both.pem#1");
  EXPECT_EQ((*keys)[0].key.sha256, test::name_of(first));
  EXPECT_EQ((*keys)[1].key.sha256, test::name_of(second));
}

TEST_F(PublicKeyFile, ReadsJwks) {
  const auto ec = test::make_ec("prime256v1");
  const auto rsa = test::make_rsa(1024);
  const auto ed = test::make_key("ED25519");
  const auto ec_numbers = parse_spki(test::spki_of(ec)).value();
  const auto rsa_numbers = parse_spki(test::spki_of(rsa)).value();
  const auto ed_numbers = parse_spki(test::spki_of(ed)).value();
  const std::string text =
      R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + base64url_of(ec_numbers.x) + R"(","y":")" +
      base64url_of(ec_numbers.y) + R"("},{"kty":"RSA","n":")" + base64url_of(rsa_numbers.n) +
      R"(","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":")" + base64url_of(ed_numbers.x) + "\"}]}";
  const auto keys = read_public_keys(file("jwks.json", text));
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3U);
  EXPECT_EQ((*keys)[0].key.sha256, test::name_of(ec));
  EXPECT_EQ((*keys)[1].key.sha256, test::name_of(rsa));
  EXPECT_EQ((*keys)[2].key.sha256, test::name_of(ed));
}

TEST_F(PublicKeyFile, ReadsWhatSshKeygenWrites) {
  for (const std::string type : {"rsa -b 2048", "ecdsa -b 384", "ed25519"}) {
    std::filesystem::remove(path("id"));
    if (std::system(("ssh-keygen -q -N '' -t " + type + " -f " + path("id") + " >/dev/null 2>&1").c_str()) !=
        0) {
      GTEST_SKIP() << "no ssh-keygen here";
    }
    const auto keys = read_public_keys(path("id.pub"));
    ASSERT_TRUE(keys) << type;
    const auto expected =
        output_of("ssh-keygen -e -m PKCS8 -f " + path("id.pub") +
                  " 2>/dev/null | openssl pkey -pubin -pubout -outform DER 2>/dev/null | sha256sum");
    if (type != "ed25519") {  // ssh-keygen 9.2 cannot write those
      EXPECT_EQ(keys->front().key.sha256, expected.substr(0, 64)) << type;
    }
    EXPECT_FALSE(read_public_keys(path("id"))) << "a private key must be refused";
  }
}

TEST_F(PublicKeyFile, RefusesPrivateKeysAndSaysSo) {
  const auto key = test::make_ec("prime256v1");
  for (const auto& path :
       {file("a.der", test::pkcs8_of(key)), file("b.der", test::traditional_of(key)),
        file("c.json", R"({"kty":"EC","crv":"P-256","d":"AAAA"})"),
        file("d.pem", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n")}) {
    const auto keys = read_public_keys(path);
    ASSERT_FALSE(keys) << path;
    EXPECT_THAT(keys.error().message, testing::HasSubstr("private key")) << path;
  }
}

TEST_F(PublicKeyFile, RefusesWhatIsNoKey) {
  EXPECT_FALSE(read_public_keys(path("absent")));
  EXPECT_FALSE(read_public_keys(file("empty", "")));
  EXPECT_FALSE(read_public_keys(file("text", "ssh-rsa AAAA\n{\n")));
  EXPECT_FALSE(read_public_keys(std::filesystem::temp_directory_path().string()));
}

TEST(PublicKey, NumbersAndEncodingsGiveTheSameName) {
  const auto rsa = test::make_rsa(1024);
  const auto numbers = parse_spki(test::spki_of(rsa)).value();
  EXPECT_EQ(rsa_public_key(numbers.n, numbers.e)->sha256, test::name_of(rsa));
  const auto ec = test::make_ec("secp384r1");
  const auto point = parse_spki(test::spki_of(ec)).value();
  EXPECT_EQ(ec_public_key("secp384r1", point.x, point.y)->sha256, test::name_of(ec));
}

TEST(PublicKey, APointOffTheCurveIsNoKey) {
  const auto point = parse_spki(test::spki_of(test::make_ec("prime256v1"))).value();
  auto y = point.y;
  y.back() ^= std::byte{1};
  EXPECT_FALSE(ec_public_key("prime256v1", point.x, y));
  EXPECT_FALSE(ec_public_key("no such curve", point.x, point.y));
}

TEST(PublicKey, UselessModuliAreNoKeys) {
  const std::array three{std::byte{3}};
  EXPECT_FALSE(rsa_public_key({}, three));
  EXPECT_FALSE(rsa_public_key(three, three));
  auto even = test::noise(128, 3);
  even.back() &= std::byte{0xfe};
  EXPECT_FALSE(rsa_public_key(even, three));
}

}  // namespace
}  // namespace dumpgate
