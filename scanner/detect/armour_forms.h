// The forms in which armour travels: as it is, escaped, in UTF-16, in base64, in hexadecimal, and sensible
// nests of two of these. Each form has literals that announce it and a way to read the text around one.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/detect/armour_text.h"
#include "scanner/detect/text_view.h"
#include "scanner/detect/window.h"

namespace dumpgate {

enum class Carrier : std::uint8_t {
  plain,         // also with backslash or percent escapes
  utf16,         // either byte order
  base64,        // of plain
  base64_utf16,  // base64 of UTF-16
  utf16_base64,  // UTF-16 of base64
  base64_twice,
  hex,
};

// One literal to search for.
struct ArmourAnchor {
  std::string literal{};
  Carrier carrier = Carrier::plain;
  MarkerWord word = MarkerWord::begin;
  std::size_t phase = 0;  // of base64: how many bytes of its group precede the literal's text
  // The literal stands in the label of either word. A line break of the base64 around an armour may break one
  // literal of a marker, never two.
  bool in_label = false;
};
std::span<const ArmourAnchor> armour_anchors();

// The text around an anchor, and the marker that the anchor announced.
class ArmourReading {
 public:
  // Nothing is found (found() is false) when the bytes are not a marker in that form after all.
  ArmourReading(const Window& window, const Window::Around& around, const ArmourAnchor& anchor);

  bool found() const { return marker_.has_value(); }
  const ArmourMarker& marker() const { return *marker_; }
  MarkerWord word() const { return word_; }
  TextView& text() { return *layers_.back(); }

  // "pem", "pem-json", "pem-utf16le", ... for the text from `begin` to `end`.
  std::string representation(std::ptrdiff_t begin, std::ptrdiff_t end);

  // Whether an anchor of this form stands in a BEGIN marker, so that it will be, or was, reported from there.
  bool is_announced(const ArmourMarker& head) {
    return stands_in(head, MarkerWord::begin, false) || stands_in(head, MarkerWord::begin, true);
  }

  // Whether a literal of this form stands in `marker`: one of its word, or one of its label.
  bool stands_in(const ArmourMarker& marker, MarkerWord word, bool in_label);

 private:
  TextView& push(std::unique_ptr<TextView> layer);
  TextView& push_base64(TextView& source, std::ptrdiff_t literal);
  TextView& push_utf16(TextView& source, std::ptrdiff_t word, bool is_raw);
  void stack(const ArmourAnchor& anchor);
  bool is_form_encoded(const ArmourAnchor& anchor);
  void find_marker(const ArmourAnchor& anchor, MarkerWord word);
  Utf16Order order_of(TextView& source, std::ptrdiff_t first, bool is_raw) const;

  Window::Around around_;
  bool even_;  // whether around_.bytes[0] lies at an even offset of the layer
  const ArmourAnchor& anchor_;
  Utf16Order order_ = Utf16Order::little;
  std::vector<std::unique_ptr<TextView>> layers_{};
  std::optional<ArmourMarker> marker_{};
  MarkerWord word_ = MarkerWord::begin;
};

}  // namespace dumpgate
