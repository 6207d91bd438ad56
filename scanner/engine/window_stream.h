// WindowStream: cuts the stream of one leaf into windows. The only place that knows about seams: each byte is
// own in exactly one window, and each window shows window_context bytes before and after its own, as far as
// there are any.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "scanner/base/result.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/detect/window.h"
#include "scanner/io/byte_stream.h"

namespace dumpgate {

class WindowStream {
 public:
  // The stream outlives this. `own` is the number of own bytes of every window but the last; at least 1.
  WindowStream(ByteStream& stream, std::size_t own) : stream_(stream), own_(own) {}

  // next fills `buffer` with a window's bytes and describes them in `window` (regions and signatures are left
  // to the caller); false when all bytes were shown. The window points into `buffer`. Error: the stream
  // broke; what came before it has not been lost: next() shows it first.
  Result<bool> next(SecretBytes& buffer, Window& window);

  std::uint64_t position() const { return offset_; }  // bytes shown as own so far

 private:
  ByteStream& stream_;
  std::size_t own_;
  SecretBytes carry_{};     // the end of the last window: context before the next own bytes, and those after
  std::size_t before_ = 0;  // how many bytes of carry_ lie before the next own byte
  std::uint64_t offset_ = 0;  // in the leaf, of the next own byte
  bool ended_ = false;
  std::optional<Error> broken_{};
};

}  // namespace dumpgate
