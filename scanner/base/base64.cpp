#include "scanner/base/base64.h"

#include <array>
#include <cstdint>

namespace dumpgate {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_letter = 0xff;

constexpr std::array<std::uint8_t, 256> values_of_letters() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_letter);
  for (std::size_t i = 0; i < letters.size(); ++i)
    values[static_cast<unsigned char>(letters[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr std::array<std::uint8_t, 256> letter_values = values_of_letters();

// Letters without padding; the bits after the last whole byte must be zero.
std::optional<std::vector<std::byte>> decode_letters(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char letter : text) {
    const std::uint8_t value = letter_values[static_cast<unsigned char>(letter)];
    if (value == no_letter) return std::nullopt;
    bits = (bits << 6U) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::byte>(bits >> count));
    bits &= (1U << count) - 1;
  }
  if (bits != 0) return std::nullopt;
  return bytes;
}

// Takes at most two '=' off the end.
std::string_view without_padding(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string to_base64(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.subspan(at, bytes.size() - at < 3 ? bytes.size() - at : 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = (bits << 8U) | (i < group.size() ? std::to_integer<std::uint32_t>(group[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= group.size() ? letters[(bits >> (18 - 6 * i)) & 63U] : '=';
  }
  return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  return decode_letters(without_padding(text));
}

std::optional<std::vector<std::byte>> from_base64_of_either_alphabet(std::string_view text) {
  if (text.find_first_of("-_") == std::string_view::npos && text.size() % 4 == 0) return from_base64(text);
  if (text.find_first_of("+/") != std::string_view::npos) return std::nullopt;
  if (text.ends_with('=') && text.size() % 4 != 0) return std::nullopt;
  std::string standard(without_padding(text));
  for (char& letter : standard) {
    if (letter == '-') letter = '+';
    if (letter == '_') letter = '/';
  }
  return decode_letters(standard);
}

}  // namespace dumpgate
