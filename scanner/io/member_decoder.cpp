#include "scanner/io/member_decoder.h"

#include <algorithm>
#include <exception>
#include <new>

namespace dumpgate {
namespace {

// A member's first chunk is small, because what is read beyond a member's end is handed back: files of many
// tiny members would otherwise copy each byte thousands of times.
constexpr std::size_t first_chunk = 4096;
constexpr std::size_t largest_chunk = 128U << 10;
constexpr std::size_t output_size = 256U << 10;
constexpr std::size_t most_left = 64;  // bytes that a step may leave when it asks for more

}  // namespace

Result<std::size_t> MemberDecoder::read(std::span<std::byte> out) {
  if (decoded_.empty() && !finished_ && !failure_) decode_ahead();
  if (!decoded_.empty()) {
    const std::size_t count = std::min(out.size(), decoded_.size());
    std::copy_n(decoded_.begin(), count, out.begin());
    decoded_ = decoded_.subspan(count);
    return count;
  }
  if (failure_) return *failure_;
  return std::size_t{0};
}

void MemberDecoder::decode_ahead() {
  if (!output_) output_ = std::make_unique_for_overwrite<std::byte[]>(output_size);
  const std::span<std::byte> whole(output_.get(), output_size);
  work_.out = whole;
  while (!finished_ && !failure_ && !work_.out.empty()) {
    const std::size_t in_before = work_.in.size();
    const std::size_t out_before = work_.out.size();
    try {
      const auto result = step(work_);
      settle(result, work_.in.size() != in_before || work_.out.size() != out_before);
    } catch (const std::bad_alloc&) {
      failure_ = Error{.code = ErrorCode::limit, .message = "not enough memory for the decoder"};
    } catch (const std::exception&) {
      failure_ = Error{.code = ErrorCode::internal, .message = "the decoder failed unexpectedly"};
    }
  }
  decoded_ = whole.first(whole.size() - work_.out.size());
}

void MemberDecoder::settle(const Result<Step>& result, bool progressed) {
  if (!result) {
    failure_ = result.error();
  } else if (*result == Step::end) {
    finished_ = true;
  } else if (*result == Step::more && progressed) {
    return;
  } else if (*result == Step::more ? !work_.in.empty() : work_.in.size() > most_left) {
    failure_ = Error{.code = ErrorCode::corrupt, .message = "the decoder cannot go on"};
  } else if (work_.ended) {
    failure_ = upstream_failure_.value_or(
        Error{.code = ErrorCode::truncated, .message = "the data ends inside a compressed member"});
  } else {
    refill();
  }
}

// refill reads the next chunk, always a whole one unless upstream ends or fails before.
void MemberDecoder::refill() {
  if (!input_) input_ = std::make_unique_for_overwrite<std::byte[]>(most_left + largest_chunk);
  chunk_ = chunk_ == 0 ? first_chunk : std::min(chunk_ * 2, largest_chunk);
  std::size_t filled = work_.in.size();
  std::copy_n(work_.in.begin(), filled, input_.get());  // towards the front, so that overlap does no harm
  const std::size_t full = filled + chunk_;
  while (filled < full && !work_.ended) {
    const auto got = upstream_.read(std::span(input_.get(), full).subspan(filled));
    if (!got) upstream_failure_ = got.error();
    work_.ended = !got || *got == 0;
    if (got) filled += *got;
  }
  work_.in = std::span(input_.get(), filled);
}

}  // namespace dumpgate
