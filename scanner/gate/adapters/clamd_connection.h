// serve_clamd_connection: one client of clamd's protocol, from its first command to its last answer. The one
// rule: the answer is OK only for a dump that was examined whole, may leave, and whose intent to release is
// durable; everything else that a client asks to be examined is answered FOUND, never ERROR, because clients
// are often set up to let pass what their scanner failed on.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "scanner/gate/judge.h"

namespace dumpgate {

struct ClamdSettings {
  std::string quarantine{};  // directory; what is received lies in its file system, without a name
  std::string spool{};       // absolute; the only directory in which SCAN looks; "": nowhere
  std::string version{};     // of this program
  std::uint64_t most_bytes = std::uint64_t{64} << 30;  // of one dump
  std::chrono::seconds idle{30};                       // without a byte from the client
  std::chrono::seconds receiving{3600};                // for one stream, from its command to its end
  unsigned most_connections = 8;                       // at a time; further ones wait to be accepted
};

// Serves until the client has gone, erred or kept silent for too long; leaves `socket` open. Never throws:
// a client that was not answered OK was not allowed anything.
//
// Answers: "stream: OK", "fd[7]: DumpGate.KeyMaterial.<scan id> FOUND", "/spool/core: DumpGate.NotInSpool
// FOUND", in a session with the command's number before ("3: "). The word after DumpGate: KeyMaterial
// (block), Held (hold), NotLogged (released, and the log could not say so), TooLarge, TooSlow, CutOff,
// NoSpace, Changed, NotAFile, NotInSpool, NoDescriptor, BadRequest, Failed.
void serve_clamd_connection(int socket, const ClamdSettings& settings, Judge& judge) noexcept;

}  // namespace dumpgate
