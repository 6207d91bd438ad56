#include "scanner/engine/window_stream.h"

#include <algorithm>
#include <utility>

namespace dumpgate {

Result<bool> WindowStream::next(SecretBytes& buffer, Window& window) {
  const std::size_t want = before_ + own_ + window_context;
  const std::size_t have = carry_.size();
  buffer.resize(std::max(want, have));
  std::ranges::copy(carry_, buffer.begin());
  std::size_t filled = have;
  while (!ended_ && filled < want) {
    const auto got = stream_.read(std::span(buffer).subspan(filled, want - filled));
    if (!got) {
      broken_ = got.error();
      ended_ = true;
    } else if (*got == 0) {
      ended_ = true;
    } else {
      filled += *got;
    }
  }
  buffer.resize(filled);
  if (filled == before_) {
    if (broken_) return *std::exchange(broken_, std::nullopt);
    return false;
  }
  window.bytes = buffer;
  window.own_begin = before_;
  window.own_end = std::min(before_ + own_, filled);
  window.offset = offset_ - before_;

  const std::size_t keep = window.own_end > window_context ? window.own_end - window_context : 0;
  carry_.assign(buffer.begin() + static_cast<std::ptrdiff_t>(keep), buffer.end());
  offset_ += window.own_end - window.own_begin;
  before_ = window.own_end - keep;
  return true;
}

}  // namespace dumpgate
