// Skippable frames: the one kind of frame that zstd and lz4 share (magic 0x184D2A50 to ..5F, a little-endian
// size, then that many bytes for somebody else; RFC 8878, section 3.1.2). A file may begin with them, so who
// owns it is told by the first frame that is not skippable; behind a frame they belong to it. They go aside
// whole, with magic and size.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "scanner/base/byte_cursor.h"
#include "scanner/io/aside.h"
#include "scanner/io/member_decoder.h"

namespace dumpgate {

constexpr bool is_skippable_magic(std::uint32_t magic) { return (magic & 0xfffffff0U) == 0x184d2a50U; }

constexpr bool is_skippable_frame(std::span<const std::byte> head) {
  const auto magic = ByteCursor(head).u32();
  return magic && is_skippable_magic(*magic);
}

// after_skippable_frames returns what follows the skippable frames at the front of `head` (all of `head` when
// there are none); nothing when one of them reaches past `head`.
constexpr std::optional<std::span<const std::byte>> after_skippable_frames(std::span<const std::byte> head) {
  ByteCursor cursor(head);
  for (;;) {
    const auto rest = head.subspan(cursor.position());
    const auto magic = cursor.u32();
    if (!magic || !is_skippable_magic(*magic)) return rest;
    const auto size = cursor.u32();
    if (!size || !cursor.skip(*size)) return std::nullopt;
  }
}

// SkippableFrame takes one such frame as a member without content. One that is larger than the aside has room
// for is refused at its first byte.
class SkippableFrame {
 public:
  // `aside` outlives the frame.
  explicit SkippableFrame(Aside& aside) : aside_(aside) {}

  // As MemberDecoder::step.
  Result<MemberDecoder::Step> step(MemberDecoder::Work& work) {
    if (!left_) {
      if (work.in.size() < header_size) return MemberDecoder::Step::input;
      const std::uint64_t size = load<std::uint32_t>(work.in.data() + 4, ByteOrder::little);
      if (header_size + size > aside_.room()) return Aside::no_room();
      left_ = header_size + size;
    }
    if (work.in.empty()) return MemberDecoder::Step::input;
    const auto next =
        work.in.first(static_cast<std::size_t>(std::min<std::uint64_t>(*left_, work.in.size())));
    if (const auto kept = aside_.add(next); !kept) return kept.error();
    work.in = work.in.subspan(next.size());
    *left_ -= next.size();
    return *left_ == 0 ? MemberDecoder::Step::end : MemberDecoder::Step::more;
  }

 private:
  static constexpr std::size_t header_size = 8;

  Aside& aside_;
  std::optional<std::uint64_t> left_{};  // of the frame, once its size is known
};

}  // namespace dumpgate
