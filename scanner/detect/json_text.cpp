#include "scanner/detect/json_text.h"

#include <algorithm>

namespace dumpgate {
namespace {

constexpr std::ptrdiff_t longest_space = 512;
constexpr std::ptrdiff_t longest_name = 64;
constexpr std::ptrdiff_t longest_value = 32768;  // an array of certificates
constexpr std::ptrdiff_t longest_scalar = 32;
constexpr int most_backslashes = 15;  // four levels of quoting in quotes

bool is_space(int character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

bool is_scalar(int character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z') || character == '+' || character == '-' || character == '.';
}

// What no JSON text holds between its tokens or in a string.
bool ends_text(int character) { return character == TextView::none || character < 0x20 || character == 0x7f; }

}  // namespace

JsonText::JsonText(TextView& text, std::ptrdiff_t opening) : text_(text), quote_(text.at(opening)) {
  while (level_ < most_backslashes && text_.at(opening - level_ - 1) == '\\') ++level_;
}

// In plain JSON an even number of backslashes leaves a quote what it is; in a quoted text only as many as
// stand before all of its quotes do.
bool JsonText::is_quote(std::ptrdiff_t index) {
  if (text_.at(index) != quote_) return false;
  int count = 0;
  while (count <= most_backslashes && text_.at(index - count - 1) == '\\') ++count;
  return level_ == 0 ? count % 2 == 0 : count == level_;
}

std::optional<std::ptrdiff_t> JsonText::next_quote(std::ptrdiff_t from, std::ptrdiff_t most) {
  for (std::ptrdiff_t i = from; i - from <= most && !ends_text(text_.at(i)); ++i)
    if (is_quote(i)) return i;
  return std::nullopt;
}

std::optional<std::ptrdiff_t> JsonText::quote_before(std::ptrdiff_t to, std::ptrdiff_t most) {
  for (std::ptrdiff_t i = to - 1; to - i <= most && !ends_text(text_.at(i)); --i)
    if (is_quote(i)) return i;
  return std::nullopt;
}

// Quoted JSON also has its line breaks as escapes.
std::ptrdiff_t JsonText::skip_space(std::ptrdiff_t from) {
  std::ptrdiff_t i = from;
  while (i - from < longest_space) {
    if (is_space(text_.at(i))) {
      ++i;
      continue;
    }
    std::ptrdiff_t letter = i;
    while (letter - i < most_backslashes && text_.at(letter) == '\\') ++letter;
    const int kind = text_.at(letter);
    if (letter == i || (kind != 'n' && kind != 'r' && kind != 't')) break;
    i = letter + 1;
  }
  return i;
}

std::ptrdiff_t JsonText::skip_space_before(std::ptrdiff_t last) {
  std::ptrdiff_t i = last;
  while (last - i < longest_space) {
    const int character = text_.at(i);
    if (is_space(character)) {
      --i;
      continue;
    }
    if ((character != 'n' && character != 'r' && character != 't') || text_.at(i - 1) != '\\') break;
    for (--i; last - i < longest_space && text_.at(i) == '\\';) --i;
  }
  return i;
}

void JsonText::read_string(JsonMember& member, std::ptrdiff_t from) {
  member.is_string = true;
  member.value = from;
  const auto closing = next_quote(from, longest_value);
  member.cut = !closing;
  if (closing) {
    member.value_end = *closing - level_;
    member.end = *closing + 1;
    return;
  }
  member.value_end = from;
  while (base64_value(text_.at(member.value_end)) && member.value_end - from < longest_value)
    ++member.value_end;
  member.end = member.value_end;
}

void JsonText::read_nested(JsonMember& member, std::ptrdiff_t from, int open, int close) {
  member.value = from;
  std::ptrdiff_t i = from + 1;
  for (; i - from < longest_value; ++i) {
    const int character = text_.at(i);
    if (character == TextView::none || character == open || character == close) break;
  }
  member.cut = text_.at(i) != close;
  member.value_end = member.cut ? from : i + 1;
  member.end = member.value_end;
}

void JsonText::read_value(JsonMember& member, std::ptrdiff_t from) {
  if (is_quote(from + level_)) return read_string(member, from + level_ + 1);
  const int first = text_.at(from);
  if (first == '[') return read_nested(member, from, '[', ']');
  if (first == '{') return read_nested(member, from, '{', '}');
  member.value = from;
  std::ptrdiff_t i = from;
  while (i - from <= longest_scalar && is_scalar(text_.at(i))) ++i;
  member.cut = i == from || i - from > longest_scalar;
  member.value_end = member.cut ? from : i;
  member.end = member.value_end;
}

std::optional<JsonMember> JsonText::member_at(std::ptrdiff_t opening) {
  if (!is_quote(opening)) return std::nullopt;
  const auto closing = next_quote(opening + 1, longest_name);
  if (!closing) return std::nullopt;
  JsonMember member;
  member.begin = opening;
  member.after = *closing + 1;
  for (std::ptrdiff_t i = opening + 1; i < *closing - level_; ++i)
    member.name.push_back(static_cast<char>(std::min(text_.at(i), 0x7f)));
  const std::ptrdiff_t colon = skip_space(member.after);
  if (text_.at(colon) != ':') return std::nullopt;
  read_value(member, skip_space(colon + 1));
  return member;
}

// Where the value that ends at `last` begins.
std::optional<std::ptrdiff_t> JsonText::value_before(std::ptrdiff_t last) {
  if (is_quote(last)) {
    const auto opening = quote_before(last - level_, longest_value);
    return opening ? std::optional(*opening - level_) : std::nullopt;
  }
  const int closing = text_.at(last);
  if (closing == ']' || closing == '}') {
    const int open = closing == ']' ? int{'['} : int{'{'};
    for (std::ptrdiff_t i = last - 1; last - i < longest_value; --i) {
      const int character = text_.at(i);
      if (character == open) return i;
      if (character == TextView::none || character == closing) break;
    }
    return std::nullopt;
  }
  std::ptrdiff_t i = last;
  while (last - i <= longest_scalar && is_scalar(text_.at(i))) --i;
  return i == last ? std::nullopt : std::optional(i + 1);
}

std::optional<JsonMember> JsonText::before(const JsonMember& member) {
  const std::ptrdiff_t comma = skip_space_before(member.begin - level_ - 1);
  if (text_.at(comma) != ',') return std::nullopt;
  const std::ptrdiff_t last = skip_space_before(comma - 1);
  const auto value = value_before(last);
  if (!value) return std::nullopt;
  const std::ptrdiff_t colon = skip_space_before(*value - 1);
  if (text_.at(colon) != ':') return std::nullopt;
  const std::ptrdiff_t closing = skip_space_before(colon - 1);
  if (!is_quote(closing)) return std::nullopt;
  const auto opening = quote_before(closing - level_, longest_name);
  if (!opening) return std::nullopt;
  auto found = member_at(*opening);
  if (!found || found->cut || found->end != last + 1) return std::nullopt;
  return found;
}

std::optional<JsonMember> JsonText::after(const JsonMember& member) {
  if (member.cut) return std::nullopt;
  const std::ptrdiff_t comma = skip_space(member.end);
  if (text_.at(comma) != ',') return std::nullopt;
  const std::ptrdiff_t opening = skip_space(comma + 1) + level_;
  return member_at(opening);
}

JsonObject JsonText::object_around(const JsonMember& member, std::ptrdiff_t reach) {
  JsonObject object;
  object.members.push_back(member);
  for (auto each = before(member); each && member.begin - each->begin < reach; each = before(*each))
    object.members.push_back(*each);
  std::reverse(object.members.begin(), object.members.end());
  object.opened = text_.at(skip_space_before(object.members.front().begin - level_ - 1)) == '{';
  for (auto each = after(member); each && each->end - member.begin < reach; each = after(*each))
    object.members.push_back(*each);
  const JsonMember& last = object.members.back();
  object.closed = !last.cut && text_.at(skip_space(last.end)) == '}';
  return object;
}

}  // namespace dumpgate
