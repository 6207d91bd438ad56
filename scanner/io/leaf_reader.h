// LeafStream and the views of a leaf. The one rule: what a view reads ahead is kept and delivered by the
// stream afterwards, so looking at headers never takes a byte from the examination.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/io/byte_stream.h"
#include "scanner/io/codec.h"
#include "scanner/io/header_search.h"
#include "scanner/io/member_join.h"
#include "scanner/io/peek_stream.h"

namespace dumpgate {

// The rest of a layer as one stream, of which the first bytes can be had before.
class LeafStream final : public ByteStream {
 public:
  // `layer` outlives the stream. At most `ahead` bytes are read ahead.
  LeafStream(PeekStream& layer, std::uint64_t ahead) : layer_(layer), ahead_(ahead) {}

  Result<std::size_t> read(std::span<std::byte> out) override;

  // prefix gives the bytes [offset, offset + count), fewer at the end of the leaf; nothing when they lie
  // beyond what is read ahead, or the stream has passed the bytes that were.
  std::optional<std::span<const std::byte>> prefix(std::uint64_t offset, std::size_t count);

  std::uint64_t delivered() const { return delivered_; }

  // search_headers looks for headers of compressed members in all that is delivered from now on.
  void search_headers() { search_.emplace(); }
  // The first one, counted from the first byte delivered since; nothing when none was or will be looked for.
  std::optional<FoundHeader> found_header() const { return search_ ? search_->found() : std::nullopt; }

 private:
  void extend(std::uint64_t size);

  PeekStream& layer_;
  std::uint64_t ahead_;
  std::vector<std::byte> prefix_{};
  bool whole_ = false;  // prefix_ is the whole leaf
  std::uint64_t delivered_ = 0;
  std::optional<HeaderSearch> search_{};
};

// A view of the input's own bytes from `base` on.
class OffsetView final : public ByteView {
 public:
  OffsetView(ByteView& input, std::uint64_t base) : input_(input), base_(base) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<std::uint64_t> size() const override;

 private:
  ByteView& input_;
  std::uint64_t base_;
};

// One wrapping on the way to a leaf: where its first member begins in the layer outside of it.
struct Wrapping {
  const Codec* codec = nullptr;
  std::uint64_t at = 0;
  Limits limits{};
};

// RedecodeBudget bounds what all views of one walk may decode together, whatever a dump's headers make them
// look up: in bytes like the walk itself, and in starts from the beginning. So looking things up costs a
// small multiple of the one pass that reads everything.
struct RedecodeBudget {
  static constexpr unsigned all_starts = 8;

  explicit RedecodeBudget(const WorkBudget& allowed) : bytes(allowed) {}

  WorkBudget bytes;
  unsigned starts_left = all_starts;
  bool exhausted = false;  // a read was refused because of it
};

// A view of a leaf inside wrappings of a seekable input, that decodes anew from the start whenever it has to
// go back by more than the few blocks it keeps. ErrorCode::limit: the budget is used up.
class RedecodedView final : public ByteView {
 public:
  // `input` and `budget` outlive the view.
  RedecodedView(ByteView& input, std::vector<Wrapping> wrappings, std::uint64_t base, RedecodeBudget& budget);
  ~RedecodedView() override;
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  struct Chain;
  struct Block {
    std::uint64_t index = 0;
    std::vector<std::byte> bytes{};  // fewer than a block's only at the end
  };

  Result<const Block*> load(std::uint64_t index);
  std::optional<Error> restart();

  ByteView& input_;
  std::vector<Wrapping> wrappings_;
  std::uint64_t base_;
  RedecodeBudget& budget_;
  std::unique_ptr<Chain> chain_{};
  std::uint64_t next_ = 0;      // the block that the chain delivers next
  std::deque<Block> blocks_{};  // those asked for last, the latest at the back
};

// The view that a leaf shows: what is read ahead first, then `beyond`, which is null for a pipe.
class LeafView final : public ByteView {
 public:
  LeafView(LeafStream& stream, std::unique_ptr<ByteView> beyond)
      : stream_(stream), beyond_(std::move(beyond)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  LeafStream& stream_;
  std::unique_ptr<ByteView> beyond_;
};

}  // namespace dumpgate
