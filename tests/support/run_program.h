// run_program: runs the built program, or a shell, as a person would, and gives what it wrote and how it
// ended.

#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace dumpgate {

struct ProgramRun {
  int code = -1;  // exit code; 128 + the signal when it was killed
  std::string out{};
  std::string err{};
};

// A directory of its own, removed with all in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dumpgate-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string file(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }

 private:
  std::filesystem::path path_{};
};

inline std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

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
