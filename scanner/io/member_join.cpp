#include "scanner/io/member_join.h"

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <utility>

namespace dumpgate {
namespace {

constexpr std::uint64_t base_allowance = 64ULL << 30;
constexpr std::uint64_t allowance_per_byte = 1000;

std::uint64_t allowance(std::uint64_t input_size) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (input_size > (most - base_allowance) / allowance_per_byte) return most;
  return base_allowance + input_size * allowance_per_byte;
}

// When a member fails within this many encoded bytes it is shown again from its start, so that bytes that
// only looked like a codec's magic are examined too. Beyond it, from the damage on.
constexpr std::size_t replayed = 256U << 10;

}  // namespace

WorkBudget::WorkBudget(const Limits& limits, std::optional<std::uint64_t> input_size)
    : follows_input_(limits.expanded == 0 && !input_size),
      limit_(limits.expanded != 0 ? limits.expanded : allowance(input_size.value_or(0))) {}

void WorkBudget::grow(std::uint64_t consumed) {
  if (follows_input_) limit_ = std::max(limit_, allowance(consumed));
}

// Passes the outer layer's bytes to the decoder and keeps a copy of the first of each member.
class MemberJoin::Recorder final : public ByteStream {
 public:
  explicit Recorder(PeekStream& outer) : outer_(outer) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    const auto got = outer_.read(out);
    if (!got) return got;
    passed_ += *got;
    if (passed_ <= replayed) {
      kept_.insert(kept_.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*got));
    } else {
      kept_.clear();
    }
    return got;
  }

  void restart() {
    passed_ = 0;
    kept_.clear();
  }
  // All that passed since the restart, or nothing when it was too much to keep.
  std::optional<std::span<const std::byte>> all() const {
    if (passed_ > replayed) return std::nullopt;
    return std::span<const std::byte>(kept_);
  }

 private:
  PeekStream& outer_;
  std::uint64_t passed_ = 0;
  std::vector<std::byte> kept_{};
};

MemberJoin::MemberJoin(PeekStream& outer, const Codec& codec, const Limits& limits, WorkBudget& budget,
                       Aside::Storage storage)
    : outer_(outer),
      codec_(codec),
      limits_(limits),
      budget_(budget),
      aside_(limits, storage),
      recorder_(std::make_unique<Recorder>(outer)) {}

MemberJoin::~MemberJoin() = default;

Result<std::size_t> MemberJoin::read(std::span<std::byte> out) {
  while (!ended_ && !failure_) {
    if (!decoder_ && !open_member()) break;
    const auto got = decode(out);
    if (!got) {
      fail(got.error());
    } else if (*got > 0) {
      bytes_out_ += *got;
      return *got;
    } else if (!next_member()) {
      ended_ = true;
    }
  }
  return std::size_t{0};
}

// decode reads from the member within the budget. At its end one byte more is asked for, to tell a member
// that just fits from one that does not.
Result<std::size_t> MemberJoin::decode(std::span<std::byte> out) {
  const std::uint64_t left = budget_.left();
  if (left == 0) {
    std::byte beyond{};
    auto got = decoder_->read({&beyond, 1});
    if (got && *got > 0)
      return Error{.code = ErrorCode::limit,
                   .message = "the limit of " + std::to_string(budget_.limit()) +
                              " decoded bytes of all layers is reached (--max-expanded)"};
    return got;
  }
  auto got = decoder_->read(out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left))));
  if (got) budget_.spend(*got);
  return got;
}

bool MemberJoin::open_member() {
  recorder_->restart();
  member_at_ = outer_.position();
  try {
    decoder_ = codec_.open(*recorder_, limits_, aside_);
  } catch (const std::bad_alloc&) {
    fail({.code = ErrorCode::limit, .message = "not enough memory for the decoder"});
  } catch (const std::exception&) {
    fail({.code = ErrorCode::internal, .message = "the decoder could not be started"});
  }
  return decoder_ != nullptr;
}

// next_member closes the member that ended and tells whether another one follows.
bool MemberJoin::next_member() {
  ++members_;
  outer_.unread(decoder_->unused());
  decoder_.reset();
  (void)outer_.hold_zeros();
  if (codec_.probe_next(outer_.peek(probe_size)) != Probe::yes) return false;
  outer_.drop_zeros();
  return true;
}

void MemberJoin::fail(const Error& error) {
  const auto start = recorder_->all();
  if (start) {
    outer_.unread(*start);
  } else if (decoder_) {
    outer_.unread(decoder_->unused());
  }
  failure_ = Failure{.error = error, .member = members_ + 1, .encoded_at = member_at_};
  decoder_.reset();
}

}  // namespace dumpgate
