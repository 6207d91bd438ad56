// Listeners and the process that serves them: one forked child for each connection, so that a client's fate
// is its own. The one rule: a socket is reachable only by whom it was opened for: by the mode of its path, or
// from this machine.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"

namespace dumpgate {

// A stream socket at `path`, absolute, with this mode. A socket that is left there from before is replaced;
// anything else, and one that somebody still listens on, is an Error (ErrorCode::usage).
Result<Descriptor> listen_on_path(const std::string& path, mode_t mode);

// A TCP socket at "127.0.0.1:3310" or "[::1]:3310". The protocols here know no passwords: any other address
// is an Error (ErrorCode::usage). Port 0 lets the kernel choose.
Result<Descriptor> listen_on_loopback(const std::string& address);

// Accepts and serves until `stop`: each connection in a child of its own, at most `most` at a time; further
// clients wait in the kernel's queue. Children that still run then are killed, and so they are when this
// process dies. `serve` runs in the child, which ends when it returns; it must not throw.
void serve_connections(std::span<const Descriptor> listeners, unsigned most, const std::atomic<bool>& stop,
                       const std::function<void(int socket)>& serve);

}  // namespace dumpgate
