#include "scanner/detect/armour_text.h"

#include <algorithm>
#include <bitset>

namespace dumpgate {
namespace {

constexpr std::size_t longest_label = 64;
constexpr int most_headers = 32;
constexpr std::ptrdiff_t longest_header = 2048;

bool is_letter(int c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_line_end(int c) { return c == '\n' || c == '\r' || c == '\0'; }

// base64 proper: armour never uses the URL alphabet, and a dash ends a body.
bool is_body_character(int c) { return c != '-' && c != '_' && base64_value(c).has_value(); }

std::ptrdiff_t dashes_from(TextView& text, std::ptrdiff_t from, std::ptrdiff_t most) {
  std::ptrdiff_t count = 0;
  while (count < most && text.at(from + count) == '-') ++count;
  return count;
}

// Where the marker begins whose word stands at `word`: five dashes before it, or four and a space.
std::optional<std::ptrdiff_t> marker_begin(TextView& text, std::ptrdiff_t word, bool& spaced) {
  spaced = text.at(word - 1) == ' ';
  const std::ptrdiff_t begin = word - 5;
  const std::ptrdiff_t wanted = spaced ? 4 : 5;
  if (dashes_from(text, begin, wanted) != wanted) return std::nullopt;
  return begin;
}

// A '+' between separators joins quoted lines in JavaScript and Java; it is no body.
bool is_joining_plus(TextView& text, std::ptrdiff_t at) {
  return text.at(at) == '+' && is_separator(text.at(at - 1)) && is_separator(text.at(at + 1));
}

// Between two pieces of a body. A backslash counts at the end of a line only: elsewhere it is an escape cut
// short.
bool is_between(TextView& text, std::ptrdiff_t at) {
  if (text.at(at) == '\\') return is_separator(text.at(at + 1));
  return is_separator(text.at(at)) || is_joining_plus(text, at);
}

class BodyReader {
 public:
  BodyReader(TextView& text, const ArmourMarker& head) : text_(text), head_(head), at_(head.end) {}

  Armour read() {
    Armour armour;
    armour.head = head_;
    ArmourBody& body = armour.body;
    body.begin = body.end = at_;
    for (int count = 0; count < most_headers && skip_separators() && read_header(body.encrypted); ++count) {
    }
    body.begin = body.end = at_;
    while (skip_separators() && read_characters(body)) {
    }
    armour.tail = read_tail();
    return armour;
  }

 private:
  bool is_separator_here() { return is_between(text_, at_); }

  // False when there are more separators than lie between two pieces of one body.
  bool skip_separators() {
    for (int count = 0; count <= most_separators; ++count) {
      if (!is_separator_here()) return true;
      ++at_;
    }
    return false;
  }

  // "Name: value", from the name on. A line continued by a backslash (RFC 4716 3.3) is one value.
  bool read_header(bool& encrypted) {
    std::ptrdiff_t colon = at_;
    if (!is_letter(text_.at(colon))) return false;
    while (colon - at_ < 64 && (is_letter(text_.at(colon)) || text_.at(colon) == '-')) ++colon;
    if (text_.at(colon) != ':') return false;
    if (text_.matches(at_, "Proc-Type: 4,ENCRYPTED")) {
      encrypted = true;
      at_ += 22;
    } else if (text_.matches(at_, "DEK-Info: ")) {
      encrypted = true;
      at_ = vector_end(at_ + 10);
    } else {
      at_ = value_end(colon + 1);
    }
    return true;
  }

  // One past "AES-128-CBC,<initialisation vector in hexadecimal>" (RFC 1423 1.1); its length is known, so
  // that the body may follow at once where line breaks were lost.
  std::ptrdiff_t vector_end(std::ptrdiff_t at) {
    const std::ptrdiff_t digits = text_.matches(at, "DES") ? 16 : 32;
    const std::ptrdiff_t limit = at + 32;
    while (at < limit && text_.at(at) > ' ' && text_.at(at) != ',') ++at;
    if (text_.at(at) != ',') return at;
    const std::ptrdiff_t first = ++at;
    while (at - first < digits && hex_value(text_.at(at))) ++at;
    return at;
  }

  // Whether the header whose value begins at `from` has a line of its own: it ends before any dashes do.
  bool has_own_line(std::ptrdiff_t from) {
    constexpr std::ptrdiff_t longest_line = 320;
    for (std::ptrdiff_t at = from; at - from < longest_line; ++at) {
      if (is_line_end(text_.at(at))) return true;
      if (text_.at(at) == TextView::none || dashes_from(text_, at, 4) == 4) return false;
    }
    return false;
  }

  // One past a header's value. Where line breaks were lost, the first run of characters that is too long for
  // a word begins the body.
  std::ptrdiff_t value_end(std::ptrdiff_t from) {
    constexpr std::ptrdiff_t longest_word = 48;
    std::ptrdiff_t run = 0;
    std::ptrdiff_t at = from;
    for (; at - from < longest_header; ++at) {
      const int c = text_.at(at);
      if (c == TextView::none || dashes_from(text_, at, 4) == 4) break;
      if (is_line_end(c) && !is_continued(at)) break;
      run = is_body_character(c) ? run + 1 : 0;
      if (run == longest_word && !has_own_line(from)) return at + 1 - run;
    }
    return at;
  }

  bool is_continued(std::ptrdiff_t line_end) {
    while (is_line_end(text_.at(line_end - 1))) --line_end;
    return text_.at(line_end - 1) == '\\';
  }

  // Reads up to the next separator; false where the body ends.
  bool read_characters(ArmourBody& body) {
    const std::ptrdiff_t before = at_;
    for (; is_body_character(text_.at(at_)) && !is_separator_here() && body.padding == 0; ++at_) {
      if (body.characters.empty()) body.begin = at_;
      body.characters.push_back(static_cast<char>(text_.at(at_)));
    }
    if (text_.at(at_) == '=' && !body.crc24) read_padding_or_checksum(body);
    if (at_ != before) body.end = at_;
    return at_ != before;
  }

  void read_padding_or_checksum(ArmourBody& body) {
    ++at_;
    std::uint32_t crc = 0;
    std::ptrdiff_t count = 0;
    for (; count < 5 && is_body_character(text_.at(at_ + count)); ++count) {
      crc = crc << 6 | *base64_value(text_.at(at_ + count));
    }
    if (count == 4) {
      body.crc24 = crc & 0xffffff;
      at_ += 4;
    } else {
      ++body.padding;
    }
  }

  std::optional<ArmourMarker> read_tail() {
    if (text_.matches(at_, "-----END")) return read_marker(text_, at_ + 5, MarkerWord::end);
    if (text_.matches(at_, "---- END")) return read_marker(text_, at_ + 5, MarkerWord::end);
    return std::nullopt;
  }

  TextView& text_;
  const ArmourMarker& head_;
  std::ptrdiff_t at_;
};

int class_of(char c) {
  if (c >= 'A' && c <= 'Z') return 0;
  if (c >= 'a' && c <= 'z') return 1;
  return c >= '0' && c <= '9' ? 2 : 3;
}

}  // namespace

std::optional<ArmourMarker> read_marker(TextView& text, std::ptrdiff_t word, MarkerWord kind) {
  bool spaced = false;
  const auto begin = marker_begin(text, word, spaced);
  if (!begin) return std::nullopt;
  ArmourMarker marker;
  marker.begin = *begin;
  std::ptrdiff_t at = word + (kind == MarkerWord::begin ? 5 : 3);
  marker.end = at;
  if (text.at(at) != ' ') return marker;
  for (++at; marker.label.size() < longest_label; ++at) {
    const int c = text.at(at);
    const std::ptrdiff_t closing = at + (spaced ? 1 : 0);
    if ((!spaced || c == ' ') && text.matches(closing, "--")) {
      marker.end = closing + dashes_from(text, closing, spaced ? 4 : 5);
      marker.closed = marker.end - closing == (spaced ? 4 : 5);
      break;
    }
    if (c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '%') break;
    marker.label += static_cast<char>(c);
    marker.end = at + 1;
  }
  // Dashes of which too few are left to close the label.
  while (!marker.closed && (marker.label.ends_with('-') || marker.label.ends_with(' ')))
    marker.label.pop_back();
  return marker;
}

Armour read_armour(TextView& text, const ArmourMarker& head) { return BodyReader(text, head).read(); }

std::optional<ArmourMarker> find_head(TextView& text, const ArmourMarker& tail) {
  std::ptrdiff_t at = tail.begin - 1;
  for (; dashes_from(text, at - 3, 4) != 4; --at) {
    const int c = text.at(at);
    if (c == TextView::none || c > 0x7e || (c < 0x20 && !is_separator(c))) return std::nullopt;
  }
  for (std::ptrdiff_t word = at - 4; word > at - 4 - static_cast<std::ptrdiff_t>(longest_label) - 12;
       --word) {
    if (!text.matches(word, "BEGIN")) continue;
    auto head = read_marker(text, word, MarkerWord::begin);
    if (head && head->closed && head->end == at + 1) return head;
  }
  return std::nullopt;
}

ArmourBody read_body_before(TextView& text, const ArmourMarker& tail) {
  ArmourBody body;
  std::ptrdiff_t at = tail.begin - 1;
  body.begin = body.end = tail.begin;
  int separators = 0;
  for (;; --at) {
    const int c = text.at(at);
    if (is_between(text, at)) {
      if (++separators > most_separators) break;
      continue;
    }
    if (c == '=' && body.characters.empty() && body.padding < 2) {
      ++body.padding;
    } else if (c == '=' && body.characters.size() == 4 && body.padding == 0 && !body.crc24) {
      body.crc24 = 0;  // there is one; without the head there is nothing to check it against
      body.characters.clear();
    } else if (is_body_character(c)) {
      body.characters.push_back(static_cast<char>(c));
    } else {
      break;
    }
    separators = 0;
    if (body.end == tail.begin) body.end = at + 1;
    body.begin = at;
  }
  std::reverse(body.characters.begin(), body.characters.end());
  return body;
}

bool looks_like_base64(std::string_view characters) {
  constexpr std::size_t least = 32;
  if (characters.size() < least) return false;
  std::bitset<256> seen;
  std::size_t changes = 0;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    seen.set(static_cast<unsigned char>(characters[i]));
    if (class_of(characters[i]) >= 2) ++digits;
    if (i != 0 && class_of(characters[i]) != class_of(characters[i - 1])) ++changes;
  }
  // "NamesWrittenLikeThis" change class at 40 % of their characters, without digits.
  const std::size_t percent = digits == 0 ? 45 : 35;
  return seen.count() >= 16 && changes * 100 >= (characters.size() - 1) * percent;
}

}  // namespace dumpgate
