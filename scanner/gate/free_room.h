// How much room a directory's disk has left. The one rule: what root alone may fill does not count.

#pragma once

#include <sys/statvfs.h>

#include <cstdint>
#include <string>

#include "scanner/base/result.h"
#include "scanner/base/system_error.h"

namespace dumpgate {

// In bytes; ErrorCode::io when it cannot be told.
inline Result<std::uint64_t> free_room(const std::string& directory) {
  struct statvfs disk{};
  if (::statvfs(directory.c_str(), &disk) != 0) return io_error("cannot ask how much room there is");
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

}  // namespace dumpgate
