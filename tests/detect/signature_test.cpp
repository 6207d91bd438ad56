// Signatures are read strictly, and the compiled-in set is whole.

#include "scanner/detect/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dumpgate {
namespace {

constexpr std::string_view sound = R"(# a comment
title = "A key"
kind = "private-key"
use = "signing"
algorithm = "a"
labels = ["A PRIVATE KEY"]
oids = ["1.2.3"]
magics = ["00ff10"]
reference = "none"
specimens = ["a.pem"]
counter_specimens = ["a.pub"]
)";

std::string message_of(std::string_view text) {
  const auto result = parse_signature("a-key", text);
  return result ? "" : result.error().message;
}

std::string with(std::string_view line) { return std::string(sound) + std::string(line) + "\n"; }

std::string without(std::string_view key) {
  std::string text(sound);
  const std::size_t begin = text.find(std::string("\n") + std::string(key)) + 1;
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

TEST(Signature, IsReadWhole) {
  const auto signature = parse_signature("a-key", sound);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(signature->id, "a-key");
  EXPECT_EQ(signature->title, "A key");
  EXPECT_EQ(signature->kind, KeyKind::private_key);
  EXPECT_EQ(signature->use, KeyUse::signing);
  EXPECT_EQ(signature->algorithm, "a");
  EXPECT_THAT(signature->labels, testing::ElementsAre("A PRIVATE KEY"));
  EXPECT_THAT(signature->oids, testing::ElementsAre("1.2.3"));
  EXPECT_THAT(signature->magics,
              testing::ElementsAre(testing::ElementsAre(std::byte{0}, std::byte{255}, std::byte{16})));
  EXPECT_THAT(signature->specimens, testing::ElementsAre("a.pem"));
  EXPECT_THAT(signature->counter_specimens, testing::ElementsAre("a.pub"));
}

TEST(Signature, RefusesAnUnknownKeyAndNamesItsLine) {
  EXPECT_THAT(message_of(with("colour = \"red\"")),
              testing::AllOf(testing::HasSubstr("line 12"), testing::HasSubstr("colour")));
  EXPECT_THAT(message_of(with("[more]\nx = 1")), testing::HasSubstr("line 12"));
}

TEST(Signature, RefusesAMissingKey) {
  for (const char* const key : {"title", "kind", "use", "reference"}) {
    EXPECT_THAT(message_of(without(key)), testing::HasSubstr(std::string(key) + " is missing"));
  }
  for (const char* const key : {"algorithm", "labels", "oids", "magics", "specimens", "counter_specimens"}) {
    EXPECT_EQ(message_of(without(key)), "") << key;
  }
}

TEST(Signature, RefusesARepeatedKey) {
  EXPECT_THAT(message_of(with("use = \"signing\"")), testing::HasSubstr("line 12"));
}

TEST(Signature, RefusesAWrongType) {
  EXPECT_THAT(message_of(without("title") + "title = 1"), testing::HasSubstr("line 11"));
  EXPECT_THAT(message_of(without("labels") + "labels = \"A PRIVATE KEY\""), testing::HasSubstr("labels"));
  EXPECT_THAT(message_of(without("labels") + "labels = [1]"), testing::HasSubstr("labels"));
  EXPECT_THAT(message_of(without("oids") + "oids = [\"1.2\", 3]"), testing::HasSubstr("oids"));
}

TEST(Signature, RefusesWordsThatMeanNothing) {
  EXPECT_THAT(message_of(without("kind") + "kind = \"private\""), testing::HasSubstr("line 11: kind"));
  EXPECT_THAT(message_of(without("use") + "use = \"\""), testing::HasSubstr("use"));
  for (const char* const oid : {"", "1", "1.", ".1", "1..2", "1.02", "1.a"}) {
    EXPECT_THAT(message_of(without("oids") + "oids = [\"" + oid + "\"]"), testing::HasSubstr("oids")) << oid;
  }
  for (const char* const magic : {"", "00ff", "0", "00fg10"}) {
    EXPECT_THAT(message_of(without("magics") + "magics = [\"" + magic + "\"]"), testing::HasSubstr("magics"))
        << magic;
  }
  EXPECT_THAT(message_of(without("labels") + "labels = [\"-----A\"]"), testing::HasSubstr("labels"));
}

TEST(Signature, RefusesTextThatIsNotToml) {
  EXPECT_THAT(message_of("title = \n"), testing::HasSubstr("line 1"));
  EXPECT_NE(message_of(std::string("\xff\xfe\0\0", 4)), "");
  EXPECT_NE(message_of(std::string(1 << 16, '[')), "");
  std::string deep = "title = 1\na";
  for (int i = 0; i < 200'000; ++i) deep += ".a";
  EXPECT_THAT(message_of(deep + " = 1\n"), testing::HasSubstr("line 2"));
}

TEST(Signature, RefusesAnIdThatIsNoFileName) {
  for (const char* const id : {"", "A", "../a", "a b"}) EXPECT_FALSE(parse_signature(id, sound)) << id;
}

TEST(SignatureSet, TheCompiledInTextsAreSound) {
  for (const SignatureText& each : builtin_signature_texts()) {
    const auto signature = parse_signature(each.id, each.text);
    EXPECT_TRUE(signature) << signature.error().message;
    EXPECT_EQ(each.text.find("BEGIN"), std::string_view::npos) << each.id;
  }
  const auto set = SignatureSet::builtin();
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->all().size(), builtin_signature_texts().size());
  EXPECT_EQ(set->sha256().size(), 64U);
}

TEST(SignatureSet, FindsByIdLabelAndOid) {
  const auto set = SignatureSet::builtin();
  ASSERT_TRUE(set);
  ASSERT_NE(set->by_id("rsa-private-key"), nullptr);
  EXPECT_EQ(set->by_label("RSA PRIVATE KEY"), set->by_id("rsa-private-key"));
  EXPECT_EQ(set->by_oid("1.2.840.113549.1.1.1"), set->by_id("rsa-private-key"));
  EXPECT_EQ(set->by_oid("1.3.101.110"), set->by_id("x25519-private-key"));
  EXPECT_EQ(set->by_id("x25519-private-key")->use, KeyUse::agreement);
  EXPECT_EQ(set->by_id("nothing"), nullptr);
  EXPECT_EQ(set->by_label("CERTIFICATE"), nullptr);
  EXPECT_EQ(set->by_oid("1.2.840.10045.3.1.7"), nullptr) << "a curve is no kind of key";
}

TEST(SignatureSet, RefusesToReplaceWhatItHas) {
  auto set = SignatureSet::builtin();
  ASSERT_TRUE(set);
  const std::size_t count = set->all().size();
  EXPECT_FALSE(set->add("rsa-private-key",
                        "title = \"x\"\nkind = \"keystore\"\nuse = \"unknown\"\nreference = \"x\"\n"));
  for (const char* const claim : {"labels = [\"RSA PRIVATE KEY\"]", "oids = [\"1.3.101.112\"]"}) {
    EXPECT_FALSE(set->add(
        "mine",
        std::string("title = \"x\"\nkind = \"keystore\"\nuse = \"unknown\"\nreference = \"x\"\n") + claim));
  }
  EXPECT_EQ(set->all().size(), count);
}

TEST(SignatureSet, TheDigestNamesTheTexts) {
  auto a = SignatureSet::builtin();
  auto b = SignatureSet::builtin();
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->sha256(), b->sha256());
  ASSERT_TRUE(b->add("a-key", sound));
  EXPECT_NE(a->sha256(), b->sha256());
  ASSERT_TRUE(a->add("a-key", std::string(sound) + "\n"));
  EXPECT_NE(a->sha256(), b->sha256());
}

}  // namespace
}  // namespace dumpgate
