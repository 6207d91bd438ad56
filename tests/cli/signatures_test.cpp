// dumpgate signatures: what is built in can be listed, shown, and checked together with more.

#include <gtest/gtest.h>

#include "scanner/cli/command.h"
#include "scanner/detect/signature.h"
#include "tests/support/run_program.h"

namespace dumpgate {
namespace {

TEST(SignaturesCommand, ListsEachOnALine) {
  const ProgramRun run = run_program("signatures list");
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(static_cast<std::size_t>(std::count(run.out.begin(), run.out.end(), '\n')),
            builtin_signature_texts().size() + 1);
  for (const SignatureText& signature : builtin_signature_texts())
    EXPECT_NE(run.out.find("\n" + std::string(signature.id) + " "), std::string::npos) << signature.id;
}

TEST(SignaturesCommand, ShowsTheTextAsItIs) {
  for (const SignatureText& signature : builtin_signature_texts()) {
    const ProgramRun run = run_program("signatures show " + std::string(signature.id));
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.out, signature.text);
  }
  const ProgramRun none = run_program("signatures show no-such-key");
  EXPECT_EQ(none.code, exit_usage);
  EXPECT_EQ(none.out, "");
  EXPECT_NE(none.err.find("no-such-key"), std::string::npos);
}

TEST(SignaturesCommand, ChecksAllOfADirectory) {
  const std::string builtin = std::to_string(builtin_signature_texts().size()) + " built-in signatures";
  EXPECT_EQ(run_program("signatures check").out.rfind(builtin, 0), 0U);
  const TemporaryDirectory directory;
  directory.write("acme.toml",
                  "title = \"Acme key\"\nkind = \"private-key\"\nuse = \"signing\"\nlabels = [\"ACME PRIVATE "
                  "KEY\"]\nreference = \"ours\"\n");
  const ProgramRun good = run_program("signatures check " + directory.file(""));
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(good.out.rfind(builtin + ", 1 in ", 0), 0U) << good.out;
  directory.write(
      "bad.toml",
      "title = \"Bad\"\nkind = \"private-key\"\nuse = \"signing\"\nreference = \"ours\"\ncolour = \"red\"\n");
  const ProgramRun bad = run_program("signatures check " + directory.file(""));
  EXPECT_EQ(bad.code, exit_usage);
  EXPECT_NE(bad.err.find("colour"), std::string::npos) << bad.err;
}

TEST(SignaturesCommand, WantsToKnowWhatToDo) {
  EXPECT_EQ(run_program("signatures").code, exit_usage);
  EXPECT_EQ(run_program("signatures burn").code, exit_usage);
}

}  // namespace
}  // namespace dumpgate
