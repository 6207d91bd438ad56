// dumpgate log hunt: which of a log's dumps held a key, by their filters, as a person asks it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "scanner/cli/log_verb.h"
#include "scanner/cli/settings.h"
#include "scanner/evidence/retro_filter.h"
#include "tests/support/run_program.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

using testing::HasSubstr;
using testing::Not;

class LogHunt : public testing::Test {
 protected:
  LogHunt() {
    const std::string program = DUMPGATE_PROGRAM;
    made_ = run_shell(program + " log init --log " + log_ + " --origin test.example/dumps --keys " + keys_ +
                      " && openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out " + key_ +
                      " && openssl genpkey -algorithm ED25519 -out " + other_);
  }

  // Appends the verdict of a dump of these bytes.
  void examined(const std::string& name, const std::string& dump, bool with_filter) {
    auto log = open_writable_log(log_, keys_);
    ASSERT_TRUE(log) << log.error().message;
    std::string artifacts;
    if (with_filter) {
      const auto site_key = read_site_key(keys_ + "/site.key");
      ASSERT_TRUE(site_key);
      RetroFilterBuilder builder(*site_key, std::size_t{1} << 20);
      Window window = test::whole_window(std::as_bytes(std::span(dump)));
      builder.see(window);
      const auto stored = log->log.store(builder.finish());
      ASSERT_TRUE(stored);
      artifacts = R"({"name":"retro-filter","digest":{"sha256":")" + *stored + R"("}})";
    }
    const auto place =
        log->log.append(R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":")" + name +
                        R"(","digest":{"sha256":")" + std::string(64, 'a') +
                        R"("}}],"predicateType":"urn:x-dumpgate:dump-verdict:v1","predicate":{"scanId":")" +
                        name + R"(","result":"release","coverage":{"complete":true,"bytesExamined":)" +
                        std::to_string(dump.size()) + R"(},"artifacts":[)" + artifacts + "]}}");
    ASSERT_TRUE(place) << place.error().message;
  }

  ProgramRun hunt(const std::string& key, const std::string& more = {}) const {
    return run_shell(std::string(DUMPGATE_PROGRAM) + " log hunt " + key + " --log " + log_ + " --site-key " +
                     keys_ + "/site.key " + more);
  }

  TemporaryDirectory directory_{};
  std::string log_ = directory_.file("log");
  std::string keys_ = directory_.file("keys");
  std::string key_ = directory_.file("key.pem");
  std::string other_ = directory_.file("other.pem");
  ProgramRun made_{};
};

TEST_F(LogHunt, SaysWhichDumpHeldTheKeyAndNothingOfTheKey) {
  ASSERT_EQ(made_.code, 0) << made_.err;
  const std::string pem = read_whole(key_);
  examined("core.clean", std::string(5'000, '\0'), true);
  examined("core.held", std::string(5'003, '\0') + pem.substr(200), true);

  const ProgramRun found = hunt(key_);
  EXPECT_EQ(found.code, 1) << found.err;
  EXPECT_THAT(found.out, HasSubstr("contained  not released  core.held"));
  EXPECT_THAT(found.out, HasSubstr("not contained  not released  core.clean"));
  EXPECT_THAT(found.out, HasSubstr("2 dumps: 1 contained it, 1 did not, 0 undecidable"));
  for (std::size_t at = 30; at + 64 < pem.size(); at += 8)
    EXPECT_THAT(found.out + found.err, Not(HasSubstr(pem.substr(at, 8))));

  EXPECT_EQ(hunt(other_).code, 0);
  EXPECT_THAT(hunt(other_, "--format json").out, HasSubstr(R"("answer":"not contained")"));
}

TEST_F(LogHunt, ADumpThatCannotBeAskedIsNoNo) {
  ASSERT_EQ(made_.code, 0) << made_.err;
  examined("core.plain", std::string(5'000, '\0'), false);
  const ProgramRun run = hunt(key_);
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.out, HasSubstr("no filter was made of it"));
}

TEST_F(LogHunt, WhatIsNoKeyIsRefused) {
  ASSERT_EQ(made_.code, 0) << made_.err;
  EXPECT_EQ(hunt(directory_.write("nothing", "nothing")).code, 2);
  EXPECT_EQ(hunt(directory_.write("digits", "abc"), "--hex").code, 2);
  EXPECT_EQ(hunt(key_, "--raw --hex").code, 2);
}

}  // namespace
}  // namespace dumpgate
