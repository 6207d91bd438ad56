#include "scanner/dump/shown_name.h"

#include <algorithm>
#include <cstddef>

#include "scanner/base/printable.h"

namespace dumpgate {
namespace {

constexpr std::size_t longest_component = 255;
constexpr std::size_t key_like_hex = 32;
constexpr std::size_t key_like_base64 = 40;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
// The slash separates components and is judged apart; '-' and '_' are the alphabet for URLs.
bool is_base64(char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '_' || c == '='; }
bool is_separator(char c) { return c == '/' || c == '\\'; }

bool looks_like_a_name(std::string_view name) {
  if (name.starts_with('/') || name.starts_with("\\\\")) return true;
  if (name.starts_with('[')) return name.ends_with(']');
  if (name.size() > 2 && is_letter(name[0]) && name[1] == ':' && is_separator(name[2])) return true;
  return name.find('.') != std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == ' ';
         });
}

bool components_are_short(std::string_view name) {
  std::size_t length = 0;
  for (const char c : name) {
    length = is_separator(c) ? 0 : length + 1;
    if (length > longest_component) return false;
  }
  return true;
}

template <typename Belongs>
std::string without_runs(std::string_view text, std::size_t longest, Belongs belongs) {
  std::string shown;
  while (!text.empty()) {
    const auto run = static_cast<std::size_t>(std::ranges::find_if_not(text, belongs) - text.begin());
    shown += run >= longest ? std::string_view("...") : text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    shown += text.front();
    text.remove_prefix(1);
  }
  return shown;
}

}  // namespace

std::string shown_name(std::string_view name) {
  if (!looks_like_a_name(name) || !components_are_short(name)) return {};
  // Only backslashes may be written otherwise than they are.
  const std::string text = printable(name);
  const auto backslashes = static_cast<std::size_t>(std::ranges::count(name, '\\'));
  if (text.size() != name.size() + backslashes) return {};
  return without_runs(without_runs(text, key_like_base64, is_base64), key_like_hex, is_hex);
}

}  // namespace dumpgate
