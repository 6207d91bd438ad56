// ClamdParser: takes apart what a client of clamd sends (clamd(8), "COMMANDS"): commands, the chunks of
// INSTREAM, the byte that carries a descriptor. The one rule: nothing a client claims is believed: no length
// leads to an allocation, a command line is bounded, and after a mistake nothing more is understood.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dumpgate {

enum class ClamdVerb : std::uint8_t {
  unknown,
  ping,
  version,
  version_commands,
  instream,
  fildes,
  idsession,
  end,
  scan,  // SCAN, CONTSCAN, MULTISCAN, ALLMATCHSCAN: one path each
};

struct ClamdCommand {
  ClamdVerb verb = ClamdVerb::unknown;
  std::string path{};    // of scan
  char end_mark = '\n';  // ends the reply, as it ended the command
  friend bool operator==(const ClamdCommand&, const ClamdCommand&) = default;
};

class ClamdParser {
 public:
  static constexpr std::size_t most_line = 4352;  // a path of PATH_MAX and a verb

  enum class Event : std::uint8_t {
    more,        // the input is used up
    command,     // command() is whole
    data,        // data() holds bytes of the stream that INSTREAM began
    data_end,    // the stream's closing chunk of length zero
    descriptor,  // the byte after FILDES, with which a descriptor travels (unix(7), SCM_RIGHTS)
    malformed,   // a line too long; from now on always
  };

  // Takes from the front of `input` what makes one event. After the command instream follow data and
  // data_end, after fildes comes descriptor, then commands again.
  Event next(std::span<const std::byte>& input);

  // To be called when the client has been silent for a while or has closed: a bare PING, VERSION or
  // VERSIONCOMMANDS without any delimiter, as some clients send it, is complete then. True: command() is
  // whole.
  bool quiet();

  const ClamdCommand& command() const { return command_; }
  std::span<const std::byte> data() const { return data_; }  // valid as long as the input
  bool between_commands() const { return state_ == State::line && line_.empty(); }

 private:
  enum class State : std::uint8_t { line, length, chunk, descriptor, broken };
  Event line(std::span<const std::byte>& input);
  Event chunk(std::span<const std::byte>& input);
  void accept_line();

  State state_ = State::line;
  std::string line_{};
  ClamdCommand command_{};
  std::span<const std::byte> data_{};
  std::uint32_t left_ = 0;    // of a chunk
  std::uint32_t length_ = 0;  // as far as it was read
  unsigned length_bytes_ = 0;
};

}  // namespace dumpgate
