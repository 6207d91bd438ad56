// Input: the dump as given: a file or standard input, opened once. The one rule: the digest is taken of
// exactly the bytes that are examined, while they pass, and a file that changes meanwhile is a gap.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "scanner/base/result.h"
#include "scanner/io/byte_stream.h"

namespace dumpgate {

class Input {
 public:
  virtual ~Input() = default;

  virtual const std::string& name() const = 0;            // as given; "-" for standard input
  virtual std::optional<std::uint64_t> size() const = 0;  // bytes when opened; nothing for a pipe

  // stream starts at the first byte. For a pipe the second call is an Error: it can be read once only.
  virtual Result<std::unique_ptr<ByteStream>> stream() = 0;

  // view reads anywhere; nothing for a pipe. Safe for concurrent use. Lives as long as the input.
  virtual ByteView* view() = 0;

  // changed says whether size or modification time differ from those at opening (always false for a pipe).
  virtual bool changed() const = 0;
};

// open_input opens a path, or standard input for "-". Directories, devices, sockets and what cannot be read
// are Errors with a message for a person (ErrorCode::io). Symbolic links are followed; a loop is an Error.
// `stop`, if given, outlives the input: once it is true, a pipe is no longer waited for, neither for its
// writer nor for more bytes, and reading it is an Error.
Result<std::unique_ptr<Input>> open_input(const std::string& path, const std::atomic<bool>* stop = nullptr);

// open_descriptor takes ownership of an open descriptor (regular file or pipe); `stop` as for open_input.
Result<std::unique_ptr<Input>> open_descriptor(int descriptor, std::string name,
                                               const std::atomic<bool>* stop = nullptr);

// memory_input reads from bytes that outlive it; `once` makes it behave like a pipe. For tests and the
// self-test.
std::unique_ptr<Input> memory_input(std::string name, std::span<const std::byte> bytes, bool once = false);

}  // namespace dumpgate
