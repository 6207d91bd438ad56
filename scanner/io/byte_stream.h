// ByteStream and ByteView: the two ways to read bytes. A stream is read once, in order, by one thread. A view
// is read at any place; it may be slow (a decoder that starts again) or refuse (a pipe), so formats use it
// for headers and tables only, and the bulk of a dump always passes as a stream.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "scanner/base/result.h"

namespace dumpgate {

class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  // read fills the front of `out` (never empty) and returns how much; 0 means the end and stays 0. After an
  // Error the stream is spent. Everything that came before the damage has been delivered before the Error is.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
};

class ByteView {
 public:
  ByteView() = default;
  ByteView(const ByteView&) = delete;
  ByteView& operator=(const ByteView&) = delete;
  virtual ~ByteView() = default;

  // read_at fills `out` from `offset` and returns how much; less than asked only at the end of the data.
  // ErrorCode::limit: the bytes exist or may exist, but lie beyond what can be read ahead of a pipe.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) = 0;

  // The number of bytes, when it is known before reading (a plain file).
  virtual std::optional<std::uint64_t> size() const = 0;
};

// read_fully reads until `out` is full or the stream ends; the count tells which.
Result<std::size_t> read_fully(ByteStream& stream, std::span<std::byte> out);

}  // namespace dumpgate
