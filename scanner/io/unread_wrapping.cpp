#include "scanner/io/unread_wrapping.h"

#include <algorithm>
#include <array>

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

// Magics of four bytes or more (compress has three, with the third half checked), so that plain memory is not
// taken for one of these by chance.
constexpr std::array<UnreadWrapping, 17> wrappings{{
    {"PK\x03\x04"sv, "zip archive", ErrorCode::unsupported},
    {"PK\x07\x08"sv, "split zip archive", ErrorCode::unsupported},
    {"7z\xbc\xaf\x27\x1c"sv, "7z archive", ErrorCode::unsupported},
    {"Rar!\x1a\x07"sv, "rar archive", ErrorCode::unsupported},
    {"MSCF\0\0\0\0"sv, "cabinet archive", ErrorCode::unsupported},
    {"xar!"sv, "xar archive", ErrorCode::unsupported},
    {"hsqs"sv, "squashfs image", ErrorCode::unsupported},
    {"LZIP\x01"sv, "lzip data", ErrorCode::unsupported},
    {"LRZI"sv, "lrzip data", ErrorCode::unsupported},
    {"\x89LZO\0\r\n\x1a\n"sv, "lzop data", ErrorCode::unsupported},
    {"\xff\x06\0\0sNaPpY"sv, "snappy data", ErrorCode::unsupported},
    {"\x5d\0\0\x80\0"sv, "lzma data", ErrorCode::unsupported},
    {"\x5d\0\0\0\x04"sv, "lzma data", ErrorCode::unsupported},
    {"bvx2"sv, "lzfse data", ErrorCode::unsupported},
    {"Salted__"sv, "file encrypted by openssl", ErrorCode::encrypted},
    {"age-encryption.org/v1\n"sv, "file encrypted by age", ErrorCode::encrypted},
    {"LUKS\xba\xbe"sv, "LUKS volume", ErrorCode::encrypted},
}};

// compress(1): the magic, then a flag byte of which the low five bits are a code width of 9 to 16.
constexpr UnreadWrapping compress_data{"\x1f\x9d"sv, "compress data", ErrorCode::unsupported};

bool begins_with(std::span<const std::byte> head, std::string_view magic) {
  return head.size() >= magic.size() &&
         std::ranges::equal(head.first(magic.size()), std::as_bytes(std::span(magic)));
}

}  // namespace

const UnreadWrapping* unread_wrapping(std::span<const std::byte> head) {
  const auto* const found = std::ranges::find_if(
      wrappings, [&](const UnreadWrapping& wrapping) { return begins_with(head, wrapping.magic); });
  if (found != wrappings.end()) return found;
  if (!begins_with(head, compress_data.magic) || head.size() < 3) return nullptr;
  const auto flags = std::to_integer<unsigned>(head[2]);
  const bool plausible = (flags & 0x60U) == 0 && (flags & 0x1fU) >= 9 && (flags & 0x1fU) <= 16;
  return plausible ? &compress_data : nullptr;
}

}  // namespace dumpgate
