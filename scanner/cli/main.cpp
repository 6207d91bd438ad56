// The program: hardens itself, reads the command line, runs one sub-command. The one rule: it ends with 0
// only when the sub-command said so and everything it wrote arrived.

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/verbs.h"

namespace dumpgate {
namespace {

volatile std::sig_atomic_t signal_seen = 0;

extern "C" void on_stop_signal(int number) {
  signal_seen = number;
  stop_requested.store(true);
  // A second one ends the program at once: a person who insists shall not wait.
  (void)std::signal(number, SIG_DFL);
}

extern "C" void on_status_signal(int) { status_requested.store(true); }

// A crash of ours must not be the leak: no core, no attaching debugger of the same user, no /proc/PID/mem.
void keep_memory_private() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

// A standard stream that the caller closed would give its number to the next file opened: the summary meant
// for stderr would go into a report. It is held by something that cannot be used in its direction, so that
// writing fails as it would have on the closed one.
bool keep_standard_numbers() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    const int way = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", way) != number) return false;  // the lowest free number, and lower ones are taken
  }
  return true;
}

void install_signal_handlers() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) (void)std::signal(number, on_stop_signal);
  (void)std::signal(SIGUSR1, on_status_signal);
  (void)std::signal(SIGPIPE, SIG_IGN);  // a broken pipe is a failed write, which is reported
}

constexpr std::string_view exit_codes =
    "Exit codes of scan:\n"
    "  0  release: examined whole, nothing forbidden\n"
    "  1  block: signing material found\n"
    "  2  usage, configuration or policy error: nothing was examined\n"
    "  3  hold: not examined whole (truncated, damaged, encrypted, over a limit, unreadable)\n"
    "  4  internal error\n"
    "  128+n  ended by signal n\n"
    "With several inputs: the worst, 1 before 3.\n"
    "Environment: NO_COLOR switches colours off.\n";

int run_program(int argc, char** argv) {
  Program program(
      "dumpgate",
      "dumpgate: finds private signing keys in memory images and crash dumps, proves each find by "
      "arithmetic, and says whether the dump may leave.");
  CommandLine line = program.line();
  line.footer(std::string(exit_codes));
  program.answers_version(std::string(program_version));
  Verbs commands;
  commands.declare(line, all_commands());
  line.subcommand("scan")->footer(std::string(exit_codes));
  if (const auto reply = program.read(argc, argv)) {
    if (!reply->mistake) {
      write_stdout(reply->text);
      return 0;
    }
    write_stderr("dumpgate: " + printable(reply->text) + "\nTry 'dumpgate --help'.\n");
    return exit_usage;
  }
  Command* const command = commands.named();
  if (command != nullptr) return command->run();
  const std::string word = argc > 1 ? printable(argv[1]) : std::string();
  write_stderr(word.empty() ? program.help()
                            : "dumpgate: no such sub-command: " + word + "\nTry 'dumpgate --help'.\n");
  return exit_usage;
}

}  // namespace

int guarded_main(int argc, char** argv) {
  if (!keep_standard_numbers()) return exit_internal;
  keep_memory_private();
  install_signal_handlers();
  // A configuration file could load providers that make every key fail to verify.
  if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1) return exit_internal;
  int code = exit_internal;
  try {
    code = run_program(argc, argv);
  } catch (const std::exception& error) {
    write_stderr("dumpgate: internal error: " + printable(error.what()) + "\n");
    code = exit_internal;
  }
  if (signal_seen != 0) return 128 + static_cast<int>(signal_seen);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return code == exit_release ? exit_internal : code;
  return code;
}

}  // namespace dumpgate

int main(int argc, char** argv) { return dumpgate::guarded_main(argc, argv); }
