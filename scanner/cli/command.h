// Command: one sub-command of the program. The one rule: stdout carries results only; messages, progress and
// help for mistakes go to stderr, and an exit code of 0 from scan means release and nothing else.

#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dumpgate {

class CommandLine;

// Exit codes of every sub-command (design 4.1).
enum ExitCode : int { exit_release = 0, exit_block = 1, exit_usage = 2, exit_hold = 3, exit_internal = 4 };

class Command {
 public:
  virtual ~Command() = default;
  // Declares options and arguments; their values are kept in the command, which lives until the program ends.
  virtual void declare(CommandLine& app) = 0;
  // Runs after parsing; returns an exit code. May throw std::exception: main turns it into exit_internal.
  virtual int run() = 0;
};

struct CommandEntry {
  std::string_view name{};
  std::string_view summary{};
  std::unique_ptr<Command> (*make)() = nullptr;
};

template <typename T>
std::unique_ptr<Command> make_command() {
  return std::make_unique<T>();
}

// The sub-commands, one for each file of scanner/cli/commands/; the build lists the folder.
std::span<const CommandEntry* const> all_commands();

// Set by SIGINT, SIGTERM and SIGHUP: examinations stop soon, with a gap; main exits with 128 + the signal.
extern std::atomic<bool> stop_requested;
// Set by SIGUSR1: print one line of progress.
extern std::atomic<bool> status_requested;

// write_stdout writes all of `text` or throws: a closed pipe or a full disk must never look like success.
void write_stdout(std::string_view text);
void write_stderr(std::string_view text) noexcept;

extern const std::string_view program_version;

}  // namespace dumpgate
