#include "scanner/io/peek_stream.h"

#include <algorithm>
#include <array>

namespace dumpgate {
namespace {

constexpr std::size_t zero_step = 64U << 10;

}  // namespace

std::size_t PeekStream::pull(std::span<std::byte> out) {
  if (ended_ || out.empty()) return 0;
  const auto got = source_.read(out);
  const std::size_t count = got ? *got : 0;
  ended_ = count == 0;
  return count;
}

Result<std::size_t> PeekStream::read(std::span<std::byte> out) {
  std::size_t count = 0;
  if (zeros_ > 0) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(zeros_, out.size()));
    std::fill_n(out.begin(), count, std::byte{0});
    zeros_ -= count;
  } else if (buffered() > 0) {
    count = std::min(buffered(), out.size());
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(head_), count, out.begin());
    head_ += count;
  } else {
    count = pull(out);
  }
  position_ += count;
  return count;
}

std::span<const std::byte> PeekStream::peek(std::size_t count) {
  if (buffered() < count && !ended_) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
    std::size_t filled = buffer_.size();
    buffer_.resize(count);
    while (filled < count && !ended_) filled += pull(std::span(buffer_).subspan(filled));
    buffer_.resize(filled);
  }
  return std::span(buffer_).subspan(head_).first(std::min(count, buffered()));
}

std::uint64_t PeekStream::hold_zeros() {
  for (;;) {
    // The usual case is that there are none; a long run is taken in large steps.
    const auto next = peek(peek(1).empty() || buffer_[head_] != std::byte{0} ? 1 : zero_step);
    const auto zeros = static_cast<std::size_t>(
        std::ranges::find_if(next, [](std::byte b) { return b != std::byte{0}; }) - next.begin());
    zeros_ += zeros;
    head_ += zeros;
    if (zeros < next.size() || next.empty()) return zeros_;
  }
}

void PeekStream::drop_zeros() {
  position_ += zeros_;
  zeros_ = 0;
}

void PeekStream::unread(std::span<const std::byte> bytes) {
  position_ -= bytes.size();
  if (bytes.size() <= head_) {
    head_ -= bytes.size();
    std::ranges::copy(bytes, buffer_.begin() + static_cast<std::ptrdiff_t>(head_));
    return;
  }
  std::vector<std::byte> joined(bytes.begin(), bytes.end());
  joined.insert(joined.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(head_), buffer_.end());
  buffer_ = std::move(joined);
  head_ = 0;
}

bool PeekStream::skip(std::uint64_t count) {
  std::vector<std::byte> scratch(static_cast<std::size_t>(std::min<std::uint64_t>(count, 256U << 10)));
  while (count > 0) {
    const auto got = read(
        std::span(scratch).first(static_cast<std::size_t>(std::min<std::uint64_t>(count, scratch.size()))));
    if (!got || *got == 0) return false;
    count -= *got;
  }
  return true;
}

}  // namespace dumpgate
