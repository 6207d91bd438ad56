// run_program: runs the built program, or a shell, as a person would, and gives what it wrote and how it
// ended.

#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/support/temporary_directory.h"

namespace dumpgate {

struct ProgramRun {
  int code = -1;  // exit code; 128 + the signal when it was killed
  std::string out{};
  std::string err{};
};

// run_shell runs a line of sh; standard input is empty unless the line redirects it.
inline ProgramRun run_shell(const std::string& line) {
  const TemporaryDirectory directory;
  const std::string command =
      "{ " + line + "\n} </dev/null >" + directory.file("out") + " 2>" + directory.file("err");
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = read_whole(directory.file("out")),
          .err = read_whole(directory.file("err"))};
}

#ifdef DUMPGATE_PROGRAM  // tests of the command line have it, tests of a layer do not
// run_program runs the program with arguments as sh reads them.
inline ProgramRun run_program(const std::string& arguments) {
  return run_shell("'" DUMPGATE_PROGRAM "' " + arguments);
}
#endif

}  // namespace dumpgate
