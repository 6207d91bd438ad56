// openssh-key-v1, as ssh-keygen writes it: the binary form without its armour.

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "scanner/proof/prove.h"
#include "tests/support/test_keys.h"

namespace dumpgate {
namespace {

// The decoded body; empty without ssh-keygen.
SecretBytes make_openssh_key(const std::string& options) {
  std::string folder = (std::filesystem::temp_directory_path() / "dumpgate-XXXXXX").string();
  test::require(mkdtemp(folder.data()) != nullptr, "mkdtemp");
  const std::string path = folder + "/id";
  const bool made =
      std::system(("ssh-keygen -q " + options + " -f " + path + " >/dev/null 2>&1").c_str()) == 0;
  std::ifstream in(path);
  std::string body;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("-----")) body += line;
  }
  std::filesystem::remove_all(folder);
  if (!made) return {};
  SecretBytes decoded(body.size());
  auto* const out = reinterpret_cast<unsigned char*>(decoded.data());
  const auto* const text = reinterpret_cast<const unsigned char*>(body.data());
  decoded.resize(static_cast<std::size_t>(EVP_DecodeBlock(out, text, static_cast<int>(body.size()))));
  return decoded;
}

Finding judge(SecretBytes payload) {
  const Window window{};
  const Candidate candidate{.signature = "openssh-private-key",
                            .evidence = Evidence::structure,
                            .form = Form::openssh_private,
                            .payload = std::move(payload)};
  return prove(window, candidate).finding.value();
}

TEST(OpensshProof, EveryKindProvesItself) {
  const std::pair<const char*, const char*> kinds[] = {{"-t rsa -b 2048 -N ''", "n=p*q"},
                                                       {"-t ecdsa -b 256 -N ''", "d*G=Q"},
                                                       {"-t ecdsa -b 521 -N ''", "d*G=Q"},
                                                       {"-t ed25519 -N ''", "seed->A"}};
  for (const auto& [options, relation] : kinds) {
    const auto payload = make_openssh_key(options);
    if (payload.empty()) GTEST_SKIP() << "no ssh-keygen here";
    const auto finding = judge(payload);
    EXPECT_EQ(finding.evidence, Evidence::proof) << options;
    EXPECT_EQ(finding.relation, relation) << options;
    EXPECT_EQ(finding.use, KeyUse::signing) << options;
    EXPECT_TRUE(finding.public_key_derived);
    EXPECT_EQ(finding.public_key_sha256.size(), 64U);
    EXPECT_TRUE(finding.exemptible);
  }
}

// The last bytes of the private part: a comment without its text, and the padding.
TEST(OpensshProof, BytesThatTheKeyDoesNotAccountForForbidAnExemption) {
  const auto payload = make_openssh_key("-t ed25519 -N '' -C ''");
  if (payload.empty()) GTEST_SKIP() << "no ssh-keygen here";
  EXPECT_TRUE(judge(payload).exemptible);
  const std::size_t magic_and_names = 15 + 8 + 8 + 4;
  auto counted = payload;
  counted[magic_and_names + 3] = std::byte{2};
  auto padded = payload;
  padded.back() = std::byte{0x5a};
  auto cut = payload;
  cut.resize(payload.size() - 40);
  for (const auto& changed : {counted, padded, cut}) {
    const auto finding = judge(changed);
    EXPECT_FALSE(finding.exemptible);
    EXPECT_GE(finding.evidence, Evidence::marker);
  }
}

TEST(OpensshProof, AnEncryptedKeyIsNamedAndNotProven) {
  const auto payload = make_openssh_key("-t ed25519 -N secret -a 1");
  if (payload.empty()) GTEST_SKIP() << "no ssh-keygen here";
  const auto finding = judge(payload);
  EXPECT_EQ(finding.evidence, Evidence::structure);
  EXPECT_EQ(finding.kind, KeyKind::encrypted_private_key);
  EXPECT_EQ(finding.public_key_sha256.size(), 64U);
  EXPECT_FALSE(finding.public_key_derived);
}

TEST(OpensshProof, CutAnywhereIsNeverDroppedAndProvenWhileTheNumbersSuffice) {
  const auto payload = make_openssh_key("-t rsa -b 2048 -N ''");
  if (payload.empty()) GTEST_SKIP() << "no ssh-keygen here";
  for (std::size_t size = 0; size < payload.size(); size += 7) {
    const auto finding =
        judge(SecretBytes(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_GE(finding.evidence, Evidence::marker);
    if (size + 380 > payload.size()) {
      EXPECT_EQ(finding.evidence, Evidence::proof) << size;
    }
  }
}

}  // namespace
}  // namespace dumpgate
