// parse_ssh_command: what a sender asks for over SSH, out of SSH_ORIGINAL_COMMAND. The one rule: no shell
// ever sees it; a request is one of few forms, understood to its last character, or it is refused; and no
// form reads anything back.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dumpgate {

struct SshRequest {
  enum class Kind : std::uint8_t {
    refused,
    sftp,    // the SFTP subsystem
    rsync,   // rsync --server, receiving
    scp,     // scp -t
    write,   // dd of=NAME: standard input is the dump
    rename,  // mv NAME TO, as kdump does when its dump is whole
    nothing  // mkdir -p: directories mean nothing here
  };
  Kind kind = Kind::refused;
  std::vector<std::string> arguments{};  // of rsync and scp, without the program; paths replaced by ours
  std::string name{};                    // safe
  std::string to{};                      // safe
  std::string reason{};                  // of refused, for a person
};

SshRequest parse_ssh_command(std::string_view original);

// The path as one name without directories: letters, digits and "._+-" stay, everything else becomes "_",
// as does a dot in front. At most 200 bytes: of a longer one the end. "" when nothing is left.
std::string safe_name(std::string_view path);

// Whether a name says of itself that its content is still arriving: .part, .tmp, .filepart, incomplete.
bool says_incomplete(std::string_view name);

}  // namespace dumpgate
