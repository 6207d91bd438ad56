#include "scanner/gate/adapters/clamd_connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/gate/adapters/clamd_protocol.h"
#include "scanner/gate/adapters/timed_socket.h"
#include "scanner/gate/file_state.h"
#include "scanner/gate/open_beneath.h"
#include "scanner/gate/private_file.h"

namespace dumpgate {
namespace {

using Event = ClamdParser::Event;

// How long a command without a delimiter waits for one.
constexpr std::chrono::milliseconds bare_word_wait{200};
constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;

// What to tell the client, and the release that this amounts to.
struct Answer {
  std::string text{};
  GateVerdict verdict{};
  std::optional<LeafPlace> intent{};  // only for OK
  std::string name{};
};

Answer refusal(std::string_view reason) { return {.text = "DumpGate." + std::string(reason) + " FOUND"}; }

// "uid 1000" for a Unix socket, "network client" else.
std::string client_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
      address.ss_family == AF_UNIX && ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
    return "uid " + std::to_string(peer.uid);
  return "network client";
}

class Connection {
 public:
  Connection(int socket, const ClamdSettings& settings, Judge& judge)
      : socket_(socket),
        settings_(settings),
        judge_(judge),
        client_(client_of(socket)),
        buffer_(buffer_bytes) {}

  void run() {
    do {
      const auto event = next_event(std::chrono::steady_clock::now() + settings_.idle);
      if (!event) return;
      if (*event != Event::command) {
        (void)say(refusal("BadRequest").text);
        return;
      }
    } while (serve(parser_.command()));
  }

 private:
  Deadline idle_deadline() const { return std::chrono::steady_clock::now() + settings_.idle; }

  // The next event that is not `more`. ErrorCode::truncated when the client has closed.
  Result<Event> next_event(Deadline deadline) {
    for (;;) {
      if (const Event event = parser_.next(input_); event != Event::more) return event;
      if (!parser_.between_commands()) {
        const auto waited = std::chrono::steady_clock::now() + bare_word_wait;
        const auto more = socket_.wait(std::min(deadline, waited));
        if (!more) return more.error();
        if (!*more && parser_.quiet()) return Event::command;
      }
      const auto count = socket_.receive(buffer_, deadline);
      if (!count) return count.error();
      if (*count == 0)
        return parser_.quiet() ? Result<Event>(Event::command)
                               : Error{.code = ErrorCode::truncated, .message = "the client has closed"};
      input_ = std::span(buffer_).first(*count);
    }
  }

  // False when the connection ends with this.
  bool serve(const ClamdCommand& command) {
    end_mark_ = command.end_mark;
    if (in_session_) ++number_;
    switch (command.verb) {
      case ClamdVerb::idsession:
        if (in_session_) break;
        in_session_ = true;
        return true;
      case ClamdVerb::end:
        return false;
      case ClamdVerb::ping:
        return say("PONG") && in_session_;
      case ClamdVerb::version:
        return say(version()) && in_session_;
      case ClamdVerb::version_commands:
        return say(version() +
                   "| COMMANDS: PING VERSION VERSIONCOMMANDS INSTREAM FILDES IDSESSION END SCAN CONTSCAN "
                   "MULTISCAN ALLMATCHSCAN") &&
               in_session_;
      case ClamdVerb::instream:
        return conclude("stream", examine_stream());
      case ClamdVerb::fildes:
        return examine_descriptor();
      case ClamdVerb::scan: {
        const std::string path = command.path;
        return conclude(printable(path), examine_path(path));
      }
      case ClamdVerb::unknown:
        break;
    }
    (void)say(refusal("BadRequest").text);
    return false;
  }

  // c-icap's clamd_mod wants three numbers with dots, a slash, a number, a slash.
  std::string version() const {
    std::array<char, 64> date{};
    const std::time_t now = std::time(nullptr);
    tm parts{};
    (void)::gmtime_r(&now, &parts);
    (void)std::strftime(date.data(), date.size(), "%a %b %e %H:%M:%S %Y", &parts);
    return "ClamAV " + settings_.version + "-dumpgate/1/" + date.data();
  }

  bool say(const std::string& text) {
    const std::string number = in_session_ ? std::to_string(number_) + ": " : std::string();
    return socket_.send(number + text + end_mark_, idle_deadline()).has_value();
  }

  // Answers, and says in the log how a release ended. False when the connection ends with this.
  bool conclude(const std::string& subject, const Answer& answer) {
    const bool said = say(subject + ": " + answer.text);
    if (answer.intent) {
      const auto ended = judge_.end_release(
          answer.verdict, *answer.intent, said ? ReleaseStage::complete : ReleaseStage::aborted, answer.name,
          destination(), said ? std::string() : "the client did not take the answer");
      if (!ended) note("the end of a release is not in the log: " + ended.error().message);
    }
    if (!answer.intent) note(subject + " of " + client_ + ": " + answer.text);
    return said && in_session_ && usable_;
  }

  Answer examine_stream() {
    std::string_view reason;
    auto file = PrivateFile::create(settings_.quarantine, settings_.most_bytes);
    if (!file) reason = "NoSpace";
    const Deadline limit = std::chrono::steady_clock::now() + settings_.receiving;
    // What cannot be kept is read on and dropped, so that the client comes to hear the answer.
    for (;;) {
      const auto event = next_event(std::min(limit, idle_deadline()));
      if (!event || *event == Event::malformed) {
        usable_ = false;
        return refusal(!event && event.error().code == ErrorCode::limit ? "TooSlow" : "CutOff");
      }
      if (*event == Event::data_end) break;
      if (!reason.empty()) continue;
      if (const auto kept = file->append(parser_.data()); !kept)
        reason = kept.error().code == ErrorCode::limit ? "TooLarge" : "NoSpace";
    }
    if (!reason.empty()) return refusal(reason);
    return judged(file->descriptor(), "stream");
  }

  bool examine_descriptor() {
    const auto event = next_event(idle_deadline());
    if (!event || *event != Event::descriptor) return false;
    const Descriptor file = socket_.take_descriptor();
    if (!file) {
      usable_ = false;
      return conclude("fd", refusal("NoDescriptor"));
    }
    const std::string name = "fd[" + std::to_string(file.get()) + "]";
    return conclude(name, examine_file(file, "descriptor"));
  }

  Answer examine_path(const std::string& path) {
    const auto file = open_beneath(settings_.spool, path);
    return file ? examine_file(*file, path) : refusal("NotInSpool");
  }

  // Of a file that others may hold too, the verdict is about the bytes that were read: the answer is given
  // only if nothing was written meanwhile.
  Answer examine_file(const Descriptor& file, const std::string& name) {
    struct stat before{};
    const int way = ::fcntl(file.get(), F_GETFL);
    if (way < 0 || (way & O_PATH) != 0 || (way & O_ACCMODE) == O_WRONLY ||
        ::fstat(file.get(), &before) != 0 || !S_ISREG(before.st_mode))
      return refusal("NotAFile");
    if (static_cast<std::uint64_t>(before.st_size) > settings_.most_bytes) return refusal("TooLarge");
    return judged(file.get(), name, &before);
  }

  Answer judged(int descriptor, const std::string& name, const struct stat* before = nullptr) {
    Answer answer{.name = name};
    answer.verdict = judge_.examine(
        descriptor, DumpSource{.channel = "clamd", .name = name, .requester = client_, .producer = {}});
    const GateVerdict& verdict = answer.verdict;
    const auto found = [&](std::string_view reason) {
      answer.text = "DumpGate." + std::string(reason) + "." + verdict.scan_id + " FOUND";
      return std::move(answer);
    };
    if (verdict.decision == Decision::block) return found("KeyMaterial");
    if (verdict.decision != Decision::release || !verdict.leaf) return found("Held");
    struct stat now{};
    if (before != nullptr && (::fstat(descriptor, &now) != 0 || !untouched(*before, now)))
      return found("Changed");
    auto intent = judge_.intend_release(verdict, name, destination());
    if (!intent) return found("NotLogged");
    answer.intent = std::move(*intent);
    answer.text = "OK";
    return answer;
  }

  std::string destination() const { return "clamd client, " + client_; }

  static void note(const std::string& text) {
    const std::string line = "dumpgate: clamd: " + printable(text) + "\n";
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
  }

  TimedSocket socket_;
  const ClamdSettings& settings_;
  Judge& judge_;
  std::string client_;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> input_{};
  ClamdParser parser_{};
  char end_mark_ = '\n';
  bool in_session_ = false;
  bool usable_ = true;  // false once the place in the client's bytes is lost
  unsigned number_ = 0;
};

}  // namespace

void serve_clamd_connection(int socket, const ClamdSettings& settings, Judge& judge) noexcept {
  try {
    Connection(socket, settings, judge).run();
  } catch (const std::exception&) {  // out of memory: whatever was asked is not allowed
    static constexpr std::string_view failed = "DumpGate.Failed FOUND\n";
    (void)::send(socket, failed.data(), failed.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

}  // namespace dumpgate
