#include "scanner/detect/armour_forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view word_text(MarkerWord word) {
  return word == MarkerWord::begin ? "BEGIN"sv : "END"sv;
}

// The base64 characters that `text` alone decides when `phase` bytes of its first group precede it.
std::string base64_literal(std::string_view text, std::size_t phase) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string literal;
  unsigned bits = 0;
  std::size_t held = 0;
  // Drop the bits of the character that the preceding byte shares.
  std::size_t shared = (6 - phase * 8 % 6) % 6;
  for (const char c : text) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffff;
    held += 8;
    if (shared != 0) {
      held -= shared;
      shared = 0;
    }
    for (; held >= 6; held -= 6) literal += alphabet[bits >> (held - 6) & 63];
  }
  return literal;
}

// How many characters of the literal of a phase belong to a group that begins before it.
constexpr std::ptrdiff_t base64_skip(std::size_t phase) {
  constexpr std::array<std::ptrdiff_t, 3> skips{0, 2, 1};
  return skips[phase];
}

// "a" -> "a" 0 "b" 0 ... "z": without a zero at either end it stands in both byte orders.
std::string wide(std::string_view text) {
  std::string literal;
  for (const char c : text) literal += {c, '\0'};
  literal.pop_back();
  return literal;
}

std::string hex_literal(std::string_view text, bool upper) {
  std::string literal = to_hex(std::as_bytes(std::span(text)));
  if (upper)
    std::transform(literal.begin(), literal.end(), literal.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return literal;
}

// Every character as an escape: "\\u0042\\u0045", "\\x42", "%42".
std::string escaped(std::string_view text, std::string_view escape, bool upper) {
  std::string literal;
  for (const char c : text) literal.append(escape).append(hex_literal({&c, 1}, upper));
  return literal;
}

std::vector<ArmourAnchor> make_anchors() {
  std::vector<ArmourAnchor> anchors;
  for (const MarkerWord kind : {MarkerWord::begin, MarkerWord::end}) {
    const std::string word(word_text(kind));
    const std::string dashed = "-----" + word;
    const auto add = [&](std::string literal, Carrier carrier, std::size_t phase = 0) {
      anchors.push_back({std::move(literal), carrier, kind, phase, false});
    };
    add(dashed, Carrier::plain);
    add("---- " + word + " SSH2", Carrier::plain);
    for (const char* const dash : {"\\u002d", "\\u002D", "%2d", "%2D"}) add(dash + word, Carrier::plain);
    for (const char* const escape : {"\\u00", "\\x", "%"})
      for (const bool upper : {false, true}) add(escaped(word, escape, upper), Carrier::plain);
    add(wide("-" + word), Carrier::utf16);
    add(hex_literal("----" + word, false), Carrier::hex);
    add(hex_literal("----" + word, true), Carrier::hex);
    for (std::size_t phase = 0; phase < 3; ++phase) {
      add(base64_literal(dashed, phase), Carrier::base64, phase);
      add(base64_literal('\0' + wide(word) + '\0', phase), Carrier::base64_utf16, phase);
      add(wide(base64_literal(dashed, phase)), Carrier::utf16_base64, phase);
      // The inner text begins with its marker; anything else in a file of keys that is encoded twice is rare.
      if (kind == MarkerWord::begin)
        add(base64_literal(base64_literal(dashed, 0), phase), Carrier::base64_twice, phase);
    }
  }
  for (std::size_t phase = 0; phase < 3; ++phase) {
    anchors.push_back(
        {base64_literal("PRIVATE KEY", phase), Carrier::base64, MarkerWord::begin, phase, true});
  }
  return anchors;
}

// The index near 0 of `source` where `text` stands.
std::optional<std::ptrdiff_t> find_near(TextView& source, std::string_view text) {
  for (std::ptrdiff_t index = -16; index <= 16; ++index) {
    if (source.matches(index, text)) return index;
  }
  return std::nullopt;
}

}  // namespace

std::span<const ArmourAnchor> armour_anchors() {
  static const std::vector<ArmourAnchor> anchors = make_anchors();
  return anchors;
}

ArmourReading::ArmourReading(const Window& window, const Window::Around& around, const ArmourAnchor& anchor)
    : around_(around), even_((window.offset + around.begin) % 2 == 0), anchor_(anchor) {
  push(raw_text(around_.bytes, around_.at));
  stack(anchor);
  if (layers_.empty()) return;
  TextView& source = text();
  push(unescaped_text(source, 0));
  if (is_form_encoded(anchor)) {
    layers_.back() = unescaped_text(source, 0, Plus::space);
  }
  find_marker(anchor, anchor.word);
  if (anchor.in_label && !marker_) find_marker(anchor, MarkerWord::end);
}

TextView& ArmourReading::push(std::unique_ptr<TextView> layer) {
  layers_.push_back(std::move(layer));
  return *layers_.back();
}

TextView& ArmourReading::push_base64(TextView& source, std::ptrdiff_t literal) {
  return push(base64_text(source, literal + base64_skip(anchor_.phase)));
}

// `word` is where the first letter of UTF-16 text stands in `source`.
TextView& ArmourReading::push_utf16(TextView& source, std::ptrdiff_t first, bool is_raw) {
  order_ = order_of(source, first, is_raw);
  return push(utf16_text(source, order_ == Utf16Order::little ? first : first - 1, order_));
}

// Runs of ASCII in UTF-16 look alike in both orders but for their ends. A byte that is not zero before the
// run means little-endian; else the alignment of memory tells, and without one little-endian is the usual
// order.
Utf16Order ArmourReading::order_of(TextView& source, std::ptrdiff_t first, bool is_raw) const {
  while (source.at(first - 1) == 0 && source.at(first - 2) == source.at(first) && source.at(first) == '-')
    first -= 2;
  if (source.at(first - 1) != 0) return Utf16Order::little;
  if (!is_raw) return source.at(first - 2) == TextView::none ? Utf16Order::big : Utf16Order::little;
  const bool is_even = source.begin_of(first) % 2 == 0 ? even_ : !even_;
  return is_even ? Utf16Order::little : Utf16Order::big;
}

// Builds the views below the last one. Leaves none when the form does not hold.
void ArmourReading::stack(const ArmourAnchor& anchor) {
  TextView& raw = text();
  switch (anchor.carrier) {
    case Carrier::plain:
      // Start before all backslashes of the escape, or the dashes before it cannot be read.
      if (anchor.literal.front() == '\\') {
        std::ptrdiff_t start = 0;
        while (start > -16 && raw.at(start - 1) == '\\') --start;
        push(unescaped_text(raw, start));
      }
      return;
    case Carrier::utf16:
      push_utf16(raw, 0, true);
      return;
    case Carrier::hex:
      push(hex_text(push(unescaped_text(raw, 0)), 0));
      return;
    case Carrier::base64:
      push_base64(push(unescaped_text(raw, 0)), 0);
      return;
    case Carrier::utf16_base64:
      push_base64(push(unescaped_text(push_utf16(raw, 0, true), 0)), 0);
      return;
    case Carrier::base64_utf16: {
      TextView& inner = push_base64(push(unescaped_text(raw, 0)), 0);
      const auto first = find_near(inner, wide(word_text(anchor.word)));
      if (!first) return layers_.clear();
      std::ptrdiff_t dash = *first;
      while (*first - dash < 10 && inner.at(dash - 1) == 0 && inner.at(dash - 2) == '-') dash -= 2;
      push_utf16(inner, dash, false);
      return;
    }
    case Carrier::base64_twice: {
      TextView& inner = push_base64(push(unescaped_text(raw, 0)), 0);
      const auto first = find_near(inner, base64_literal("-----BEGIN", 0));
      if (!first) return layers_.clear();
      push(base64_text(push(unescaped_text(inner, *first)), 0));
      return;
    }
  }
}

// "BEGIN+RSA+PRIVATE+KEY": a '+' where only a space can be.
bool ArmourReading::is_form_encoded(const ArmourAnchor& anchor) {
  const auto word = find_near(text(), std::string(word_text(anchor.word)) + '+');
  return word && text().at(*word - 1) == '-';
}

void ArmourReading::find_marker(const ArmourAnchor& anchor, MarkerWord kind) {
  const std::string_view word = word_text(kind);
  const std::size_t middle = around_.at + anchor.literal.size() / 2;
  TextView& view = text();
  word_ = kind;
  for (std::ptrdiff_t index = anchor.in_label ? -64 : -16; index <= 24 && !marker_; ++index) {
    if (!view.matches(index, word)) continue;
    auto marker = read_marker(view, index, kind);
    if (!marker || view.begin_of(marker->begin) > middle) continue;
    const std::ptrdiff_t end =
        anchor.in_label ? marker->end : index + static_cast<std::ptrdiff_t>(word.size());
    if (view.end_of(end - 1) > middle) marker_ = std::move(marker);
  }
}

std::string ArmourReading::representation(std::ptrdiff_t begin, std::ptrdiff_t end) {
  const std::string utf16 = order_ == Utf16Order::little ? "utf16le" : "utf16be";
  switch (anchor_.carrier) {
    case Carrier::utf16:
      return "pem-" + utf16;
    case Carrier::base64:
      return "pem-base64";
    case Carrier::base64_utf16:
      return "pem-base64-" + utf16;
    case Carrier::utf16_base64:
      return "pem-" + utf16 + "-base64";
    case Carrier::base64_twice:
      return "pem-base64-base64";
    case Carrier::hex:
      return "pem-hex";
    case Carrier::plain:
      break;
  }
  const std::size_t first = text().begin_of(begin);
  const std::size_t size = text().end_of(end - 1) - first;
  if (size == static_cast<std::size_t>(end - begin)) return "pem";
  const auto bytes = around_.bytes.subspan(first, size);
  const auto has = [&](char c) {
    return std::find(bytes.begin(), bytes.end(), static_cast<std::byte>(c)) != bytes.end();
  };
  return has('%') ? "pem-percent" : has('&') ? "pem-xml" : "pem-json";
}

bool ArmourReading::stands_in(const ArmourMarker& marker, MarkerWord word, bool in_label) {
  constexpr std::size_t margin = 8;  // literals may begin a little before the marker's text
  const std::size_t from = text().begin_of(marker.begin);
  const std::size_t first = from - std::min(from, margin);
  const std::size_t last = std::min(around_.bytes.size(), text().end_of(marker.end - 1) + margin);
  const std::string_view bytes(reinterpret_cast<const char*>(around_.bytes.data()) + first, last - first);
  const auto anchors = armour_anchors();
  return std::any_of(anchors.begin(), anchors.end(), [&](const ArmourAnchor& each) {
    return each.carrier == anchor_.carrier && each.in_label == in_label && (in_label || each.word == word) &&
           bytes.find(each.literal) != std::string_view::npos;
  });
}

}  // namespace dumpgate
