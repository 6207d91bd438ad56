// A configuration of the gate as an operator writes it: the example holds, the command line wins, and what is
// not understood stops the program before it does anything.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "scanner/cli/command_line.h"
#include "scanner/cli/gate_verb.h"
#include "tests/support/run_program.h"

namespace dumpgate {
namespace {

const std::string example = DUMPGATE_SOURCE_DIR "/samples/gate/gate.toml";

// "table.key" of every option that a configuration can give.
std::set<std::string> known_keys() {
  std::set<std::string> keys;
  for (const CommandEntry* const entry : all_gate_verbs()) {
    const Program program("", "");
    CommandLine app = program.line();
    const auto verb = entry->make();
    verb->declare(app);
    for (const Option& option : app.options()) {
      const std::string table = option.heading();
      if (!table.starts_with('[')) continue;
      std::string name = option.long_name();
      std::ranges::replace(name, '-', '_');
      keys.insert(table.substr(1, table.size() - 2) + "." + name);
    }
  }
  return keys;
}

TEST(GateConfig, TheExampleIsUnderstoodByEveryVerb) {
  const ProgramRun run = run_program("gate config " + example);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_GT(known_keys().size(), 25U);
}

TEST(GateConfig, AKeyThatNobodyKnowsIsAnErrorWithItsLine) {
  const TemporaryDirectory home;
  for (const char* const bad : {"[run]\nworker = 1\n", "[rum]\nworkers = 1\n", "[run]\nin = \"/\"\n",
                                "[spool]\nonce = true\n", "[core]\ncoredump_socket = \"/\"\n"}) {
    const std::string file = home.write("gate.toml", bad);
    const ProgramRun run = run_program("gate config " + file);
    EXPECT_EQ(run.code, 2) << bad;
    EXPECT_NE(run.err.find("gate.toml:2: unknown key "), std::string::npos) << run.err;
    EXPECT_EQ(run_program("gate run --config " + file).code, 2) << bad;
  }
}

TEST(GateConfig, AValueOfAnotherKindOrOutOfRangeIsAnError) {
  const TemporaryDirectory home;
  for (const char* const bad : {"[run]\nworkers = \"1\"\n", "[run]\nworkers = 0\n", "[run]\nreserve = 5\n",
                                "[sandbox]\nweaker_sandbox = \"no\"\n", "[clamd]\nsocket_mode = \"777\"\n",
                                "[examination]\nprotect = \"a\"\n", "[examination]\nstrict = 1\n",
                                "[examination]\npolicy = \"\"\n"}) {
    const ProgramRun run = run_program("gate config " + home.write("gate.toml", bad));
    EXPECT_EQ(run.code, 2) << bad;
    EXPECT_NE(run.err.find("gate.toml:2: "), std::string::npos) << run.err;
  }
}

TEST(GateConfig, WhatIsNeededMayComeFromEitherAndTheCommandLineWins) {
  const TemporaryDirectory home;
  const std::string file =
      home.write("gate.toml", "[spool]\nin = \"" + home.file("none") + "\"\nquarantine = \"" + home.file("") +
                                  "\"\nrelease = \"/\"\n[evidence]\nlog = \"/nonexistent\"\n");
  // The keys are missing from both.
  ProgramRun run = run_program("gate run --config " + file);
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("--keys is needed, here or as evidence.keys of --config"), std::string::npos)
      << run.err;
  run = run_program("gate run --keys /nonexistent --config " + file);
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find(home.file("none")), std::string::npos) << run.err;
  run = run_program("gate run --keys /nonexistent --in " + home.file("other") + " --config " + file);
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find(home.file("other")), std::string::npos) << run.err;
  EXPECT_EQ(run_program("gate run --help").code, 0);
}

}  // namespace
}  // namespace dumpgate
