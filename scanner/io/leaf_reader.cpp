#include "scanner/io/leaf_reader.h"

#include <algorithm>
#include <utility>

namespace dumpgate {
namespace {

constexpr std::uint64_t ahead_step = 64U << 10;
constexpr std::size_t block_size = 1U << 20;

// Tables that refer to each other, names beside their list for one, are looked up in turns.
constexpr std::size_t kept_blocks = 4;

}  // namespace

Result<std::size_t> LeafStream::read(std::span<std::byte> out) {
  std::size_t count = 0;
  if (delivered_ < prefix_.size()) {
    const auto from = std::span(prefix_).subspan(static_cast<std::size_t>(delivered_));
    count = std::min(from.size(), out.size());
    std::copy_n(from.begin(), count, out.begin());
  } else if (!whole_) {
    const auto got = layer_.read(out);
    if (!got) return got;
    count = *got;
  }
  delivered_ += count;
  if (search_) search_->add(out.first(count));
  return count;
}

void LeafStream::extend(std::uint64_t size) {
  if (whole_ || prefix_.size() >= size || delivered_ > prefix_.size()) return;
  const std::uint64_t rounded = size > ahead_ - std::min(ahead_, ahead_step) ? ahead_ : size + ahead_step;
  std::size_t filled = prefix_.size();
  prefix_.resize(static_cast<std::size_t>(rounded));
  while (filled < prefix_.size() && !whole_) {
    const auto got = layer_.read(std::span(prefix_).subspan(filled));
    whole_ = !got || *got == 0;
    if (got) filled += *got;
  }
  prefix_.resize(filled);
}

std::optional<std::span<const std::byte>> LeafStream::prefix(std::uint64_t offset, std::size_t count) {
  const std::uint64_t end = offset > UINT64_MAX - count ? UINT64_MAX : offset + count;
  extend(std::min(end, ahead_));
  if (!whole_ && end > prefix_.size()) return std::nullopt;
  const auto from = std::min<std::uint64_t>(offset, prefix_.size());
  const auto rest = std::span<const std::byte>(prefix_).subspan(static_cast<std::size_t>(from));
  return rest.first(std::min(rest.size(), count));
}

Result<std::size_t> OffsetView::read_at(std::uint64_t offset, std::span<std::byte> out) {
  if (offset > UINT64_MAX - base_) return std::size_t{0};
  return input_.read_at(base_ + offset, out);
}

std::optional<std::uint64_t> OffsetView::size() const {
  const auto whole = input_.size();
  if (!whole) return whole;
  return *whole - std::min(*whole, base_);
}

// The decoders from the input's bytes to the leaf's first byte.
struct RedecodedView::Chain {
  // The input's bytes from `at` on. A failure ends the stream and is kept.
  class Source final : public ByteStream {
   public:
    Source(ByteView& view, std::uint64_t at) : view_(view), at_(at) {}
    Result<std::size_t> read(std::span<std::byte> out) override {
      if (failure_) return std::size_t{0};
      auto got = view_.read_at(at_, out);
      if (!got) failure_ = got.error();
      if (!got) return std::size_t{0};
      at_ += *got;
      return got;
    }
    const std::optional<Error>& failure() const { return failure_; }

   private:
    ByteView& view_;
    std::uint64_t at_;
    std::optional<Error> failure_{};
  };
  struct Stage {
    Stage(PeekStream& outer, const Wrapping& wrapping, WorkBudget& budget)
        : join(outer, *wrapping.codec, wrapping.limits, budget, Aside::Storage::counted), stream(join) {}
    MemberJoin join;
    PeekStream stream;
  };

  Chain(ByteView& input, std::span<const Wrapping> wrappings, std::uint64_t base, WorkBudget& budget)
      : source(input, wrappings.front().at), outermost(source) {
    innermost = &outermost;
    for (const Wrapping& wrapping : wrappings) {
      if (&wrapping != &wrappings.front()) (void)innermost->skip(wrapping.at);
      stages.push_back(std::make_unique<Stage>(*innermost, wrapping, budget));
      innermost = &stages.back()->stream;
    }
    (void)innermost->skip(base);
  }

  // The reason why the chain cannot deliver what the walk's own stream will; damage is none, since it ends
  // both.
  std::optional<Error> obstacle() const {
    if (source.failure()) return source.failure();
    for (const auto& stage : stages) {
      const auto& failure = stage->join.failure();
      if (failure && failure->error.code == ErrorCode::limit) return failure->error;
    }
    return std::nullopt;
  }

  Source source;
  PeekStream outermost;
  std::vector<std::unique_ptr<Stage>> stages{};
  PeekStream* innermost = nullptr;
};

RedecodedView::RedecodedView(ByteView& input, std::vector<Wrapping> wrappings, std::uint64_t base,
                             RedecodeBudget& budget)
    : input_(input), wrappings_(std::move(wrappings)), base_(base), budget_(budget) {}

RedecodedView::~RedecodedView() = default;

std::optional<Error> RedecodedView::restart() {
  chain_.reset();
  if (budget_.starts_left == 0) {
    budget_.exhausted = true;
    return Error{.code = ErrorCode::limit, .message = "looked up too often in compressed data"};
  }
  --budget_.starts_left;
  chain_ = std::make_unique<Chain>(input_, wrappings_, base_, budget_.bytes);
  next_ = 0;
  return std::nullopt;
}

// load finds the block or decodes as far as it. A block that lies beyond the end is empty.
Result<const RedecodedView::Block*> RedecodedView::load(std::uint64_t index) {
  const auto known = std::ranges::find(blocks_, index, &Block::index);
  if (known != blocks_.end()) return &*known;
  if (!chain_ || index < next_) {
    if (auto error = restart()) return *error;
  }
  Block block{.index = index};
  if (blocks_.size() == kept_blocks) {
    block.bytes = std::move(blocks_.front().bytes);
    blocks_.pop_front();
  }
  block.bytes.resize(block_size);
  std::size_t filled = block_size;
  for (; next_ <= index && filled == block_size; ++next_) {
    const auto got = read_fully(*chain_->innermost, block.bytes);
    if (!got) return got.error();
    filled = *got;
  }
  if (filled < block_size) {
    if (auto error = chain_->obstacle()) {
      if (budget_.bytes.left() == 0) budget_.exhausted = true;
      return *error;
    }
  }
  block.bytes.resize(next_ > index ? filled : 0);
  blocks_.push_back(std::move(block));
  return &blocks_.back();
}

Result<std::size_t> RedecodedView::read_at(std::uint64_t offset, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t at = offset + done;
    const auto block = load(at / block_size);
    if (!block) return block.error();
    const std::span<const std::byte> bytes((*block)->bytes);
    const auto within = static_cast<std::size_t>(at % block_size);
    if (within >= bytes.size()) break;
    const auto part = bytes.subspan(within, std::min(bytes.size() - within, out.size() - done));
    std::ranges::copy(part, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += part.size();
  }
  return done;
}

Result<std::size_t> LeafView::read_at(std::uint64_t offset, std::span<std::byte> out) {
  if (const auto ready = stream_.prefix(offset, out.size())) {
    std::ranges::copy(*ready, out.begin());
    return ready->size();
  }
  if (beyond_) return beyond_->read_at(offset, out);
  return Error{.code = ErrorCode::limit,
               .message = "these bytes lie beyond what is read ahead of a stream",
               .offset = offset};
}

}  // namespace dumpgate
