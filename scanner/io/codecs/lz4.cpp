// lz4 frames and the legacy frames of `lz4 -l` and the Linux kernel (lz4_Frame_format.md 1.6.2), by liblz4.
// It forgets what it decoded in a call that ends in an error, so it is fed the bytes that it asks for, one
// block a call.
//
// A frame without checksums cannot tell a changed byte. A legacy frame has none, and no end mark: one that is
// cut behind a block looks whole.

#include <lz4.h>
#include <lz4frame.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string_view>
#include <variant>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/io/codec.h"
#include "scanner/io/member_decoder.h"
#include "scanner/io/skippable_frame.h"

namespace dumpgate {
namespace {

constexpr std::array<std::byte, 4> lz4_magic{std::byte{0x04}, std::byte{0x22}, std::byte{0x4d},
                                             std::byte{0x18}};
constexpr std::array<std::byte, 4> legacy_magic{std::byte{0x02}, std::byte{0x21}, std::byte{0x4c},
                                                std::byte{0x18}};
constexpr std::array<std::byte, 4> zstd_magic{std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f},
                                              std::byte{0xfd}};
constexpr std::size_t legacy_block = 8U << 20;  // decoded; only the last block of a frame is smaller
constexpr std::size_t legacy_bound = LZ4_COMPRESSBOUND(legacy_block);

struct FreeLz4Context {
  void operator()(LZ4F_dctx* context) const { (void)LZ4F_freeDecompressionContext(context); }
};

using Step = MemberDecoder::Step;
using Work = MemberDecoder::Work;

// A frame with its magic 0x184D2204.
class ModernFrame {
 public:
  ModernFrame() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) != 0) throw std::bad_alloc();
    context_.reset(context);
  }

  Result<Step> step(Work& work) {
    if (work.in.empty() && !pending_) return Step::input;
    if (!started_ && needs_dictionary(work.in))
      return Error{.code = ErrorCode::unsupported, .message = "the frame needs a dictionary"};
    started_ = true;
    std::size_t consumed = std::min(work.in.size(), wanted_);
    std::size_t produced = work.out.size();
    const std::size_t result =
        LZ4F_decompress(context_.get(), work.out.data(), &produced, work.in.data(), &consumed, nullptr);
    if (LZ4F_isError(result) != 0) return Error{.code = ErrorCode::corrupt, .message = explain(result)};
    work.in = work.in.subspan(consumed);
    work.out = work.out.subspan(produced);
    if (result == 0) return Step::end;
    wanted_ = result;
    pending_ = work.out.empty();
    return Step::more;
  }

 private:
  // The DictID flag is the lowest bit of the FLG byte, which follows the magic. The first input chunk holds
  // both, unless the data ends there.
  static bool needs_dictionary(std::span<const std::byte> head) {
    return head.size() > lz4_magic.size() && head.front() == lz4_magic.front() &&
           (head[lz4_magic.size()] & std::byte{1}) != std::byte{0};
  }

  static const char* explain(std::size_t result) {
    const std::string_view name = LZ4F_getErrorName(result);
    if (name.find("Checksum") != std::string_view::npos) return "the content disagrees with its checksum";
    return "invalid lz4 data";
  }

  std::unique_ptr<LZ4F_dctx, FreeLz4Context> context_{};
  std::size_t wanted_ = 7;  // smallest frame header with its magic
  bool started_ = false;
  bool pending_ = false;  // the output was full, so that there may be more of it without further input
};

// The magic 0x184C2102, then blocks of {u32 size, data} until the end, or until a number that cannot be a
// size.
class LegacyFrame {
 public:
  Result<Step> step(Work& work) {
    switch (part_) {
      case Part::start:
        if (!collect(work, legacy_magic.size())) return Step::input;
        begin(Part::size);
        return Step::more;
      case Part::size:
        return take_size(work);
      case Part::block:
        if (!collect(work, size_)) return Step::input;
        return decode();
      case Part::deliver:
        break;
    }
    const std::size_t count = std::min(work.out.size(), content_left_.size());
    std::copy_n(content_left_.begin(), count, work.out.begin());
    work.out = work.out.subspan(count);
    content_left_ = content_left_.subspan(count);
    if (content_left_.empty()) {
      if (last_) return Step::end;
      begin(Part::size);
    }
    return Step::more;
  }

 private:
  enum class Part : std::uint8_t { start, size, block, deliver };

  Result<Step> take_size(Work& work) {
    if (work.in.size() < 4) return work.ended && work.in.empty() && blocks_ > 0 ? Step::end : Step::input;
    size_ = load<std::uint32_t>(work.in.data(), ByteOrder::little);
    const bool possible = size_ > 0 && size_ <= legacy_bound;
    if (!possible && blocks_ > 0) return Step::end;
    if (!possible) return Error{.code = ErrorCode::corrupt, .message = "an lz4 block of impossible size"};
    work.in = work.in.subspan(4);
    begin(Part::block);
    return Step::more;
  }

  Result<Step> decode() {
    if (!content_) content_ = std::make_unique_for_overwrite<char[]>(legacy_block);
    const int got = LZ4_decompress_safe(reinterpret_cast<const char*>(field_.data()), content_.get(),
                                        static_cast<int>(field_.size()), static_cast<int>(legacy_block));
    if (got < 0) return Error{.code = ErrorCode::corrupt, .message = "invalid lz4 data"};
    content_left_ = std::as_bytes(std::span(content_.get(), static_cast<std::size_t>(got)));
    last_ = content_left_.size() < legacy_block;
    ++blocks_;
    begin(Part::deliver);
    return Step::more;
  }

  // collect gathers `size` bytes into field_; false when there are not yet as many.
  bool collect(Work& work, std::size_t size) {
    const std::size_t count = std::min(size - field_.size(), work.in.size());
    field_.insert(field_.end(), work.in.begin(), work.in.begin() + static_cast<std::ptrdiff_t>(count));
    work.in = work.in.subspan(count);
    return field_.size() == size;
  }
  void begin(Part part) {
    part_ = part;
    field_.clear();
  }

  Part part_ = Part::start;
  std::vector<std::byte> field_{};  // at most legacy_bound bytes
  std::size_t size_ = 0;
  std::uint64_t blocks_ = 0;
  bool last_ = false;
  std::unique_ptr<char[]> content_{};
  std::span<const std::byte> content_left_{};
};

class Lz4Decoder final : public MemberDecoder {
 public:
  Lz4Decoder(ByteStream& upstream, Aside& aside) : MemberDecoder(upstream), aside_(aside) {}

 private:
  Result<Step> step(Work& work) override {
    if (std::holds_alternative<std::monostate>(frame_)) {
      if (work.in.size() < lz4_magic.size()) return Step::input;
      if (probe_magic(work.in, legacy_magic) == Probe::yes)
        frame_.emplace<LegacyFrame>();
      else if (is_skippable_frame(work.in))
        frame_.emplace<SkippableFrame>(aside_);
      else
        frame_.emplace<ModernFrame>();
    }
    if (auto* legacy = std::get_if<LegacyFrame>(&frame_)) return legacy->step(work);
    if (auto* skippable = std::get_if<SkippableFrame>(&frame_)) return skippable->step(work);
    return std::get<ModernFrame>(frame_).step(work);
  }

  Aside& aside_;
  std::variant<std::monostate, ModernFrame, LegacyFrame, SkippableFrame> frame_{};
};

class Lz4Codec final : public Codec {
 public:
  std::string_view name() const noexcept override { return "lz4"; }
  Probe probe(std::span<const std::byte> head) const noexcept override {
    const auto rest = after_skippable_frames(head);
    if (!rest) return Probe::no;  // the zstd codec claims what holds nothing but skippable frames
    const Probe frame = probe_magic(*rest, lz4_magic);
    return frame != Probe::no ? frame : probe_magic(*rest, legacy_magic);
  }
  Probe probe_next(std::span<const std::byte> head) const noexcept override {
    if (!is_skippable_frame(head)) return probe(head);
    const auto rest = after_skippable_frames(head);
    return rest && probe_magic(*rest, zstd_magic) == Probe::yes ? Probe::no : Probe::yes;
  }
  std::unique_ptr<Decoder> open(ByteStream& upstream, const Limits&, Aside& aside) const override {
    return std::make_unique<Lz4Decoder>(upstream, aside);
  }
};

constinit const Lz4Codec lz4_instance;

}  // namespace

extern const Codec& lz4_codec;
constinit const Codec& lz4_codec = lz4_instance;

}  // namespace dumpgate
