#include "scanner/gate/read_lease.h"

#include <fcntl.h>

#include <cerrno>

namespace dumpgate {

WriteState take_read_lease(int file) {
  if (::fcntl(file, F_SETLEASE, F_RDLCK) == 0) return WriteState::nobody;
  return errno == EAGAIN ? WriteState::somebody : WriteState::unknown;
}

bool read_lease_held(int file) { return ::fcntl(file, F_GETLEASE) == F_RDLCK; }

}  // namespace dumpgate
