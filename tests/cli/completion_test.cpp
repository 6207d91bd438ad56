// Every shell completes every sub-command and option, in a real shell.

#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/declared_program.h"
#include "tests/support/run_program.h"

namespace dumpgate {
namespace {

// What bash offers after `words`, the last of which is being typed.
std::set<std::string> bash_offers(const std::string& words) {
  const TemporaryDirectory directory;
  const std::string script = directory.write(
      "try.bash",
      "cd " + directory.file("") + " && source <('" DUMPGATE_PROGRAM "' completion bash) && COMP_WORDS=(" +
          words +
          ") COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _dumpgate && printf '%s\\n' \"${COMPREPLY[@]}\"");
  const ProgramRun run = run_shell("bash " + script);
  EXPECT_EQ(run.code, 0) << run.err;
  std::set<std::string> offers;
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) offers.insert(line);
  return offers;
}

TEST(Completion, NamesEveryCommandAndOptionForEveryShell) {
  const DeclaredProgram program;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const ProgramRun run = run_program("completion " + shell);
    ASSERT_EQ(run.code, 0) << run.err;
    for (const std::string& path : program.paths()) {
      const std::string name = path.substr(path.rfind(' ') + 1);
      EXPECT_NE(run.out.find(name), std::string::npos) << shell << " " << path;
    }
    for (const std::string& option : program.long_options()) {
      const std::string wanted = shell == "fish" ? "-l " + option.substr(2) : option;
      EXPECT_NE(run.out.find(wanted), std::string::npos) << shell << " " << option;
    }
  }
}

TEST(Completion, WorksInARealBash) {
  const DeclaredProgram program;
  std::set<std::string> commands;
  for (const std::string& path : program.paths())
    if (path.find(' ') == std::string::npos) commands.insert(path);
  auto offered = bash_offers("dumpgate ''");
  for (const std::string& command : commands) EXPECT_TRUE(offered.contains(command)) << command;
  EXPECT_EQ(bash_offers("dumpgate sig"), (std::set<std::string>{"signatures"}));
  EXPECT_EQ(bash_offers("dumpgate signatures sh"), (std::set<std::string>{"show"}));
  EXPECT_EQ(bash_offers("dumpgate entropy --format ''"), (std::set<std::string>{"csv", "svg", "table"}));
  EXPECT_EQ(bash_offers("dumpgate entropy -f s"), (std::set<std::string>{"svg"}));
  EXPECT_EQ(bash_offers("dumpgate completion z"), (std::set<std::string>{"zsh"}));
  EXPECT_EQ(bash_offers("dumpgate scan --known"), (std::set<std::string>{}));
  EXPECT_TRUE(bash_offers("dumpgate scan core --str").contains("--strict"));
  EXPECT_FALSE(bash_offers("dumpgate inspect --").contains("--strict"));
}

TEST(Completion, IsReadByTheOtherShellsWhereTheyAreInstalled) {
  for (const std::string shell : {"zsh", "fish"}) {
    if (run_shell("command -v " + shell).code != 0) {
      std::cout << shell << " is not installed: its script was not read by it\n";
      continue;
    }
    const ProgramRun run = run_shell("'" DUMPGATE_PROGRAM "' completion " + shell + " | " + shell + " -n");
    EXPECT_EQ(run.code, 0) << shell << ": " << run.err;
    EXPECT_EQ(run.err, "") << shell;
  }
}

TEST(Completion, RefusesOtherShells) {
  EXPECT_EQ(run_program("completion tcsh").code, exit_usage);
  EXPECT_EQ(run_program("completion").code, exit_usage);
}

}  // namespace
}  // namespace dumpgate
