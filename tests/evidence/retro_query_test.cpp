// A secret that was in a dump is found in its filter in every form, wherever it lay; one that was not is not,
// and what cannot be known is said to be so.

#include "scanner/evidence/retro_query.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/evidence/retro_hunt.h"
#include "scanner/evidence/retro_report.h"
#include "scanner/io/digest.h"
#include "tests/support/bio_contents.h"
#include "tests/support/effort.h"
#include "tests/support/test_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

using Bytes = std::vector<std::byte>;

const Bytes query_site_key(32, std::byte{0x5a});

const RetroHash& hash() {
  static const RetroHash made(query_site_key);
  return made;
}

RetroFilter parsed_filter(const Bytes& layer) {
  RetroFilterBuilder builder(query_site_key, std::size_t{1} << 20);
  Window window = test::whole_window(layer);
  builder.see(window);
  return *RetroFilter::parse(builder.finish());
}

// Memory with 187 foreign numbers in it, so that chance has its chance. Made once for each seed.
const Bytes& background(unsigned seed) {
  static std::map<unsigned, Bytes> made;
  Bytes& layer = made[seed];
  if (!layer.empty()) return layer;
  std::mt19937 random(seed);
  layer.resize(40'000);
  for (std::size_t at = 0; at + 192 < 36'000; at += 192)
    for (std::size_t i = 0; i < 128; ++i) layer[at + i] = static_cast<std::byte>(random());
  return layer;
}

void put(Bytes& layer, std::size_t at, std::span<const std::byte> what) {
  std::ranges::copy(what, layer.begin() + static_cast<std::ptrdiff_t>(at));
}

RetroSecret secret_of(const test::Key& key) {
  const auto secret = retro_secret_of_key(test::pkcs8_of(key));
  EXPECT_TRUE(secret) << secret.error().message;
  return *secret;
}

// PKCS #8 in PEM, encrypted where there is a passphrase.
Bytes pem_of(const test::Key& key, const std::string& passphrase = {}) {
  BIO* bio = BIO_new(BIO_s_mem());
  const bool encrypted = !passphrase.empty();
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio, key.get(), encrypted ? EVP_aes_256_cbc() : nullptr,
                                          encrypted ? passphrase.data() : nullptr,
                                          static_cast<int>(passphrase.size()), nullptr, nullptr),
            1);
  return contents(bio);
}

// SEC 1 or PKCS #1 in PEM.
Bytes traditional_pem_of(const test::Key& key) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(PEM_write_bio_PrivateKey_traditional(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  return contents(bio);
}

// As V8 holds small integers: each digit in the upper half of a word.
Bytes in_memory(const RetroForm& form) {
  if (form.kind != RetroKind::spaced) return {form.bytes.begin(), form.bytes.end()};
  Bytes out(form.bytes.size() * 2);
  for (std::size_t at = 0; at < form.bytes.size(); at += 4)
    put(out, 2 * at + 4, std::span(form.bytes).subspan(at, 4));
  return out;
}

std::size_t alignments(RetroKind kind) { return kind == RetroKind::spaced ? 1 : 8; }

TEST(RetroQuery, EveryFormOfAnRsaKeyIsFoundAtEveryAlignment) {
  const RetroSecret secret = secret_of(test::make_rsa(1024));
  EXPECT_EQ(secret.kind, "rsa 1024");
  const RetroQuery query(secret, hash());
  EXPECT_EQ(query.ask(parsed_filter(background(1))).result, RetroResult::not_contained);
  EXPECT_GT(secret.forms.size(), 150U);
  std::size_t placings = 0;
  std::size_t missed = 0;
  for (const RetroForm& form : secret.forms) {
    std::size_t found = 0;
    std::size_t tried = 0;
    for (std::size_t shift = 0; shift < alignments(form.kind); shift += effort(1, 3)) {
      ++tried;
      Bytes layer = background(2);
      put(layer, 36'320 + shift, in_memory(form));
      const RetroAnswer answer = query.ask(parsed_filter(layer));
      if (answer.result != RetroResult::contained) continue;
      ++found;
      ASSERT_LT(answer.false_probability, most_false_contained);
    }
    // Digits of 15 bits have few bytes above 0x7f: about one key in forty loses all but one window of them at
    // an alignment.
    EXPECT_GE(found + (form.layout == "digits-15/16" ? 2U : 0U), tried) << form.number << " " << form.layout;
    placings += tried;
    missed += tried - found;
  }
  EXPECT_LE(missed * 200, placings) << missed << " of " << placings;
}

// The shortest secrets are the hardest: two windows at the worst alignments, and 1 % of random scalars lose
// one of them.
struct Recall {
  std::size_t asked = 0;
  std::size_t found = 0;
};
Recall recall_of(const std::function<test::Key()>& make,
                 const std::function<bool(const RetroForm&)>& chosen) {
  Recall recall;
  for (unsigned round = 0; round < 40; ++round) {
    const RetroSecret secret = secret_of(make());
    const RetroQuery query(secret, hash());
    for (const RetroForm& form : secret.forms) {
      if (!chosen(form)) continue;
      for (std::size_t shift = 0; shift < alignments(form.kind); ++shift) {
        Bytes layer(2'048);
        put(layer, 1'000 + shift, in_memory(form));
        ++recall.asked;
        recall.found += query.ask(parsed_filter(layer)).result == RetroResult::contained ? 1U : 0U;
      }
    }
  }
  return recall;
}

TEST(RetroQuery, ScalarsOfP256AreFoundAtEveryAlignment) {
  const Recall recall =
      recall_of([] { return test::make_ec("P-256"); },
                [](const RetroForm& f) { return f.layout == "limbs-le64" || f.layout == "bytes-be"; });
  // 2 * 40 * 8 placings of d and of d*R, of which about 1 % lose a window that counts.
  ASSERT_EQ(recall.asked, 2U * 2 * 40 * 8);
  EXPECT_GE(recall.found * 100, recall.asked * 95) << recall.found << " of " << recall.asked;
}

TEST(RetroQuery, SeedsOfEd25519AreFoundAtEveryAlignment) {
  const Recall recall = recall_of([] { return test::make_key("ED25519"); },
                                  [](const RetroForm& f) { return f.layout == "bytes-be"; });
  EXPECT_GE(recall.found * 100, recall.asked * 95) << recall.found << " of " << recall.asked;
}

TEST(RetroQuery, TextOfScalarsOfP384IsFoundAtEveryAlignment) {
  const Recall recall =
      recall_of([] { return test::make_ec("P-384"); },
                [](const RetroForm& f) { return f.kind == RetroKind::base64 || f.layout == "hex"; });
  EXPECT_GE(recall.found * 100, recall.asked * 95) << recall.found << " of " << recall.asked;
}

TEST(RetroQuery, FilesOfKeysAreFoundAsTheyAre) {
  for (const auto& make : std::vector<std::function<test::Key()>>{
           [] { return test::make_rsa(2048); }, [] { return test::make_ec("P-384"); },
           [] { return test::make_ec("P-521"); }, [] { return test::make_key("ED448"); }}) {
    const test::Key key = make();
    const RetroQuery query(secret_of(key), hash());
    for (const Bytes& file : {test::pkcs8_of(key), pem_of(key)}) {
      Bytes layer = background(3);
      put(layer, 36'333, file);
      const RetroAnswer answer = query.ask(parsed_filter(layer));
      EXPECT_EQ(answer.result, RetroResult::contained);
      EXPECT_GE(answer.matched, 2U);
    }
  }
}

// Line breaks as text in memory has them: LF, CR LF, and LF written out in a string of JSON.
Bytes with_breaks(const Bytes& text, std::string_view line_break) {
  Bytes out;
  for (const std::byte byte : text) {
    const auto bytes = std::as_bytes(std::span(line_break));
    if (byte == std::byte{'\n'})
      out.insert(out.end(), bytes.begin(), bytes.end());
    else
      out.push_back(byte);
  }
  return out;
}

// In a file the shortest scalars have three windows of base64 at the worst alignments, and a line break may
// lie between them: two must do.
TEST(RetroQuery, FilesOfP256KeysAreFoundAtEveryAlignment) {
  std::map<std::string, Recall> recalls;
  constexpr std::size_t keys = effort(100, 8);
  for (unsigned round = 0; round < keys; ++round) {
    const test::Key key = test::make_ec("P-256");
    const RetroQuery query(secret_of(key), hash());
    const Bytes pkcs8 = pem_of(key);
    const Bytes sec1 = traditional_pem_of(key);
    const std::map<std::string, Bytes> files{{"PKCS #8", test::pkcs8_of(key)},
                                             {"SEC 1", test::traditional_of(key)},
                                             {"PKCS #8 in PEM", pkcs8},
                                             {"SEC 1 in PEM", sec1},
                                             {"PEM, CR LF", with_breaks(pkcs8, "\r\n")},
                                             {"PEM in JSON", with_breaks(pkcs8, "\\n")}};
    for (const auto& [name, file] : files)
      for (std::size_t shift = 0; shift < 8; ++shift) {
        // With a random stretch, so that both sets of the filter have their chance.
        Bytes layer = test::noise(6'000, round + 1);
        layer.resize(9'000);
        put(layer, 7'000 + shift, file);
        ++recalls[name].asked;
        recalls[name].found += query.ask(parsed_filter(layer)).result == RetroResult::contained ? 1U : 0U;
      }
  }
  for (const auto& [name, recall] : recalls) {
    ASSERT_EQ(recall.asked, 8 * keys);
    // Of DER, whose two windows must both be remembered, about 1 % is lost, of PEM half of that; a scalar
    // with few different bytes loses several alignments at once, which weighs more among few keys.
    const std::size_t least = name.find("PEM") == std::string::npos ? effort(95, 60) : effort(96, 60);
    EXPECT_GE(recall.found * 100, recall.asked * least) << name << ": " << recall.found;
    RecordProperty("found, " + name, static_cast<int>(recall.found));
  }
}

TEST(RetroQuery, ThePublicKeyAloneIsNoKey) {
  for (int round = 0; round < 5; ++round) {
    const test::Key key = test::make_rsa(2048);
    const RetroSecret secret = secret_of(key);
    const Bytes spki = test::spki_of(key);
    EXPECT_EQ(secret.public_key_sha256, to_hex(Sha256::of(spki)));
    Bytes layer = background(4);
    put(layer, 36'320, spki);
    Bytes reversed(spki.rbegin(), spki.rend());
    put(layer, 37'000, reversed);
    EXPECT_EQ(RetroQuery(secret, hash()).ask(parsed_filter(layer)).result, RetroResult::not_contained);
  }
}

TEST(RetroQuery, ForeignKeysAreNotFound) {
  const RetroFilter filter = parsed_filter(background(5));
  unsigned wrong = 0;
  for (int round = 0; round < 300; ++round) {
    const RetroAnswer answer = RetroQuery(secret_of(test::make_ec("P-256")), hash()).ask(filter);
    wrong += answer.result == RetroResult::contained ? 1U : 0U;
    EXPECT_NE(answer.result, RetroResult::undecidable);
    EXPECT_EQ(answer.false_probability < most_false_contained, answer.result == RetroResult::contained);
  }
  // One key in a hundred thousand may be.
  EXPECT_LE(wrong, 1U);
}

// A sample is asked for few windows, and holds each of these by chance as often as a whole filter does: what
// was left out makes nothing that was asked for more telling.
TEST(RetroQuery, OneWindowOfASampledFilterTellsNoMoreThanOneOfAWholeOne) {
  constexpr unsigned level = 9;
  const Bytes raw = test::noise(4'096, 17);
  const auto secret = retro_secret_of_bytes(raw);
  ASSERT_TRUE(secret);
  const RetroQuery query(*secret, hash());
  RetroFilter filter;
  filter.key_id = hash().id();
  filter.scattered.level = filter.inside.level = level;
  unsigned tried = 0;
  for (std::size_t at = 0; at + 16 <= raw.size(); ++at) {
    const std::span<const std::byte> window = std::span(raw).subspan(at, 16);
    const std::uint64_t value = hash()(RetroKind::bytes, window);
    if (!retro_remembered(RetroKind::bytes, window) || !filter.scattered.covers(value)) continue;
    // The only value of its set; a foreign window that is asked for is it once in 2^retro_bits times.
    filter.scattered.values = {value << level >> (64 - retro_bits)};
    ASSERT_TRUE(filter.scattered.holds(value));
    const RetroAnswer answer = query.ask(filter);
    EXPECT_EQ(answer.result, RetroResult::undecidable) << answer.layout << " of " << answer.asked;
    EXPECT_GE(answer.false_probability, std::ldexp(1.0, -static_cast<int>(retro_bits)));
    ++tried;
  }
  EXPECT_GE(tried, 1U);
}

TEST(RetroQuery, HalfAPrimeIsEnough) {
  const RetroSecret secret = secret_of(test::make_rsa(2048));
  const auto p = std::ranges::find_if(
      secret.forms, [](const RetroForm& f) { return f.number == "p" && f.layout == "limbs-le64"; });
  ASSERT_NE(p, secret.forms.end());
  Bytes layer = background(6);
  put(layer, 36'320, std::span(p->bytes).last(64));
  const RetroAnswer answer = RetroQuery(secret, hash()).ask(parsed_filter(layer));
  EXPECT_EQ(answer.result, RetroResult::contained);
  EXPECT_EQ(answer.number, "p");
  EXPECT_LT(answer.matched, answer.asked);
}

TEST(RetroQuery, RawSecretsAreFoundAsBytesAndAsPadsOfHmac) {
  std::mt19937 random(7);
  Bytes raw(32);
  for (std::byte& byte : raw) byte = static_cast<std::byte>(random());
  const auto secret = retro_secret_of_bytes(raw);
  ASSERT_TRUE(secret);
  const RetroQuery query(*secret, hash());
  Bytes plain = background(8);
  put(plain, 36'321, raw);
  EXPECT_EQ(query.ask(parsed_filter(plain)).result, RetroResult::contained);
  Bytes pad = background(8);
  for (std::size_t i = 0; i < 64; ++i)
    pad[36'320 + i] = (i < raw.size() ? raw[i] : std::byte{0}) ^ std::byte{0x5c};
  const RetroAnswer answer = query.ask(parsed_filter(pad));
  EXPECT_EQ(answer.result, RetroResult::contained);
  EXPECT_EQ(answer.layout, "hmac-opad");
  EXPECT_FALSE(retro_secret_of_bytes(std::span(raw).first(15)));
}

TEST(RetroQuery, WhatCannotBeKnownIsSaidToBeSo) {
  const RetroQuery query(secret_of(test::make_ec("P-256")), hash());
  RetroFilter filter = parsed_filter(background(9));
  const Bytes other(32, std::byte{0x5b});
  EXPECT_EQ(RetroQuery(secret_of(test::make_ec("P-256")), RetroHash(other)).ask(filter).result,
            RetroResult::undecidable);
  filter.complete = false;
  const RetroAnswer answer = query.ask(filter);
  EXPECT_EQ(answer.result, RetroResult::undecidable);
  EXPECT_FALSE(answer.reason.empty());
  const Bytes constant(32, std::byte{7});
  const auto dull = retro_secret_of_bytes(constant);
  ASSERT_TRUE(dull);
  EXPECT_EQ(RetroQuery(*dull, hash()).ask(parsed_filter(background(9))).result, RetroResult::undecidable);
}

// Most ways in which 24 bytes can lie in memory leave one window of them, which tells nothing.
TEST(RetroQuery, OfASecretThatMostlyWouldBeMissedNoNoIsSaid) {
  const RetroSecret secret = secret_of(test::make_ec("P-192"));
  const RetroQuery query(secret, hash());
  EXPECT_GT(query.reach().recognised, 0U);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    Bytes layer = background(12);
    put(layer, 36'320 + shift, secret.forms.front().bytes);
    const RetroAnswer answer = query.ask(parsed_filter(layer));
    EXPECT_NE(answer.result, RetroResult::not_contained) << shift;
    EXPECT_EQ(answer.reason.empty(), answer.result == RetroResult::contained);
  }
}

TEST(RetroForms, KeysBesideCertificatesAndParametersAreRead) {
  const test::Key key = test::make_ec("P-256");
  const Bytes pem = traditional_pem_of(key);
  BIO* bio = BIO_new(BIO_s_mem());
  ASSERT_EQ(PEM_write_bio_PUBKEY(bio, key.get()), 1);
  const Bytes public_half = contents(bio);
  // As openssl ecparam -genkey writes it: the name of the curve first.
  constexpr std::string_view parameters =
      "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const auto words = std::as_bytes(std::span(parameters));
  for (const Bytes& before : {Bytes(words.begin(), words.end()), public_half}) {
    Bytes file = before;
    file.insert(file.end(), pem.begin(), pem.end());
    const auto secret = retro_secret_of_key(file);
    ASSERT_TRUE(secret) << secret.error().message;
    EXPECT_EQ(secret->public_key_sha256, test::name_of(key));
  }
  // Which of two is meant nobody has said, and an answer for one would be taken for both.
  Bytes both = pem;
  const Bytes other = pem_of(test::make_key("ED25519"));
  both.insert(both.end(), other.begin(), other.end());
  EXPECT_FALSE(retro_secret_of_key(both));
}

TEST(RetroForms, ScalarsOfSm2AreNumbersAsThoseOfOtherCurves) {
  const RetroSecret secret = secret_of(test::make_key("SM2"));
  EXPECT_EQ(secret.kind, "sm2");
  EXPECT_TRUE(std::ranges::any_of(secret.forms, [](const RetroForm& form) { return form.number == "d"; }));
}

TEST(RetroForms, EncryptedAndOtherFilesAreRefused) {
  EXPECT_FALSE(retro_secret_of_key(std::as_bytes(std::span("nothing"))));
  EXPECT_FALSE(retro_secret_of_key(pem_of(test::make_ec("P-256"), "word")));
  EXPECT_FALSE(retro_secret_of_key(test::spki_of(test::make_ec("P-256"))));
  EXPECT_FALSE(read_retro_secret("/nonexistent", SecretEncoding::key));
}

// One verdict leaf as the gate writes it, cut down to what a hunt reads.
std::string verdict(const std::string& scan, const std::string& filter, std::uint64_t bytes, bool complete) {
  return R"({"predicateType":"urn:x-dumpgate:dump-verdict:v1","subject":[{"name":"core )" + scan +
         R"(","digest":{"sha256":")" + std::string(64, 'a') + R"("}}],"predicate":{"scanId":")" + scan +
         R"(","result":"release","times":{"finished":"2026-01-01T00:00:00.000Z"},"coverage":{"bytesExamined":)" +
         std::to_string(bytes) + R"(,"complete":)" + (complete ? "true" : "false") + "}" +
         (filter.empty()
              ? ""
              : R"(,"artifacts":[{"name":"retro-filter","digest":{"sha256":")" + filter + R"("}}])") +
         "}}";
}
std::string release(const std::string& scan, const std::string& stage) {
  return R"({"predicateType":"urn:x-dumpgate:dump-release:v1","predicate":{"scanId":")" + scan +
         R"(","stage":")" + stage + R"("}})";
}

TEST(RetroHunt, AnswersForEveryDumpOfALog) {
  const test::Key key = test::make_rsa(1024);
  Bytes with = background(10);
  put(with, 36'325, test::pkcs8_of(key));
  const auto built = [](const Bytes& layer) {
    RetroFilterBuilder builder(query_site_key, std::size_t{1} << 20);
    Window window = test::whole_window(layer);
    builder.see(window);
    return builder.finish();
  };
  std::map<std::string, Bytes> store;
  const auto stored = [&](const Bytes& bytes) {
    std::string name = to_hex(Sha256::of(bytes));
    store[name] = bytes;
    return name;
  };
  const std::string held = stored(built(with));
  const std::string empty = stored(built(background(11)));
  const std::string broken = stored(Bytes(100));

  RetroHunt hunt;
  const std::vector<std::string> leaves{verdict("A", held, with.size(), true),
                                        release("A", "intent"),
                                        release("A", "complete"),
                                        verdict("B", empty, with.size(), true),
                                        verdict("C", "", with.size(), true),
                                        verdict("D", std::string(64, 'b'), with.size(), true),
                                        verdict("E", broken, with.size(), true),
                                        verdict("F", empty, with.size() + 1, true),
                                        verdict("G", empty, with.size(), false),
                                        release("G", "intent"),
                                        R"({"predicateType":"urn:x-dumpgate:control:v1","predicate":{}})"};
  for (std::size_t i = 0; i < leaves.size(); ++i) ASSERT_TRUE(hunt.see(i, leaves[i]));
  EXPECT_FALSE(hunt.see(99, "[]"));
  const auto dumps = hunt.ask(
      RetroQuery(secret_of(key), hash()), [&](const std::string& name) -> Result<std::optional<Bytes>> {
        const auto found = store.find(name);
        return found == store.end() ? std::optional<Bytes>() : std::optional(found->second);
      });
  ASSERT_EQ(dumps.size(), 7U);
  EXPECT_EQ(dumps[0].answer.result, RetroResult::contained);
  EXPECT_EQ(dumps[0].fate, "released");
  EXPECT_EQ(dumps[0].index, 0U);
  EXPECT_EQ(dumps[0].name, "core A");
  EXPECT_EQ(dumps[1].answer.result, RetroResult::not_contained);
  EXPECT_EQ(dumps[1].fate, "not released");
  for (std::size_t i = 2; i < 7; ++i) {
    EXPECT_EQ(dumps[i].answer.result, RetroResult::undecidable) << i;
    EXPECT_FALSE(dumps[i].answer.reason.empty());
  }
  EXPECT_EQ(dumps[6].fate, "release intended");

  const RetroAsked asked{.kind = "rsa 1024", .public_key_sha256 = test::name_of(key), .reach = {3, 4}};
  const std::string text = retro_text(asked, dumps);
  EXPECT_NE(text.find("contained  released  core A"), std::string::npos) << text;
  EXPECT_NE(text.find("7 dumps: 1 contained it, 1 did not, 5 undecidable"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(retro_json(asked, dumps));
  EXPECT_EQ(json["publicKeySha256"], test::name_of(key));
  ASSERT_EQ(json["dumps"].size(), 7U);
  EXPECT_EQ(json["dumps"][0]["answer"], "contained");
  EXPECT_EQ(json["dumps"][0]["fate"], "released");
  EXPECT_LT(std::stod(json["dumps"][0]["falseProbabilityBelow"].get<std::string>()), 1e-5);
  EXPECT_EQ(json["dumps"][1]["answer"], "not contained");
  EXPECT_TRUE(json["dumps"][2].contains("reason"));
}

}  // namespace
}  // namespace dumpgate
