// io_error: a system call's failure as an Error, in one spelling. The one rule: call it before anything else
// that may set errno.

#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "scanner/base/result.h"

namespace dumpgate {

// ErrorCode::io, "<what>: <the system's words for this error number>".
inline Error io_error(const std::string& what, int number) {
  return {.code = ErrorCode::io, .message = what + ": " + std::generic_category().message(number)};
}
inline Error io_error(const std::string& what) { return io_error(what, errno); }

}  // namespace dumpgate
