#include "scanner/detect/shield_prekey.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/random_words.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

bool looks_random_at(Bytes bytes, std::size_t at, std::size_t words) {
  constexpr std::size_t most_words = 128;
  std::array<std::uint64_t, most_words> copy{};
  const auto part = std::span(copy).first(words);
  std::memcpy(part.data(), bytes.data() + at, words * sizeof(std::uint64_t));
  const bool random = looks_random(part);
  wipe(copy.data(), sizeof copy);
  return random;
}

std::uint64_t word_of(const DumpMap& map, const std::byte* at) {
  return map.word_bits == 32 ? load<std::uint32_t>(at, map.order) : load<std::uint64_t>(at, map.order);
}

}  // namespace

bool is_prekey(Bytes bytes, std::size_t at) {
  constexpr std::size_t words = 128;
  if (at + prekey_size > bytes.size()) return false;
  for (std::size_t offset = 0; offset < prekey_size; offset += words * 8)
    if (!looks_random_at(bytes, at + offset, words)) return false;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + at, prekey_size);
  return text.find(prekey_chunk_size) == text.npos;
}

bool may_be_random(Bytes bytes, std::size_t at) {
  const Bytes line = bytes.subspan(at, 32);
  const auto high = std::ranges::count_if(line, [](std::byte b) { return (b >> 7U) != std::byte{0}; });
  return high >= 5 && high <= 27 && std::ranges::count(line, std::byte{0}) < 3;
}

std::optional<ShieldPointers> shield_pointers(const Window& window, std::size_t position) {
  constexpr std::uint64_t cipher_block = 16;  // to which a shielded key is padded
  constexpr std::uint64_t alignment = 8;      // of what malloc returns, on 32-bit machines too
  const DumpMap& map = window.regions->map();
  const std::size_t width = map.word_bits / 8;
  if (position > window.bytes.size() || window.bytes.size() - position < shield_members * width)
    return std::nullopt;
  std::array<std::uint64_t, shield_members> members{};
  for (std::size_t i = 0; i < members.size(); ++i)
    members.at(i) = word_of(map, window.bytes.data() + position + i * width);
  const auto [shielded, length, prekey, prekey_length] = members;
  if (prekey_length != prekey_size || length == 0 || length > most_shielded || length % cipher_block != 0)
    return std::nullopt;
  if (shielded == 0 || prekey == 0 || shielded % alignment != 0 || prekey % alignment != 0)
    return std::nullopt;
  const auto shielded_at = window.regions->offset_of(shielded, length);
  const auto prekey_at = window.regions->offset_of(prekey, prekey_size);
  if (!shielded_at || !prekey_at) return std::nullopt;
  return ShieldPointers{.asked_at = window.offset + position,
                        .prekey = *prekey_at,
                        .shielded = *shielded_at,
                        .shielded_size = static_cast<std::size_t>(length)};
}

}  // namespace dumpgate
