// Aside: what the encoded data of one layer carries beside the content: gzip header fields (RFC 1952, section
// 2.3) and skippable frames. Anybody can put a file name, a comment, or a key there. The one rule: a decoder
// passes over such bytes only by adding them here, whole and in order; when there is no room it ends with
// ErrorCode::limit, and the walk shows the encoded bytes from there on instead.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "scanner/base/result.h"
#include "scanner/io/byte_stream.h"
#include "scanner/io/limits.h"

namespace dumpgate {

class Aside {
 public:
  // `counted`: for a second decoding, which ends where the first did and has no use for the bytes.
  enum class Storage : std::uint8_t { kept, counted };

  // Takes limits.aside_memory bytes.
  explicit Aside(const Limits& limits, Storage storage = Storage::kept)
      : room_(limits.aside_memory), storage_(storage) {}

  // Bytes that can still be added.
  std::uint64_t room() const { return room_; }

  // add takes all of the bytes, or none and returns ErrorCode::limit.
  Result<void> add(std::span<const std::byte> bytes) {
    if (bytes.size() > room_) return no_room();
    if (storage_ == Storage::kept) bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    room_ -= bytes.size();
    return {};
  }

  static Error no_room() {
    return {.code = ErrorCode::limit, .message = "header fields or skippable frames larger than the limit"};
  }

  // What was kept. A deque, because it grows without a second copy.
  const std::deque<std::byte>& bytes() const { return bytes_; }

 private:
  std::uint64_t room_;
  Storage storage_;
  std::deque<std::byte> bytes_{};
};

// AsideView and AsideStream read what was kept; the aside outlives them and takes no more bytes.
class AsideView final : public ByteView {
 public:
  explicit AsideView(const Aside& aside) : bytes_(aside.bytes()) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_.size()));
    const std::size_t count = std::min(out.size(), bytes_.size() - from);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
    return count;
  }
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  const std::deque<std::byte>& bytes_;
};

class AsideStream final : public ByteStream {
 public:
  explicit AsideStream(const Aside& aside) : view_(aside) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    const auto got = view_.read_at(position_, out);
    if (got) position_ += *got;
    return got;
  }

 private:
  AsideView view_;
  std::uint64_t position_ = 0;
};

}  // namespace dumpgate
