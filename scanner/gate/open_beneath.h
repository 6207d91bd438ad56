// open_beneath: opens a file that somebody else names, only where it lies inside a directory. The one rule:
// the kernel decides what is inside (openat2(2)), not a comparison of names.

#pragma once

#include <string>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"

namespace dumpgate {

// `path` must be the directory's own absolute path, as given, and a path below it: no "..", no symbolic link
// and no magic link on the way is followed. Read only; never waits for a writer of a pipe. ErrorCode::usage
// when it lies elsewhere or `directory` is empty, ErrorCode::io when it cannot be opened.
Result<Descriptor> open_beneath(const std::string& directory, const std::string& path);

}  // namespace dumpgate
