// DSSE envelopes: the published pre-authentication encoding, round trips, and everything that must be
// refused.

#include "scanner/evidence/dsse.h"

#include <gtest/gtest.h>

#include <array>

#include "scanner/base/base64.h"
#include "tests/support/evidence.h"

namespace dumpgate {
namespace {

using Keys = std::vector<Ed25519PublicKey>;

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string base64_of(std::string_view text) { return to_base64(std::as_bytes(std::span(text))); }

std::string signature_of(Signer& signer, std::string_view type, std::string_view payload) {
  return to_base64(*signer.sign(dsse_pre_authentication(type, payload)));
}

std::string envelope_of(const std::string& payload, std::string_view type, const std::string& signatures) {
  return R"({"payload":")" + payload + R"(","payloadType":")" + std::string(type) + R"(","signatures":[)" +
         signatures + "]}";
}

TEST(Dsse, EncodesAsTheProtocolSays) {
  EXPECT_EQ(text_of(dsse_pre_authentication("http://example.com/HelloWorld", "hello world")),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(text_of(dsse_pre_authentication("", "")), "DSSEv1 0  0 ");
}

TEST(Dsse, OpensWhatItSealed) {
  const auto first = fresh_signer();
  const auto second = fresh_signer();
  const std::array signers{first.get(), second.get()};
  const std::string payload = numbered_statement(7);
  const auto envelope = seal_envelope(payload, signers);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->find('\n'), std::string::npos);
  const auto stranger = fresh_signer();
  const Keys keys{stranger->public_key(), second->public_key(), first->public_key()};
  const auto opened = open_envelope(*envelope, keys);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->payload, payload);
  EXPECT_EQ(opened->signed_by, (std::vector<std::size_t>{1, 2}));
  EXPECT_FALSE(open_envelope(*envelope, Keys{stranger->public_key()}));
  EXPECT_FALSE(open_envelope(*envelope, Keys{}));
  EXPECT_FALSE(seal_envelope(payload, {}));
}

TEST(Dsse, NoChangedByteIsTakenForAnotherStatement) {
  const auto signer = fresh_signer();
  const std::array signers{signer.get()};
  const std::string payload = numbered_statement(1);
  const std::string envelope = *seal_envelope(payload, signers);
  const Keys keys{signer->public_key()};
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    for (const char flip : {char{1}, char{4}, char{0x20}, char{-128}}) {
      std::string changed = envelope;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const auto opened = open_envelope(changed, keys);
      // The key id is a hint and is not signed; nothing else may change.
      if (opened) {
        EXPECT_EQ(opened->payload, payload) << changed;
      }
    }
    EXPECT_FALSE(open_envelope(envelope.substr(0, at), keys)) << at;
  }
}

TEST(Dsse, TakesBothAlphabetsAndUnknownMembers) {
  const auto signer = fresh_signer();
  const Keys keys{signer->public_key()};
  const std::string payload = numbered_statement(3) + "? ?>>>\xff\xfe\xfb\xef\xbe";
  std::string url = base64_of(payload);
  std::string signature = signature_of(*signer, in_toto_media_type, payload);
  for (std::string* const text : {&url, &signature})
    for (char& letter : *text) letter = letter == '+' ? '-' : letter == '/' ? '_' : letter;
  ASSERT_NE(url.find_first_of("-_"), std::string::npos);
  const auto opened = open_envelope(
      envelope_of(url, in_toto_media_type, R"({"more":{"a":1},"sig":")" + signature + R"("})"), keys);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->payload, payload);
}

TEST(Dsse, RefusesWhatIsNoEnvelope) {
  const auto signer = fresh_signer();
  const Keys keys{signer->public_key()};
  const std::string payload = "{}";
  const std::string body = base64_of(payload);
  const std::string good = R"({"sig":")" + signature_of(*signer, in_toto_media_type, payload) + R"("})";
  ASSERT_TRUE(open_envelope(envelope_of(body, in_toto_media_type, good), keys));
  // Signed as another type: the type is part of what is signed.
  const std::string other = R"({"sig":")" + signature_of(*signer, "text/plain", payload) + R"("})";
  EXPECT_FALSE(open_envelope(envelope_of(body, "text/plain", other), keys));
  EXPECT_FALSE(open_envelope(envelope_of(body, in_toto_media_type, other), keys));
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"), std::string("\"a\""),
        envelope_of(body, in_toto_media_type, ""), envelope_of("e30", "", good),
        envelope_of("e31=", in_toto_media_type, good), envelope_of("e3 0=", in_toto_media_type, good),
        envelope_of(body, in_toto_media_type, "7"), envelope_of(body, in_toto_media_type, "{}"),
        envelope_of(body, in_toto_media_type, R"({"sig":7})"),
        envelope_of(body, in_toto_media_type, R"({"sig":""})"),
        envelope_of(body, in_toto_media_type, good) + "\n",
        envelope_of(body, in_toto_media_type, good) + " {}",
        R"({"payload":"e30=",)" + envelope_of(body, in_toto_media_type, good).substr(1),
        envelope_of(body, in_toto_media_type, R"({"sig":"",)" + good.substr(1))})
    EXPECT_FALSE(open_envelope(bad, keys)) << bad;
  std::string many = good;
  for (int i = 0; i < 20; ++i) many += "," + good;
  EXPECT_FALSE(open_envelope(envelope_of(body, in_toto_media_type, many), keys));
  EXPECT_FALSE(open_envelope(std::string(60'000, '['), keys));
}

TEST(Dsse, IsNoLongerThanALeafMayBe) {
  const auto signer = fresh_signer();
  const std::array signers{signer.get()};
  // About how long first, then each size around it.
  std::size_t about = 0;
  for (std::size_t size = 48'000; size < 50'000; size += 50)
    if (seal_envelope(std::string(size, 'x'), signers)) about = size;
  std::size_t longest = 0;
  for (std::size_t size = about - 50; size < about + 100; ++size)
    if (const auto sealed = seal_envelope(std::string(size, 'x'), signers)) {
      longest = size;
      ASSERT_LE(sealed->size(), most_envelope_bytes);
    } else {
      ASSERT_EQ(sealed.error().code, ErrorCode::limit);
    }
  EXPECT_GT(longest, 48'000U);
  EXPECT_LT(longest, 49'500U);
  EXPECT_FALSE(open_envelope(std::string(most_envelope_bytes + 1, ' '), Keys{signer->public_key()}));
}

TEST(Dsse, AddsASignatureToThoseThatAreThere) {
  const auto person = fresh_signer();
  const auto log = fresh_signer();
  const std::array signers{person.get()};
  const std::string payload = numbered_statement(5);
  const std::string envelope = *seal_envelope(payload, signers);
  const auto both = add_signature(envelope, *log);
  ASSERT_TRUE(both);
  const auto opened = open_envelope(*both, Keys{person->public_key(), log->public_key()});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->payload, payload);
  EXPECT_EQ(opened->signed_by, (std::vector<std::size_t>{0, 1}));
  EXPECT_FALSE(add_signature("{}", *log));
}

}  // namespace
}  // namespace dumpgate
