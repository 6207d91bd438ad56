// The manual page, the help texts and the program name the same sub-commands and options.

#include <gtest/gtest.h>

#include <regex>

#include "tests/support/declared_program.h"
#include "tests/support/run_program.h"

namespace dumpgate {
namespace {

// The manual's source as plain words: no requests, no font changes, no escaped hyphens.
std::string manual_text() {
  std::string text = read_whole(DUMPGATE_SOURCE_DIR "/docs/dumpgate.1");
  text = std::regex_replace(text, std::regex("\\\\f[A-Z]"), "");
  text = std::regex_replace(text, std::regex("\\\\-"), "-");
  text = std::regex_replace(text, std::regex("\\n\\.[A-Za-z]+ ?"), "\n");
  return std::regex_replace(text, std::regex("[\" ]+"), " ");
}

std::set<std::string> long_options_in(const std::string& text) {
  const std::regex option("(?:^|[^-a-z])(--[a-z][-a-z0-9]*)");
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), option), end; match != end; ++match)
    found.insert((*match)[1].str());
  return found;
}

TEST(Manual, NamesEveryOptionAndNoOther) {
  const DeclaredProgram program;
  std::set<std::string> expected = program.long_options();
  expected.insert({"--help", "--version"});
  EXPECT_EQ(long_options_in(manual_text()), expected);
}

TEST(Manual, NamesEverySubCommand) {
  const DeclaredProgram program;
  const std::string manual = manual_text();
  const std::size_t begin = manual.find("\nCOMMANDS\n");
  const std::size_t end = manual.find("\nOPTIONS\n");
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::string commands = manual.substr(begin, end - begin);
  for (const std::string& path : program.paths()) {
    if (path == "signatures" || path == "log" || path == "gate") continue;  // their sub-commands are there
    EXPECT_TRUE(std::regex_search(commands, std::regex("\\n " + path + "( |\\n)|\\n" + path + "( |\\n)")))
        << path;
  }
}

TEST(Help, NamesEverySubCommandAndOption) {
  const DeclaredProgram program;
  const std::string all = run_program("--help").out;
  std::set<std::string> options = long_options_in(all);
  for (const std::string& path : program.paths()) {
    if (path.find(' ') == std::string::npos) {
      EXPECT_NE(all.find("\n  " + path + " "), std::string::npos) << path;
    }
    const ProgramRun run = run_program(path + " --help");
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "");
    options.merge(long_options_in(run.out));
  }
  for (const std::string& option : program.long_options()) EXPECT_TRUE(options.contains(option)) << option;
}

TEST(Help, NamesTheExitCodesAndTheEnvironment) {
  const std::string help = run_program("scan --help").out;
  for (const std::string_view word :
       {"0  release", "1  block", "2  usage", "3  hold", "4  internal", "NO_COLOR"})
    EXPECT_NE(help.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace dumpgate
