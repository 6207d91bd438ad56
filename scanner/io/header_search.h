// HeaderSearch: looks through bytes that no codec claims for the header of a compressed member. The one rule:
// it never decides what is examined; it only says that something compressed may lie where nothing was
// decoded.
//
// Used where a header may stand at another byte than expected: behind the last member of a wrapping, where
// one changed bit in the padding hides the next member, and right behind a few stray bytes at the very
// beginning.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace dumpgate {

struct FoundHeader {
  std::string_view codec{};  // "gzip"; a constant
  std::uint64_t offset = 0;  // of its first byte, in all bytes that were shown
};

class HeaderSearch {
 public:
  // The bytes a header is judged by, at most. One that is followed by fewer bytes is not looked at: no member
  // that short has content worth a key.
  static constexpr std::size_t judged = 10;

  // add shows the next bytes, in order, in pieces of any size.
  void add(std::span<const std::byte> bytes);

  const std::optional<FoundHeader>& found() const { return found_; }  // the first one

 private:
  bool search(std::span<const std::byte> bytes, std::uint64_t at);

  std::array<std::byte, judged - 1> last_{};  // the bytes at which no header could be judged yet
  std::size_t held_ = 0;                      // of last_
  std::uint64_t seen_ = 0;
  std::optional<FoundHeader> found_{};
};

// header_at says which codec's header `head` (at least HeaderSearch::judged bytes) begins with, "" for none.
// It asks more than Codec::probe, since it is asked at every byte: random bytes pass it once in 8 GiB.
std::string_view header_at(std::span<const std::byte> head);

}  // namespace dumpgate
