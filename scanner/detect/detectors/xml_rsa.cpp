// RSAKeyValue as .NET's ToXmlString and XML signatures write it: <Modulus>, <Exponent>, <P>, <Q>, <DP>, <DQ>,
// <InverseQ>, <D>, each with base64 in it; in bytes, in UTF-16, or with its angles escaped. The one rule: the
// elements next to one another are one key; the modulus reports it, and what follows a lost modulus is
// reported by InverseQ.
//
// RFC 3275 section 4.4.2.2; System.Security.Cryptography.RSA.ToXmlString.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/named_numbers.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

constexpr std::ptrdiff_t longest_name = 24;
constexpr std::ptrdiff_t longest_value = 5000;  // characters; RSA-16384 takes 2732
constexpr std::size_t most_elements = 12;       // on either side of the anchor
constexpr std::size_t least_number = 32;        // bytes

// Of the anchors, those of the modulus come first.
constexpr std::array anchors_table{
    "Modulus>"sv,  "M\0o\0d\0u\0l\0u\0s\0>"sv,    "Modulus&gt;"sv,  "Modulus\\u003"sv,
    "InverseQ>"sv, "I\0n\0v\0e\0r\0s\0e\0Q\0>"sv, "InverseQ&gt;"sv, "InverseQ\\u003"sv};
constexpr std::size_t forms = 4;

struct Element {
  std::string name{};
  std::ptrdiff_t begin = 0;  // of the first angle
  std::ptrdiff_t value = 0;
  std::ptrdiff_t value_end = 0;
  std::ptrdiff_t end = 0;
};

bool is_name(int character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == ':';
}
bool is_space(int character) { return character == ' ' || (character >= '\t' && character <= '\r'); }
bool is_value(int character) {
  return base64_value(character) || character == '=' || is_space(character) || character == '\\';
}

// Reads elements; `open` and `close` are how the angles are written.
class Elements {
 public:
  Elements(TextView& text, std::string_view open, std::string_view close)
      : text_(text), open_(open), close_(close) {}

  // The element whose opening angle stands at `begin`.
  std::optional<Element> at(std::ptrdiff_t begin) {
    Element element{.begin = begin};
    if (!text_.matches(begin, open_)) return std::nullopt;
    std::ptrdiff_t i = begin + size(open_);
    for (; i - begin < longest_name && is_name(text_.at(i)); ++i)
      element.name += static_cast<char>(text_.at(i));
    if (!text_.matches(i, close_)) return std::nullopt;
    element.value = i + size(close_);
    i = element.value;
    while (i - element.value < longest_value && is_value(text_.at(i)) && !text_.matches(i, open_)) ++i;
    element.value_end = i;
    if (!text_.matches(i, open_) || text_.at(i + size(open_)) != '/') return std::nullopt;
    i += size(open_) + 1;
    if (!text_.matches(i, element.name)) return std::nullopt;
    i += size(element.name);
    if (!text_.matches(i, close_)) return std::nullopt;
    element.end = i + size(close_);
    const auto colon = element.name.rfind(':');
    if (colon != std::string::npos) element.name.erase(0, colon + 1);
    return element;
  }

  std::optional<Element> after(const Element& element) {
    std::ptrdiff_t i = element.end;
    while (i - element.end < longest_name * 8 && is_space(text_.at(i))) ++i;
    return at(i);
  }

  std::optional<Element> before(const Element& element) {
    std::ptrdiff_t end = element.begin;
    while (element.begin - end < longest_name * 8 && is_space(text_.at(end - 1))) --end;
    if (!text_.matches(end - size(close_), close_)) return std::nullopt;
    // Back over the name and the value to the angle that opens the element.
    std::ptrdiff_t i = end - size(close_);
    while (end - i < longest_name && is_name(text_.at(i - 1))) --i;
    i -= size(open_) + 1;
    const std::ptrdiff_t value_end = i;
    while (value_end - i < longest_value && is_value(text_.at(i - 1)) &&
           !text_.matches(i - size(close_), close_))
      --i;
    i -= size(close_);
    while (value_end - i < longest_value + longest_name && is_name(text_.at(i - 1))) --i;
    const auto found = at(i - size(open_));
    return found && found->end == end ? found : std::nullopt;
  }

 private:
  static std::ptrdiff_t size(std::string_view text) { return static_cast<std::ptrdiff_t>(text.size()); }

  TextView& text_;
  std::string_view open_;
  std::string_view close_;
};

// The first of the elements of that name.
SecretBytes number(TextView& text, const std::vector<Element>& elements, std::string_view name) {
  const auto found =
      std::find_if(elements.begin(), elements.end(), [&](const auto& each) { return each.name == name; });
  return found == elements.end() ? SecretBytes{} : base64_number(text, found->value, found->value_end);
}

class XmlRsaDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "xml-rsa"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchors_table; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, forms> angles{
        {{"<", ">"}, {"<", ">"}, {"&lt;", "&gt;"}, {"<", ">"}}};
    const Window::Around around = window.around(position);
    const std::size_t form = which % forms;
    const auto raw = raw_text(around.bytes, around.at);
    std::unique_ptr<TextView> decoded;
    if (form == 1) decoded = utf16_text(*raw, 0, Utf16Order::little);
    if (form == 3) decoded = unescaped_text(*raw, 0);
    TextView& text = decoded ? *decoded : *raw;
    Elements reader(text, angles[form].first, angles[form].second);
    // A closing tag has the same letters as an opening one, and a slash before them.
    std::ptrdiff_t begin = 0;
    while (begin > -longest_name && is_name(text.at(begin - 1))) --begin;
    const auto anchor = reader.at(begin - static_cast<std::ptrdiff_t>(angles[form].first.size()));
    if (!anchor) return;
    std::vector<Element> elements{*anchor};
    for (auto each = reader.before(*anchor); each && elements.size() <= most_elements;
         each = reader.before(*each)) {
      if (which >= forms && each->name == "Modulus") return;
      if (each->name == anchor->name) break;
      elements.push_back(*each);
    }
    std::reverse(elements.begin(), elements.end());
    for (auto each = reader.after(*anchor); each && elements.size() <= 2 * most_elements;
         each = reader.after(*each)) {
      if (which >= forms && each->name == "Modulus") return;
      if (each->name == anchor->name) break;
      elements.push_back(*each);
    }
    report(text, around, elements, form == 1, sink);
  }

 private:
  static void report(TextView& text, const Window::Around& around, const std::vector<Element>& elements,
                     bool is_wide, CandidateSink& sink) {
    const RsaMembers numbers{number(text, elements, "Modulus"), number(text, elements, "Exponent"),
                             number(text, elements, "D"),       number(text, elements, "P"),
                             number(text, elements, "Q"),       number(text, elements, "DP"),
                             number(text, elements, "DQ"),      number(text, elements, "InverseQ")};
    Candidate candidate;
    const std::size_t begin = text.begin_of(elements.front().begin);
    candidate.begin = around.begin + begin;
    candidate.size = text.end_of(elements.back().end - 1) - begin;
    candidate.representation = is_wide ? "xml-rsa-utf16" : "xml-rsa";
    std::size_t secrets = 0;
    for (const SecretBytes* const each :
         {&numbers.d, &numbers.p, &numbers.q, &numbers.dp, &numbers.dq, &numbers.qinv})
      secrets += each->size() >= least_number && looks_random(*each) ? 1U : 0U;
    if (secrets == 0) {
      if (numbers.n.size() < least_number || numbers.e.empty()) return;
      candidate.form = Form::spki;
      candidate.evidence = Evidence::hint;
      candidate.payload = rsa_public_der(numbers);
      return sink.add(std::move(candidate));
    }
    candidate.signature = "rsa-private-key";
    candidate.algorithm = "rsa";
    candidate.form = Form::pkcs1_private;
    candidate.payload = rsa_private_der(numbers);
    const bool is_complete = secrets == 6 && !numbers.n.empty() && !numbers.e.empty();
    candidate.evidence = is_complete ? Evidence::structure : Evidence::marker;
    candidate.cut = !is_complete;
    if (candidate.cut) candidate.detail = "not all numbers of the key are there";
    sink.add(std::move(candidate));
  }
};

constinit const XmlRsaDetector detector;

}  // namespace

extern const Detector& xml_rsa_detector;
const Detector& xml_rsa_detector = detector;

}  // namespace dumpgate
