// Signing keys: their files, and signatures against the published vectors and openssl.

#include "scanner/evidence/signer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "scanner/base/hex.h"
#include "scanner/evidence/key_directory.h"
#include "tests/support/evidence.h"

namespace dumpgate {
namespace {

std::vector<std::byte> from_text(std::string_view hex) { return *from_hex(hex); }
mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

// RFC 8032, section 7.1, test 2.
TEST(Signer, VerifiesAsTheRfcDoes) {
  Ed25519PublicKey key{};
  std::ranges::copy(from_text("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
                    key.begin());
  const auto signature = from_text(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(verify_ed25519(key, from_text("72"), signature));
  EXPECT_FALSE(verify_ed25519(key, from_text("73"), signature));
  EXPECT_FALSE(verify_ed25519(key, {}, signature));
  EXPECT_FALSE(verify_ed25519(key, from_text("72"), {}));
  EXPECT_FALSE(verify_ed25519(key, from_text("72"), std::span(signature).first(63)));
  for (std::size_t at = 0; at < signature.size(); ++at) {
    auto changed = signature;
    changed[at] ^= std::byte{1};
    EXPECT_FALSE(verify_ed25519(key, from_text("72"), changed)) << at;
  }
}

TEST(Signer, KeysMadeHereAreReadHereAndByOpenssl) {
  const TemporaryDirectory directory;
  const auto made = create_signing_key(directory.file("key"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(mode_of(directory.file("key")), 0600U);
  const auto read = read_signing_key(directory.file("key"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->public_key(), (*made)->public_key());
  const auto hash = run_shell("openssl pkey -in " + directory.file("key") +
                              " -pubout -outform DER | sha256sum | cut -d' ' -f1");
  EXPECT_EQ(hash.out, ed25519_key_id((*made)->public_key()) + "\n");

  directory.write("message", "what is signed");
  const auto signature = (*read)->sign(std::as_bytes(std::span(std::string_view("what is signed"))));
  ASSERT_TRUE(signature);
  directory.write("signature",
                  std::string(reinterpret_cast<const char*>(signature->data()), signature->size()));
  const auto verified = run_shell("openssl pkeyutl -verify -rawin -inkey " + directory.file("key") + " -in " +
                                  directory.file("message") + " -sigfile " + directory.file("signature"));
  EXPECT_EQ(verified.code, 0) << verified.err;
}

TEST(Signer, ReadsKeysThatOpensslMakes) {
  const TemporaryDirectory directory;
  ASSERT_EQ(run_shell("umask 077; cd " + directory.file("") +
                      "; openssl genpkey -algorithm ed25519 -out key; openssl pkey -in key -pubout -out pem; "
                      "openssl pkey -in key -pubout -outform DER -out der")
                .code,
            0);
  const auto signer = read_signing_key(directory.file("key"));
  ASSERT_TRUE(signer) << signer.error().message;
  for (const char* const name : {"pem", "der"}) {
    const auto key = read_ed25519_public_key(directory.file(name));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(*key, (*signer)->public_key());
  }
  directory.write("longer", read_whole(directory.file("der")) + "x");
  EXPECT_FALSE(read_ed25519_public_key(directory.file("longer")));
}

TEST(Signer, RefusesKeyFilesThatOthersMayRead) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(create_signing_key(directory.file("key")));
  for (const mode_t mode : {0640U, 0604U, 0660U, 0601U}) {
    ASSERT_EQ(::chmod(directory.file("key").c_str(), mode), 0);
    const auto read = read_signing_key(directory.file("key"));
    ASSERT_FALSE(read) << std::oct << mode;
    EXPECT_EQ(read.error().code, ErrorCode::usage);
  }
}

TEST(Signer, RefusesOtherFiles) {
  const TemporaryDirectory directory;
  ASSERT_EQ(
      run_shell("umask 077; cd " + directory.file("") +
                "; openssl genpkey -algorithm x25519 -out x25519; openssl genpkey -algorithm ec "
                "-pkeyopt ec_paramgen_curve:P-256 -out ec; openssl genpkey -algorithm ed25519 -aes256 "
                "-pass pass:abcd -out sealed; : > empty; head -c 1000000 /dev/zero > large; mkdir folder; "
                "openssl genpkey -algorithm ed25519 | head -2 > cut")
          .code,
      0);
  for (const char* const name : {"x25519", "ec", "sealed", "empty", "large", "folder", "cut", "missing"}) {
    EXPECT_FALSE(read_signing_key(directory.file(name))) << name;
    EXPECT_FALSE(read_ed25519_public_key(directory.file(name))) << name;
  }
}

TEST(Signer, NeverWritesOverAKey) {
  const TemporaryDirectory directory;
  directory.write("key", "precious");
  EXPECT_FALSE(create_signing_key(directory.file("key")));
  EXPECT_EQ(read_whole(directory.file("key")), "precious");
  ASSERT_EQ(::symlink("elsewhere", directory.file("link").c_str()), 0);
  EXPECT_FALSE(create_signing_key(directory.file("link")));
  EXPECT_FALSE(std::filesystem::exists(directory.file("elsewhere")));
}

TEST(KeyDirectory, HoldsTwoKeysThatAreMadeOnce) {
  const TemporaryDirectory home;
  const std::string directory = home.file("a/keys");
  std::unique_ptr<Signer> made;
  {
    const auto making = KeyMaking::begin(directory, "a in b");
    ASSERT_TRUE(making) << making.error().message;
    EXPECT_FALSE(KeyMaking::begin(directory, "a in b"));  // one at a time
    auto keys = making->keys();
    ASSERT_TRUE(keys) << keys.error().message;
    made = std::move(*keys);
  }
  EXPECT_FALSE(open_signing_key(directory));  // not before their log is there
  EXPECT_FALSE(KeyMaking::begin(directory, "c in b"));
  const auto making = KeyMaking::begin(directory, "a in b");
  ASSERT_TRUE(making && making->goes_on());
  EXPECT_EQ(making->keys().value()->public_key(), made->public_key());
  ASSERT_TRUE(making->finish());
  EXPECT_EQ(mode_of(directory), 0700U);
  EXPECT_EQ(mode_of(directory + "/gate.key"), 0600U);
  EXPECT_EQ(mode_of(directory + "/site.key"), 0600U);
  const std::string site_key = read_whole(directory + "/site.key");
  EXPECT_EQ(site_key.size(), 32U);
  const auto opened = open_signing_key(directory);
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->public_key(), made->public_key());
  EXPECT_FALSE(KeyMaking::begin(directory, "a in b"));
  EXPECT_EQ(read_whole(directory + "/site.key"), site_key);
}

}  // namespace
}  // namespace dumpgate
