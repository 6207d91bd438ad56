#include "scanner/gate/adapters/receive.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/gate/adapters/inbox.h"
#include "scanner/gate/adapters/receiver_sandbox.h"
#include "scanner/gate/adapters/ssh_command.h"
#include "scanner/gate/private_file.h"

namespace dumpgate {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

// After the sender's end of file: as long as it takes to see that the connection itself is gone.
constexpr int settling_ms = 500;
constexpr std::size_t most_log = std::size_t{16} << 20;

void tell(std::string_view text) {
  const std::string line = "dumpgate: " + printable(text) + "\n";
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

int fail(const std::string& why) {
  tell(why);
  return EXIT_FAILURE;
}

int left_ms(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 1 << 30));
}

// What sftp-server may be asked for. Neither data nor names come back, and nothing is done to a file by its
// path alone but making, renaming and removing, which Landlock bounds.
constexpr const char* sftp_requests =
    "realpath,stat,lstat,fstat,open,write,close,mkdir,rename,posix-rename,remove,fsync,limits";

struct Program {
  std::string path{};
  std::vector<std::string> arguments{};
  bool logs_closing = false;  // its stderr says which files were still open at its end (sftp-server -e)
};

Program program_for(const SshRequest& request, const ReceiveSettings& settings) {
  if (request.kind == SshRequest::Kind::rsync)
    return {.path = settings.rsync, .arguments = request.arguments};
  if (request.kind == SshRequest::Kind::scp) return {.path = settings.scp, .arguments = request.arguments};
  return {.path = settings.sftp_server,
          .arguments = {"-e", "-l", "INFO", "-u", "0077", "-p", sftp_requests},
          .logs_closing = true};
}

[[noreturn]] void become(const Program& program, const std::string& directory, int errors,
                         const ReceiveSettings& settings) {
  (void)::setpgid(0, 0);
  (void)::umask(0077);
  std::vector<std::string> words{program.path};
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  std::vector<std::string> variables{"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=" + directory,
                                     // sftp-server names the sender in its log by it.
                                     "SSH_CONNECTION=sender 0 gate 0"};
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  const auto argv = pointers(words);
  const auto environment = pointers(variables);
  (void)std::signal(SIGPIPE, SIG_DFL);
  if (::dup2(errors, STDERR_FILENO) < 0 || ::chdir(directory.c_str()) != 0) ::_exit(127);
  if (const auto confined = confine_receiver(directory, settings.most_bytes); !confined)
    tell(confined.error().message);
  else
    (void)::execve(program.path.c_str(), argv.data(), environment.data());
  (void)std::fflush(stderr);
  ::_exit(127);
}

struct Ending {
  bool clean = false;  // exit status 0
  std::string log{};   // its stderr
};

// Reads the program's stderr to its end, and then how it ended.
Ending await(pid_t process, const Descriptor& errors, Deadline deadline) {
  Ending ending;
  std::array<char, 4096> buffer{};
  bool in_time = true;
  while (in_time) {
    pollfd waited{.fd = errors.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, left_ms(deadline)) < 0 && errno == EINTR) continue;
    in_time = waited.revents != 0;
    const ssize_t count = in_time ? ::read(errors.get(), buffer.data(), buffer.size()) : 0;
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    ending.log.append(buffer.data(), static_cast<std::size_t>(count));
    in_time = ending.log.size() <= most_log;
  }
  if (!in_time) (void)::kill(-process, SIGKILL);
  int status = -1;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  (void)::kill(-process, SIGKILL);  // whatever it may have left running
  ending.clean = in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ending;
}

// Two kinds of sftp-server's lines name a file that is not whole:
//   forced close "/in/core" bytes read 0 written 4711
//   process_write: write "/in/core": No space left on device
struct LoggedPath {
  std::string_view before{}, after{};
  std::size_t cut_at = std::string_view::npos;  // a longer path is logged as so many bytes of it
};
constexpr std::array broken_files{
    LoggedPath{.before = "forced close \"", .after = "\" bytes read "},
    LoggedPath{.before = "process_write: write \"", .after = "\": ", .cut_at = 100}};

// The paths of those lines; a cut one is made to name nothing, which leaves out everything of the session.
std::vector<std::string> cut_off(std::string_view log) {
  std::vector<std::string> paths;
  for (const auto& [before, after, cut_at] : broken_files) {
    for (auto at = log.find(before); at != std::string_view::npos; at = log.find(before, at + 1)) {
      const auto begin = at + before.size();
      const auto end = log.find(after, begin);
      std::string path(log.substr(begin, end == std::string_view::npos ? end : end - begin));
      if (path.size() >= cut_at) path += "...";
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

int run_program(const SshRequest& request, const ReceiveSettings& settings) {
  auto inbox = Inbox::open(settings.in);
  if (!inbox) return fail(inbox.error().message);
  const auto directory = inbox->session_directory();
  if (!directory) return fail(directory.error().message);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail("no pipe");
  const Descriptor errors(ends[0]);
  Descriptor theirs(ends[1]);
  const Program program = program_for(request, settings);
  const pid_t process = ::fork();
  if (process < 0) return fail("no process");
  if (process == 0) become(program, *directory, theirs.get(), settings);
  (void)::setpgid(process, process);
  theirs.reset();
  const Ending ending = await(process, errors, std::chrono::steady_clock::now() + settings.time_limit);
  if (!program.logs_closing) (void)std::fwrite(ending.log.data(), 1, ending.log.size(), stderr);
  // rsync gives a file its name when it is whole, whatever happens later; sftp-server says which were not; of
  // scp only the end says so.
  if (!ending.clean && request.kind != SshRequest::Kind::rsync)
    return fail("nothing is taken in: the transfer did not end well");
  const auto delivery =
      inbox->deliver(program.logs_closing ? cut_off(ending.log) : std::vector<std::string>{});
  for (const std::string& what : delivery.left_out) tell("not taken in: " + what);
  return ending.clean && delivery.left_out.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

// Whether the connection is still there after its end of file: a sender that ended says so and stays for the
// answer, of one that was cut off nothing is left.
bool sender_is_there() {
  pollfd watched{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  while (::poll(&watched, 1, settling_ms) < 0)
    if (errno != EINTR) return false;
  return watched.revents == 0;
}

Result<void> take_in(PrivateFile& file, Deadline deadline) {
  std::vector<std::byte> buffer(std::size_t{256} * 1024);
  for (;;) {
    pollfd waited{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, left_ms(deadline)) < 0 && errno == EINTR) continue;
    if (waited.revents == 0) return Error{.code = ErrorCode::limit, .message = "the transfer took too long"};
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{.code = ErrorCode::io, .message = "the connection failed"};
    if (count == 0) break;
    if (auto kept = file.append(std::span(buffer).first(static_cast<std::size_t>(count))); !kept) return kept;
  }
  if (!sender_is_there()) return Error{.code = ErrorCode::truncated, .message = "the connection was cut off"};
  return {};
}

int write_file(const SshRequest& request, const ReceiveSettings& settings) {
  const auto inbox = Inbox::open(settings.in);
  if (!inbox) return fail(inbox.error().message);
  auto file = PrivateFile::create(settings.in, settings.most_bytes);
  if (!file) return fail(file.error().message);
  if (const auto taken = take_in(*file, std::chrono::steady_clock::now() + settings.time_limit); !taken)
    return fail("not taken in: " + taken.error().message);
  if (says_incomplete(request.name)) {
    const auto kept = inbox->keep_hidden(file->descriptor(), request.name);
    return kept ? EXIT_SUCCESS : fail("not taken in: " + kept.error().message);
  }
  const auto published = inbox->publish(file->descriptor(), request.name);
  return published ? EXIT_SUCCESS : fail("not taken in: " + published.error().message);
}

int rename_file(const SshRequest& request, const ReceiveSettings& settings) {
  const auto inbox = Inbox::open(settings.in);
  if (!inbox) return fail(inbox.error().message);
  if (says_incomplete(request.to)) return fail("the new name calls itself incomplete too");
  const auto promoted = inbox->promote(request.name, request.to);
  return promoted ? EXIT_SUCCESS : fail(promoted.error().message);
}

}  // namespace

int receive(const std::string& command, const ReceiveSettings& settings) {
  const SshRequest request = parse_ssh_command(command);
  switch (request.kind) {
    case SshRequest::Kind::refused:
      return fail(request.reason);
    case SshRequest::Kind::nothing:
      return EXIT_SUCCESS;
    case SshRequest::Kind::write:
      return write_file(request, settings);
    case SshRequest::Kind::rename:
      return rename_file(request, settings);
    case SshRequest::Kind::sftp:
    case SshRequest::Kind::rsync:
    case SshRequest::Kind::scp:
      return run_program(request, settings);
  }
  return EXIT_FAILURE;
}

}  // namespace dumpgate
