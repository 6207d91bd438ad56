#include "scanner/detect/text_view.h"

#include <array>

namespace dumpgate {
namespace {

class RawText final : public TextView {
 public:
  RawText(std::span<const std::byte> bytes, std::size_t start) : bytes_(bytes), start_(start) {}
  int at(std::ptrdiff_t index) override {
    const std::size_t place = begin_of(index);  // wraps around below zero, and is then past the end
    return place < bytes_.size() ? std::to_integer<int>(bytes_[place]) : none;
  }
  std::size_t begin_of(std::ptrdiff_t index) override { return start_ + static_cast<std::size_t>(index); }
  std::size_t end_of(std::ptrdiff_t index) override { return begin_of(index) + 1; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t start_;
};

// The common part of views that decode: what was decoded so far, in both directions. A decoder reads at a
// source index and says how many source characters it took.
class DecodedText : public TextView {
 public:
  int at(std::ptrdiff_t index) final {
    const Unit* const unit = find(index);
    return unit == nullptr ? none : unit->character;
  }
  std::size_t begin_of(std::ptrdiff_t index) final {
    const Unit* const unit = find(index);
    return unit == nullptr ? 0 : unit->begin;
  }
  std::size_t end_of(std::ptrdiff_t index) final {
    const Unit* const unit = find(index);
    return unit == nullptr ? 0 : unit->end;
  }

 protected:
  DecodedText(TextView& source, std::ptrdiff_t start) : source_(source), ahead_(start), behind_(start) {}

  // What one step decoded: up to three characters that share their source characters.
  struct Step {
    std::ptrdiff_t first = 0;  // source characters [first, last]
    std::ptrdiff_t last = 0;
    int count = 0;
    std::array<int, 3> characters{};
  };
  // The step that begins at source index `from`, or that ends just before `to`; nothing when the text ends
  // there.
  virtual std::optional<Step> forward(std::ptrdiff_t from) = 0;
  virtual std::optional<Step> backward(std::ptrdiff_t to) = 0;

  static Step one(std::ptrdiff_t first, std::ptrdiff_t last, int character) {
    return {first, last, 1, {character, 0, 0}};
  }

  TextView& source() { return source_; }

 private:
  struct Unit {
    int character = none;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  using Units = std::vector<Unit, WipingAllocator<Unit>>;

  const Unit* find(std::ptrdiff_t index) {
    const bool is_after = index >= 0;
    Units& units = is_after ? after_ : before_;
    const auto place = static_cast<std::size_t>(is_after ? index : -1 - index);
    while (units.size() <= place) {
      if (!(is_after ? extend_forward() : extend_backward())) return nullptr;
    }
    return &units[place];
  }

  bool extend_forward() {
    const auto step = ahead_ended_ ? std::nullopt : forward(ahead_);
    ahead_ended_ = !step;
    if (!step) return false;
    ahead_ = step->last + 1;
    const std::size_t begin = source_.begin_of(step->first);
    const std::size_t end = source_.end_of(step->last);
    for (int i = 0; i < step->count; ++i)
      after_.push_back({step->characters[static_cast<std::size_t>(i)], begin, end});
    return true;
  }

  bool extend_backward() {
    const auto step = behind_ended_ ? std::nullopt : backward(behind_);
    behind_ended_ = !step;
    if (!step) return false;
    behind_ = step->first;
    const std::size_t begin = source_.begin_of(step->first);
    const std::size_t end = source_.end_of(step->last);
    for (int i = step->count; i-- > 0;)
      before_.push_back({step->characters[static_cast<std::size_t>(i)], begin, end});
    return true;
  }

  TextView& source_;
  std::ptrdiff_t ahead_;
  std::ptrdiff_t behind_;
  bool ahead_ended_ = false;
  bool behind_ended_ = false;
  Units after_{};
  Units before_{};
};

std::optional<int> control_escape(int character) {
  switch (character) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '/':
    case '"':
    case '\'':
      return character;
    default:
      return std::nullopt;
  }
}

class UnescapedText final : public DecodedText {
 public:
  UnescapedText(TextView& source, std::ptrdiff_t start, Plus plus)
      : DecodedText(source, start), plus_(plus == Plus::space ? ' ' : '+') {}

 private:
  // Nested quoting doubles backslashes at each level; four levels are more than anybody reads.
  static constexpr int most_backslashes = 16;

  std::optional<int> hex_number(std::ptrdiff_t first, int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      const auto digit = hex_value(source().at(first + i));
      if (!digit) return std::nullopt;
      value = value * 16 + *digit;
    }
    return value > 0xff ? other : value;
  }

  // A numeric character reference of XML and HTML, "&#13;" or "&#xD;", that begins at `first`.
  std::optional<Step> reference(std::ptrdiff_t first) {
    constexpr int most_digits = 4;
    if (source().at(first) != '&' || source().at(first + 1) != '#') return std::nullopt;
    const int mark = source().at(first + 2);
    const int base = mark == 'x' || mark == 'X' ? 16 : 10;
    const std::ptrdiff_t begin = first + (base == 16 ? 3 : 2);
    int value = 0;
    std::ptrdiff_t at = begin;
    for (; at - begin < most_digits; ++at) {
      const auto digit = hex_value(source().at(at));
      if (!digit || *digit >= base) break;
      value = value * base + *digit;
    }
    if (at == begin || source().at(at) != ';') return std::nullopt;
    return one(first, at, value > 0xff ? other : value);
  }

  // The reference that the semicolon at `last` ends.
  std::optional<Step> reference_before(std::ptrdiff_t last) {
    constexpr std::ptrdiff_t longest = 8;
    for (std::ptrdiff_t first = last - 3; first > last - longest; --first) {
      const auto step = reference(first);
      if (step && step->last == last) return step;
    }
    return std::nullopt;
  }

  std::optional<Step> forward(std::ptrdiff_t from) override {
    const int character = source().at(from);
    if (character == none) return std::nullopt;
    if (character == '&') {
      const auto step = reference(from);
      return step ? step : one(from, from, character);
    }
    if (character == '%') {
      const auto value = hex_number(from + 1, 2);
      return value ? one(from, from + 2, *value) : one(from, from, character);
    }
    if (character == '+') return one(from, from, plus_);
    if (character != '\\') return one(from, from, character);
    std::ptrdiff_t to = from + 1;
    while (to - from < most_backslashes && source().at(to) == '\\') ++to;
    const int kind = source().at(to);
    if (const auto control = control_escape(kind)) return one(from, to, *control);
    const int digits = kind == 'u' ? 4 : kind == 'x' ? 2 : 0;
    const auto value = digits == 0 ? std::nullopt : hex_number(to + 1, digits);
    return value ? one(from, to + digits, *value) : one(from, from, character);
  }

  // The first of the backslashes that end at `last`.
  std::ptrdiff_t first_backslash(std::ptrdiff_t last) {
    std::ptrdiff_t first = last;
    while (last - first + 1 < most_backslashes && source().at(first - 1) == '\\') --first;
    return first;
  }

  std::optional<Step> backward(std::ptrdiff_t to) override {
    const std::ptrdiff_t last = to - 1;
    const int character = source().at(last);
    if (character == none) return std::nullopt;
    if (character == ';') {
      const auto step = reference_before(last);
      return step ? step : one(last, last, character);
    }
    if (source().at(last - 1) == '\\') {
      if (const auto control = control_escape(character))
        return one(first_backslash(last - 1), last, *control);
    }
    if (!hex_value(character)) return one(last, last, character == '+' ? plus_ : character);
    if (source().at(last - 2) == '%') {
      if (const auto value = hex_number(last - 1, 2)) return one(last - 2, last, *value);
    }
    for (const int digits : {4, 2}) {
      if (source().at(last - digits) != (digits == 4 ? 'u' : 'x') || source().at(last - digits - 1) != '\\')
        continue;
      if (const auto value = hex_number(last - digits + 1, digits)) {
        return one(first_backslash(last - digits - 1), last, *value);
      }
    }
    return one(last, last, character);
  }

  int plus_;
};

// A view whose characters are spread over several source characters with separators between them.
class GroupedText : public DecodedText {
 protected:
  using DecodedText::DecodedText;

  using Value = std::optional<std::uint8_t> (*)(int);

  // Gathers up to `wanted` source characters that have a value, walking by `direction` from `from` on.
  struct Group {
    std::array<std::uint8_t, 4> values{};  // in the order in which they were met
    std::array<std::ptrdiff_t, 4> places{};
    std::size_t count = 0;
  };
  Group gather(std::ptrdiff_t from, std::ptrdiff_t direction, std::size_t wanted, Value value_of) {
    Group group;
    int separators = 0;
    for (std::ptrdiff_t i = from; group.count < wanted; i += direction) {
      const int character = source().at(i);
      if (const auto value = value_of(character)) {
        group.values[group.count] = *value;
        group.places[group.count++] = i;
        separators = 0;
      } else if (!is_separator(character) || ++separators > most_separators) {
        break;
      }
    }
    return group;
  }
};

class Base64Text final : public GroupedText {
 public:
  Base64Text(TextView& source, std::ptrdiff_t start) : GroupedText(source, start) {}

 private:
  static Step decode(unsigned a, unsigned b, unsigned c, unsigned d, int count) {
    const unsigned bits = a << 18 | b << 12 | c << 6 | d;
    return {0,
            0,
            count,
            {static_cast<int>(bits >> 16 & 0xff), static_cast<int>(bits >> 8 & 0xff),
             static_cast<int>(bits & 0xff)}};
  }

  std::optional<Step> forward(std::ptrdiff_t from) override {
    const Group group = gather(from, 1, 4, base64_value);
    if (group.count < 2) return std::nullopt;
    Step step = decode(group.values[0], group.values[1], group.values[2], group.values[3],
                       static_cast<int>(group.count) - 1);
    step.first = group.places[0];
    step.last = group.places[group.count - 1];
    return step;
  }

  std::optional<Step> backward(std::ptrdiff_t to) override {
    const Group group = gather(to - 1, -1, 4, base64_value);
    if (group.count < 4) return std::nullopt;
    Step step = decode(group.values[3], group.values[2], group.values[1], group.values[0], 3);
    step.first = group.places[3];
    step.last = group.places[0];
    return step;
  }
};

class HexText final : public GroupedText {
 public:
  HexText(TextView& source, std::ptrdiff_t start) : GroupedText(source, start) {}

 private:
  std::optional<Step> forward(std::ptrdiff_t from) override {
    const Group group = gather(from, 1, 2, hex_value);
    if (group.count < 2) return std::nullopt;
    return one(group.places[0], group.places[1], group.values[0] * 16 + group.values[1]);
  }

  std::optional<Step> backward(std::ptrdiff_t to) override {
    const Group group = gather(to - 1, -1, 2, hex_value);
    if (group.count < 2) return std::nullopt;
    return one(group.places[1], group.places[0], group.values[1] * 16 + group.values[0]);
  }
};

class Utf16Text final : public DecodedText {
 public:
  Utf16Text(TextView& source, std::ptrdiff_t start, Utf16Order order)
      : DecodedText(source, start), order_(order) {}

 private:
  std::optional<Step> forward(std::ptrdiff_t from) override {
    const int first = source().at(from);
    const int second = source().at(from + 1);
    const int high = order_ == Utf16Order::big ? first : second;
    const int low = order_ == Utf16Order::big ? second : first;
    // Half a character at the end of the bytes counts when it is the half that tells.
    if (low == none || (high == none && second != none)) return std::nullopt;
    return one(from, second == none ? from : from + 1, high == 0 || high == none ? low : other);
  }

  std::optional<Step> backward(std::ptrdiff_t to) override {
    const auto step = source().at(to - 2) == none ? std::nullopt : forward(to - 2);
    return step;
  }

  Utf16Order order_;
};

}  // namespace

bool TextView::matches(std::ptrdiff_t index, std::string_view text) {
  for (const char c : text) {
    if (at(index++) != static_cast<unsigned char>(c)) return false;
  }
  return true;
}

std::unique_ptr<TextView> raw_text(std::span<const std::byte> bytes, std::size_t start) {
  return std::make_unique<RawText>(bytes, start);
}
std::unique_ptr<TextView> unescaped_text(TextView& source, std::ptrdiff_t start, Plus plus) {
  return std::make_unique<UnescapedText>(source, start, plus);
}
std::unique_ptr<TextView> base64_text(TextView& source, std::ptrdiff_t start) {
  return std::make_unique<Base64Text>(source, start);
}
std::unique_ptr<TextView> hex_text(TextView& source, std::ptrdiff_t start) {
  return std::make_unique<HexText>(source, start);
}
std::unique_ptr<TextView> utf16_text(TextView& source, std::ptrdiff_t start, Utf16Order order) {
  return std::make_unique<Utf16Text>(source, start, order);
}

std::optional<std::uint8_t> base64_value(int character) {
  if (character >= 'A' && character <= 'Z') return static_cast<std::uint8_t>(character - 'A');
  if (character >= 'a' && character <= 'z') return static_cast<std::uint8_t>(character - 'a' + 26);
  if (character >= '0' && character <= '9') return static_cast<std::uint8_t>(character - '0' + 52);
  if (character == '+' || character == '-') return std::uint8_t{62};
  if (character == '/' || character == '_') return std::uint8_t{63};
  return std::nullopt;
}

std::optional<std::uint8_t> hex_value(int character) {
  if (character >= '0' && character <= '9') return static_cast<std::uint8_t>(character - '0');
  if (character >= 'a' && character <= 'f') return static_cast<std::uint8_t>(character - 'a' + 10);
  if (character >= 'A' && character <= 'F') return static_cast<std::uint8_t>(character - 'A' + 10);
  return std::nullopt;
}

bool is_separator(int character) {
  switch (character) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case '\0':
    case '"':
    case '\'':
    case '\\':
    case ',':
    case '>':
    case '|':
    case '#':
    case '*':
      return true;
    default:
      return false;
  }
}

SecretBytes decode_base64(std::string_view characters) {
  SecretBytes bytes;
  bytes.reserve(characters.size() / 4 * 3 + 3);
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : characters) {
    const auto value = base64_value(static_cast<unsigned char>(c));
    if (!value) break;
    bits = (bits << 6 | *value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::byte>(bits >> held & 0xff));
  }
  return bytes;
}

}  // namespace dumpgate
