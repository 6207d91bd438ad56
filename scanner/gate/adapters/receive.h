// receive: one upload over SSH, as the forced command of a key in authorized_keys (sshd(8)). The one rule:
// the sender can put files in and do nothing else; what it puts in appears in the gate's input directory
// under a safe name, whole, or not at all.
//
// Uploads arrive in a hidden directory of their own below the input directory; sftp-server, rsync and scp see
// nothing else (receiver_sandbox.h). What arrived complete is renamed from there when the program has ended.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace dumpgate {

struct ReceiveSettings {
  std::string in{};                                    // the gate's input directory
  std::uint64_t most_bytes = std::uint64_t{64} << 30;  // of one file
  std::chrono::seconds time_limit{4 * 3600};           // of one session
  std::string sftp_server = "/usr/lib/openssh/sftp-server";
  std::string rsync = "/usr/bin/rsync";
  std::string scp = "/usr/bin/scp";
};

// Does what `command` (SSH_ORIGINAL_COMMAND; "" when unset) asks for, with standard input and output as the
// connection. Returns an exit status for the sender: 0 only when all that arrived is in the input directory.
int receive(const std::string& command, const ReceiveSettings& settings);

}  // namespace dumpgate
