// Keys in logs: something else on every line of the armour. Found once by one of the two armour detectors,
// whatever the lines carry.

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scanner/detect/text_view.h"
#include "tests/detect/window_runs.h"

namespace dumpgate {

extern const Detector& armour_detector;
extern const Detector& armour_lines_detector;

namespace {

using testing_support::find_with;
using testing_support::summaries;

std::string new_key(const char* type, std::size_t bits = 0) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      bits == 0 ? EVP_PKEY_Q_keygen(nullptr, nullptr, type) : EVP_PKEY_Q_keygen(nullptr, nullptr, type, bits),
      &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), &BIO_free_all);
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

SecretBytes body_of(const std::string& pem) {
  std::string text;
  for (const std::string& line : lines_of(pem))
    if (!line.starts_with("-----")) text += line;
  std::erase(text, '=');
  return decode_base64(text);
}

struct Log {
  std::string name;
  std::function<std::string(const std::string& line, std::size_t index)> entry;
};

std::vector<Log> logs() {
  using S = const std::string&;
  const auto seconds = [](std::size_t i) { return std::to_string(10 + i % 50); };
  return {
      {"syslog",
       [=](S t, std::size_t i) { return "Nov 28 00:54:" + seconds(i) + " host app[123]: " + t + "\n"; }},
      {"container",
       [=](S t, std::size_t i) {
         return "2026-11-28T00:54:" + seconds(i) + "." + std::string(1 + i % 9, '7') + "Z stdout F " + t +
                "\n";
       }},
      {"docker",
       [=](S t, std::size_t i) {
         return "{\"log\":\"" + t + "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-28T00:54:" + seconds(i) +
                "Z\"}\n";
       }},
      {"line numbers", [](S t, std::size_t i) { return std::to_string(i + 1) + ": " + t + "\n"; }},
      {"journal",
       [](S t, std::size_t i) {
         std::string record(64, '\0');
         record[0] = '\1';
         record[8] = static_cast<char>(i);
         record += "MESSAGE=" + t;
         record.resize((record.size() + 7) / 8 * 8);
         return record + "\3" + std::string(231, static_cast<char>(i + 1)) + "_PID=4711" +
                std::string(7, '\0');
       }},
  };
}

std::string logged(const std::string& pem, const Log& log) {
  std::string text = "an entry before it\n";
  std::size_t index = 0;
  for (const std::string& line : lines_of(pem)) text += log.entry(line, index++);
  return text + log.entry("and one behind it", index);
}

TEST(ArmourLines, AKeyInALogIsFoundWhole) {
  for (const std::string& pem :
       {new_key("RSA", 2048), new_key("RSA", 1024), new_key("ED25519"), new_key("ED448")}) {
    for (const Log& log : logs()) {
      SCOPED_TRACE(log.name + std::to_string(pem.size()));
      const auto found = find_with(armour_lines_detector, logged(pem, log));
      ASSERT_EQ(found.size(), 1U);
      EXPECT_EQ(found[0].form, Form::pkcs8_private);
      EXPECT_EQ(found[0].representation, "pem-lines");
      EXPECT_FALSE(found[0].cut);
      EXPECT_EQ(found[0].payload, body_of(pem));
      for (const Candidate& each : find_with(armour_detector, logged(pem, log)))
        EXPECT_EQ(each.evidence, Evidence::hint);
    }
  }
}

TEST(ArmourLines, WhatIsLeftOfAKeyIsAMarker) {
  const std::string pem = new_key("RSA", 2048);
  for (const Log& log : logs()) {
    std::string text = logged(pem, log);
    text.resize(text.size() / 2);
    const auto found = find_with(armour_lines_detector, text);
    ASSERT_EQ(found.size(), 1U) << log.name;
    EXPECT_TRUE(found[0].cut);
    EXPECT_EQ(found[0].evidence, Evidence::marker);
    EXPECT_EQ(found[0].signature, "rsa-private-key");
  }
}

TEST(ArmourLines, ArmourAsItIsBelongsToTheArmourDetector) {
  const std::string pem = new_key("RSA", 2048);
  for (const std::string before : {"", "    ", "> ", "\"", "key: "})
    EXPECT_TRUE(find_with(armour_lines_detector, before + pem).empty()) << before;
}

TEST(ArmourLines, LabelsOfProgramsAreNothing) {
  for (const std::string_view text :
       {": -----BEGIN PRIVATE KEY-----\n: -----END PRIVATE KEY-----\n", ": -----BEGIN PRIVATE KEY-----",
        ": -----BEGIN CERTIFICATE-----\n: and other words here\n", ": -----BEGIN ", "=-----BEGIN PRIVATE KEY",
        ": -----BEGIN PRIVATE KEY-----\n: ThisIsAVeryLongNameOfAFunctionThatSomebodyWroteOnce\n: end\n"})
    EXPECT_TRUE(find_with(armour_lines_detector, text).empty()) << text;
}

TEST(ArmourLines, TheSizeOfWindowsDoesNotShow) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += logged(new_key("ED25519"), logs()[static_cast<std::size_t>(i) % 5]);
  const auto whole = summaries(find_with(armour_lines_detector, text));
  EXPECT_EQ(whole.size(), 12U);
  for (const std::size_t own : {512U, 4099U})
    EXPECT_TRUE(summaries(find_with(armour_lines_detector, text, own)) == whole) << own;
}

TEST(ArmourLines, ATextFullOfAnchorsStaysCheap) {
  const std::string line(64, 'A');
  for (const std::string& piece :
       {std::string(" -----BEGIN PRIVATE KEY-----"), " -----BEGIN PRIVATE KEY----- . " + line + " \n",
        "=-----BEGIN PRIVATE KEY-----===" + line + "="}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    EXPECT_TRUE(find_with(armour_lines_detector, text).empty());
  }
}

}  // namespace
}  // namespace dumpgate
