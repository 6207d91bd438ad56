#include "scanner/io/header_search.h"

#include <algorithm>

#include "scanner/base/byte_cursor.h"

namespace dumpgate {
namespace {

unsigned byte_at(std::span<const std::byte> head, std::size_t at) {
  return std::to_integer<unsigned>(head[at]);
}

bool begins_with(std::span<const std::byte> head, std::string_view magic) {
  return std::ranges::equal(head.first(magic.size()), std::as_bytes(std::span(magic)));
}

// RFC 1952, section 2.3.1: no reserved flag, extra flags and system as its writers set them. 2^-37.
bool is_gzip(std::span<const std::byte> head) {
  constexpr unsigned reserved_flags = 0xe0;
  constexpr unsigned last_system = 13;
  constexpr unsigned unknown_system = 255;
  const unsigned effort = byte_at(head, 8);
  const unsigned system = byte_at(head, 9);
  return begins_with(head, "\x1f\x8b\x08") && (byte_at(head, 3) & reserved_flags) == 0 &&
         (effort == 0 || effort == 2 || effort == 4) && (system <= last_system || system == unknown_system);
}

// RFC 8878, section 3.1.1.1.1: the reserved bit is zero. 2^-33.
bool is_zstd(std::span<const std::byte> head) {
  return begins_with(head, "\x28\xb5\x2f\xfd") && (byte_at(head, 4) & 0x08U) == 0;
}

// LZ4 frame format, "Frame Descriptor": version 1, no reserved bit, block size 4 to 7. 2^-41. In the legacy
// frame the size of a block follows, at most that of 8 MiB which do not compress. 2^-40.
bool is_lz4(std::span<const std::byte> head) {
  if (begins_with(head, "\x04\x22\x4d\x18"))
    return (byte_at(head, 4) & 0xc2U) == 0x40 && (byte_at(head, 5) & 0xcfU) == 0x40;
  constexpr std::uint32_t largest_block = (8U << 20) + (8U << 20) / 255 + 16;
  return begins_with(head, "\x02\x21\x4c\x18") &&
         load<std::uint32_t>(head.data() + 4, ByteOrder::little) <= largest_block;
}

bool is_bzip2(std::span<const std::byte> head) {
  if (!begins_with(head, "BZh") || byte_at(head, 3) < '1' || byte_at(head, 3) > '9') return false;
  return begins_with(head.subspan(4), "\x31\x41\x59\x26\x53\x59") ||
         begins_with(head.subspan(4), "\x17\x72\x45\x38\x50\x90");
}

constexpr std::string_view xz_magic{"\xfd\x37\x7a\x58\x5a\0", 6};

}  // namespace

std::string_view header_at(std::span<const std::byte> head) {
  if (head.size() < HeaderSearch::judged) return {};
  switch (byte_at(head, 0)) {
    case 0x1f:
      return is_gzip(head) ? "gzip" : "";
    case 0x28:
      return is_zstd(head) ? "zstd" : "";
    case 0x04:
    case 0x02:
      return is_lz4(head) ? "lz4" : "";
    case 'B':
      return is_bzip2(head) ? "bzip2" : "";
    case 0xfd:
      return begins_with(head, xz_magic) ? "xz" : "";
    default:
      return {};
  }
}

// search looks at every byte that has enough behind it; `at` is the place of the first.
bool HeaderSearch::search(std::span<const std::byte> bytes, std::uint64_t at) {
  for (std::size_t i = 0; i + judged <= bytes.size(); ++i) {
    const std::string_view codec = header_at(bytes.subspan(i));
    if (codec.empty()) continue;
    found_ = FoundHeader{.codec = codec, .offset = at + i};
    return true;
  }
  return false;
}

void HeaderSearch::add(std::span<const std::byte> bytes) {
  if (found_ || bytes.empty()) return;
  // What is held and as many bytes as it takes to judge the last of them.
  std::array<std::byte, 2 * (judged - 1)> seam{};
  std::copy_n(last_.begin(), held_, seam.begin());
  const std::size_t more = std::min(bytes.size(), judged - 1);
  std::copy_n(bytes.begin(), more, seam.begin() + static_cast<std::ptrdiff_t>(held_));
  const auto joined = std::span<const std::byte>(seam).first(held_ + more);
  if (search(joined, seen_ - held_) || search(bytes, seen_)) return;
  seen_ += bytes.size();
  const auto rest = bytes.size() >= judged - 1 ? bytes : joined;
  const auto kept = rest.last(std::min(rest.size(), judged - 1));
  std::ranges::copy(kept, last_.begin());
  held_ = kept.size();
}

}  // namespace dumpgate
