// zstd (RFC 8878), by libzstd: Boost's filter takes a cut-off frame for a whole one. libzstd forgets what it
// decoded in a call that ends in an error, so it is fed the bytes that it asks for, one block a call.
//
// A frame without a content checksum (the library's default, not the zstd program's) cannot tell a changed
// byte.

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <new>
#include <optional>

#include "scanner/io/codec.h"
#include "scanner/io/member_decoder.h"
#include "scanner/io/skippable_frame.h"

namespace dumpgate {
namespace {

constexpr std::array<std::byte, 4> frame_magic{std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f},
                                               std::byte{0xfd}};
constexpr std::array<std::byte, 3> skippable_tail{std::byte{0x2a}, std::byte{0x4d}, std::byte{0x18}};

struct FreeZstdContext {
  void operator()(ZSTD_DCtx* context) const { (void)ZSTD_freeDCtx(context); }
};

Error explain(std::size_t result) {
  const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
  if (code == ZSTD_error_frameParameter_windowTooLarge)
    return {.code = ErrorCode::limit,
            .message = "the window is larger than a decoder may use of --max-memory"};
  if (code == ZSTD_error_memory_allocation)
    return {.code = ErrorCode::limit, .message = "not enough memory for the decoder"};
  if (code == ZSTD_error_dictionary_wrong || code == ZSTD_error_dictionary_corrupted)
    return {.code = ErrorCode::unsupported, .message = "the frame needs a dictionary"};
  if (code == ZSTD_error_version_unsupported || code == ZSTD_error_frameParameter_unsupported)
    return {.code = ErrorCode::unsupported, .message = "a zstd frame of unknown version"};
  if (code == ZSTD_error_checksum_wrong)
    return {.code = ErrorCode::corrupt, .message = "the content disagrees with its checksum"};
  return {.code = ErrorCode::corrupt, .message = "invalid zstd data"};
}

class ZstdDecoder final : public MemberDecoder {
 public:
  ZstdDecoder(ByteStream& upstream, const Limits& limits, Aside& aside)
      : MemberDecoder(upstream), aside_(aside), context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    const int largest = static_cast<int>(std::bit_width(limits.decoder_memory)) - 1;
    const auto bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    const int log = std::clamp(largest, bounds.lowerBound, bounds.upperBound);
    if (ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, log)) != 0)
      throw std::bad_alloc();
  }

 private:
  Result<Step> step(Work& work) override {
    if (!started_) {
      if (work.in.size() < frame_magic.size()) return Step::input;
      started_ = true;
      if (is_skippable_frame(work.in)) skippable_.emplace(aside_);
    }
    return skippable_ ? skippable_->step(work) : decode(work);
  }

  Result<Step> decode(Work& work) {
    if (work.in.empty() && !pending_) return Step::input;
    ZSTD_inBuffer in{.src = work.in.data(), .size = std::min(work.in.size(), wanted_), .pos = 0};
    ZSTD_outBuffer out{.dst = work.out.data(), .size = work.out.size(), .pos = 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result) != 0) return explain(result);
    work.in = work.in.subspan(in.pos);
    work.out = work.out.subspan(out.pos);
    if (result == 0) return Step::end;
    wanted_ = result;
    pending_ = work.out.empty();
    return Step::more;
  }

  Aside& aside_;
  bool started_ = false;
  std::optional<SkippableFrame> skippable_{};
  std::unique_ptr<ZSTD_DCtx, FreeZstdContext> context_;
  std::size_t wanted_ = 5;  // smallest frame header with its magic
  bool pending_ = false;    // the output was full, so that there may be more of it without further input
};

class ZstdCodec final : public Codec {
 public:
  std::string_view name() const noexcept override { return "zstd"; }

  // A head of nothing but skippable frames is claimed here, so that it is claimed at all.
  Probe probe(std::span<const std::byte> head) const noexcept override {
    const auto rest = after_skippable_frames(head);
    if (!rest) return Probe::yes;
    if (rest->size() == head.size()) return probe_plain(head);
    return is_lz4(*rest) ? Probe::no : Probe::yes;
  }
  std::unique_ptr<Decoder> open(ByteStream& upstream, const Limits& limits, Aside& aside) const override {
    return std::make_unique<ZstdDecoder>(upstream, limits, aside);
  }

 private:
  static Probe probe_plain(std::span<const std::byte> head) {
    if (head.empty()) return Probe::no;
    // Frames of the formats before 0.8 (magic ..1e, ..22 to ..27) are claimed too: to be refused, not
    // overlooked.
    const std::byte first = head.front();
    const bool old = first == std::byte{0x1e} || (first >= std::byte{0x22} && first <= std::byte{0x27});
    const bool skippable = (first & std::byte{0xf0}) == std::byte{0x50};
    if (!skippable && !old) return probe_magic(head, frame_magic);
    if (head.size() == 1) return Probe::cut;
    return probe_magic(head.subspan(1),
                       skippable ? std::span(skippable_tail) : std::span(frame_magic).last<3>());
  }
  static bool is_lz4(std::span<const std::byte> head) {
    ByteCursor cursor(head);
    const auto number = cursor.u32();
    return number && (*number == 0x184d2204U || *number == 0x184c2102U);
  }
};

constinit const ZstdCodec zstd_instance;

}  // namespace

extern const Codec& zstd_codec;
constinit const Codec& zstd_codec = zstd_instance;

}  // namespace dumpgate
