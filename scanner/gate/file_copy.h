// copy_file: a durable copy of an open file, with the digest of what was written. The one rule: the digest is
// of the bytes that went into the copy, so that what is compared later is what leaves.

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "scanner/base/result.h"

namespace dumpgate {

struct CopiedFile {
  std::string sha256{};
  std::uint64_t size = 0;
};

// A new file (one that is there is replaced) of 0600, and of `mode` once it has the `size` bytes of `from`;
// durable on return. The mode is set on what was written, whatever lies by then under its name.
// ErrorCode::io, ErrorCode::limit when there are more, so that a file that grows does not take the disk with
// it; then nothing of it is left.
Result<CopiedFile> copy_file(int from, const std::string& to, std::uint64_t size,
                             mode_t mode = S_IRUSR | S_IWUSR);

// Reads the open file from its first byte to its last.
Result<CopiedFile> hash_file(int file);

}  // namespace dumpgate
