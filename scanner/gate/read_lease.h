// Read leases (fcntl(2), F_SETLEASE): whether somebody can be writing to an open file. The one rule: where
// the kernel cannot tell, unknown is the answer.

#pragma once

#include <cstdint>

namespace dumpgate {

// With a lease it is sure; where a file system or a foreign owner allows none, a file that nobody changed for
// some seconds counts as complete.
enum class WriteState : std::uint8_t { nobody, somebody, unknown };

// The lease is held as long as the file is open.
WriteState take_read_lease(int file);
bool read_lease_held(int file);

}  // namespace dumpgate
