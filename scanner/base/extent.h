// Extent: a half-open run of bytes [begin, end). It cannot be built so that end overflows, so nobody has to
// ask whether one is valid.

#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace dumpgate {

class Extent {
 public:
  constexpr Extent() = default;

  // Nothing when begin + size does not fit 64 bits, as a hostile header may claim.
  static constexpr std::optional<Extent> make(std::uint64_t begin, std::uint64_t size) {
    if (size > std::numeric_limits<std::uint64_t>::max() - begin) return std::nullopt;
    Extent extent;
    extent.begin_ = begin;
    extent.size_ = size;
    return extent;
  }

  constexpr std::uint64_t begin() const { return begin_; }
  constexpr std::uint64_t size() const { return size_; }
  constexpr std::uint64_t end() const { return begin_ + size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr bool contains(std::uint64_t at) const { return at >= begin_ && at - begin_ < size_; }

  friend constexpr bool operator==(const Extent&, const Extent&) = default;

 private:
  std::uint64_t begin_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace dumpgate
