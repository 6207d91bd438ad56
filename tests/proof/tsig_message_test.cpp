// The key of a signed DNS request is found around it; answers, damaged and cut messages tell nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/tsig.h"
#include "scanner/proof/prove.h"
#include "tests/support/signed_dns.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& tsig_message_detector;

namespace {

using test::random_key;
using test::signed_update;

struct Examined {
  std::size_t messages = 0;
  std::vector<Finding> findings{};
  std::vector<Lead> leads{};
};

Examined examine_request(const std::string& memory, std::size_t own = 1 << 22) {
  Examined result;
  test::through_windows(std::as_bytes(std::span(memory)), own, [&](const Window& window) {
    CandidateSink sink(1000);
    const std::string_view text(reinterpret_cast<const char*>(window.bytes.data()), window.own_end);
    for (auto place = text.find(tsig_fields, window.own_begin); place != text.npos;
         place = text.find(tsig_fields, place + 1))
      tsig_message_detector.at(window, place, 0, sink);
    for (const Candidate& candidate : sink.found()) {
      Judgement judgement = prove(window, candidate);
      ++result.messages;
      if (judgement.finding) result.findings.push_back(*judgement.finding);
      std::ranges::move(judgement.leads, std::back_inserter(result.leads));
    }
  });
  return result;
}

std::string memory_with_request(const std::string& message, const std::string& key) {
  std::string memory(60'000, '\0');
  memory.replace(5'003, message.size(), message);
  return memory.replace(40'000, key.size(), key);
}

std::size_t messages_in(const std::string& message) {
  return examine_request(memory_with_request(message, "")).messages;
}

TEST(TsigMessage, TellsTheKeyForEachAlgorithm) {
  const std::pair<std::string, const EVP_MD*> algorithms[] = {
      {std::string("\x08hmac-md5\x07sig-alg\x03reg\x03int\0", 26), EVP_md5()},
      {std::string("\x09hmac-sha1\0", 11), EVP_sha1()},
      {std::string("\x0bhmac-sha224\0", 13), EVP_sha224()},
      {std::string("\x0bhmac-sha256\0", 13), EVP_sha256()},
      {std::string("\x0bhmac-sha384\0", 13), EVP_sha384()},
      {std::string("\x0bhmac-sha512\0", 13), EVP_sha512()}};
  for (const auto& [algorithm, digest] : algorithms) {
    const std::string key = random_key(32, algorithm.size());
    const std::string message = signed_update({.key = key, .algorithm = algorithm, .digest = digest});
    const Examined result = examine_request(memory_with_request(message, key));
    EXPECT_EQ(result.messages, 1U);
    ASSERT_EQ(result.findings.size(), 1U) << algorithm;
    EXPECT_EQ(result.findings[0].evidence, Evidence::proof);
    EXPECT_EQ(result.findings[0].relation, "hmac(message)");
    EXPECT_EQ(result.findings[0].bits, 256U);
    EXPECT_EQ(result.findings[0].offset, 40'000U);
    EXPECT_TRUE(result.leads.empty());
  }
}

TEST(TsigMessage, TellsTheKeyAsTextAndByCutMacs) {
  const std::string key = random_key(32, 9);
  for (const std::size_t size : {0U, 16U, 31U}) {
    const Examined result = examine_request(memory_with_request(signed_update({.key = key, .mac_size = size}),
                                                                to_hex(std::as_bytes(std::span(key)))));
    ASSERT_EQ(result.findings.size(), 1U) << size;
    EXPECT_EQ(result.findings[0].representation, "hex");
  }
  EXPECT_EQ(messages_in(signed_update({.key = key, .mac_size = 15})), 0U);
}

// The MAC is over the key's name in lower case and without pointers, however it was sent.
TEST(TsigMessage, NamesAreReadAsTheyAreSigned) {
  const std::string key = random_key(32, 10);
  const std::string plain = signed_update({.key = key});
  std::string capital = plain;
  capital.replace(capital.find("update"), 6, "UpDaTe");
  EXPECT_EQ(examine_request(memory_with_request(capital, key)).findings.size(), 1U);

  const std::string name(
      "\x03key\x07"
      "example\0",
      13);
  const std::string whole = signed_update({.key = key, .key_name = name});
  std::string pointed = whole;
  pointed.replace(pointed.find(name), name.size(), std::string("\x03key\xc0\x0c", 6));
  EXPECT_EQ(examine_request(memory_with_request(whole, key)).findings.size(), 1U);
  EXPECT_EQ(examine_request(memory_with_request(pointed, key)).findings.size(), 1U);
  std::string endless = whole;
  endless.replace(endless.find(name), name.size(), std::string("\x03key\xc0\x2e", 6));  // to itself
  EXPECT_EQ(messages_in(endless), 0U);
}

TEST(TsigMessage, OfAnotherKeyIsALead) {
  const std::string message = signed_update({.key = random_key(32, 1)});
  const Examined result = examine_request(memory_with_request(message, random_key(64, 2)));
  EXPECT_TRUE(result.findings.empty());
  ASSERT_EQ(result.leads.size(), 1U);
  EXPECT_EQ(result.leads[0].oracle.kind, Oracle::Kind::tsig_message);
  EXPECT_EQ(result.leads[0].oracle.bytes.size(), message.size());
}

TEST(TsigMessage, AnswersAndWhatIsCutAreNone) {
  const std::string sound = signed_update({.key = "correct horse battery staple"});
  EXPECT_EQ(messages_in(sound), 1U);
  std::string answer = sound;
  answer[2] = static_cast<char>(0xa8);
  std::string miscounted = sound;
  miscounted[9] = 2;
  std::string unknown = sound;
  unknown.replace(unknown.find("hmac-sha256"), 11, "hmac-sha257");
  std::string longer = sound;
  longer.back() = 1;  // other data that is not there
  for (const std::string& bad : {answer, miscounted, unknown, longer}) EXPECT_EQ(messages_in(bad), 0U);
  for (std::size_t size = 0; size < sound.size(); ++size)
    EXPECT_FALSE(tsig_message(std::as_bytes(std::span(sound)).first(size))) << size;
  const auto read = tsig_message(std::as_bytes(std::span(sound)));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, sound.size());
}

TEST(TsigMessage, AMemoryFullOfThemCostsLittleAndWindowsDoNotMatter) {
  std::string memory;
  for (std::size_t i = 0; memory.size() < (1U << 20U); ++i)
    memory += signed_update({.key = "k", .id = static_cast<unsigned char>(i)}) + random_key(3000 + i, i);
  const Examined whole = examine_request(memory);
  EXPECT_GE(whole.messages, memory.size() / 65536);
  EXPECT_LE(whole.messages, memory.size() / 65536 + 1);
  for (const std::size_t own : {70'001U, 300'000U})
    EXPECT_EQ(examine_request(memory, own).messages, whole.messages) << own;

  // Anchors by the dozen in front of a request: it is not looked for there, and in the next block it is.
  const std::string request = signed_update({.key = "k"});
  for (const std::size_t anchors : {10U, 20U}) {
    std::string crowded(1024, '\0');
    for (std::size_t i = 0; i < anchors; ++i) crowded += std::string(tsig_fields) + random_key(50, i);
    crowded += request;
    EXPECT_EQ(examine_request(crowded).messages, anchors == 10 ? 1U : 0U);
    crowded.resize(65'536);
    EXPECT_EQ(examine_request(crowded + request).messages, anchors == 10 ? 2U : 1U);
  }

  // Beginnings of requests everywhere, and no message.
  std::string hostile;
  while (hostile.size() < (1U << 19U)) {
    for (int i = 0; i < 600; ++i) hostile += std::string("\0\0\0\x01\0\xff", 6);
    hostile += std::string(1, '\0') + std::string(tsig_fields);
  }
  EXPECT_EQ(examine_request(hostile).messages, 0U);
}

}  // namespace
}  // namespace dumpgate
