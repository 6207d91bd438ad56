// PeekStream: a stream whose next bytes can be looked at, and given back. The one rule: it never fails: its
// sources end early instead and keep the reason themselves (see MemberJoin and LayerWalk).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scanner/io/byte_stream.h"

namespace dumpgate {

class PeekStream final : public ByteStream {
 public:
  // `source` outlives the stream.
  explicit PeekStream(ByteStream& source) : source_(source) {}

  Result<std::size_t> read(std::span<std::byte> out) override;

  // peek shows the next `count` bytes behind the held zeros, fewer only at the end; valid until the next
  // call.
  std::span<const std::byte> peek(std::size_t count);

  // hold_zeros sets the zero bytes in front aside, so that peek shows what follows them. read() still
  // delivers them first, unless drop_zeros() takes them. Their number is not bounded, the memory for them is.
  std::uint64_t hold_zeros();
  void drop_zeros();

  // unread puts bytes back. No zeros may be held then.
  void unread(std::span<const std::byte> bytes);

  // skip takes bytes away; false when the stream ends before.
  bool skip(std::uint64_t count);

  // How many bytes were taken: read or dropped, and not given back.
  std::uint64_t position() const { return position_; }
  bool at_end() { return zeros_ == 0 && peek(1).empty(); }

 private:
  std::size_t buffered() const { return buffer_.size() - head_; }
  std::size_t pull(std::span<std::byte> out);

  ByteStream& source_;
  bool ended_ = false;
  std::uint64_t position_ = 0;
  std::uint64_t zeros_ = 0;
  std::vector<std::byte> buffer_{};  // its bytes from head_ on come next
  std::size_t head_ = 0;
};

}  // namespace dumpgate
