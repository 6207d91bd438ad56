#include "scanner/base/toml_nesting.h"

#include <algorithm>

namespace dumpgate {
namespace {

// Walks over the text as TOML 1.0 divides it; what stands in strings and comments nests nothing.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::optional<std::size_t> line_of_deep() {
    while (at_ < text_.size()) {
      step();
      if (brackets_ > most_toml_nesting || dots_ >= most_toml_nesting) return line_;
    }
    return std::nullopt;
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '#') return skip_comment();
    if (c == '"' || c == '\'') return skip_string(c);
    if (c == '.') ++dots_;
    if (c == '[' || c == '{') ++brackets_;
    if ((c == ']' || c == '}') && brackets_ > 0) --brackets_;
    // Whatever ends or begins a key. A key goes over no line.
    if (c == '=' || c == ',' || c == '[' || c == '{' || c == '\n') dots_ = 0;
    if (c == '\n') ++line_;
    ++at_;
  }

  void skip_comment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void skip_string(char quote) {
    const bool multiline = text_.substr(at_).starts_with(quote == '"' ? R"(""")" : "'''");
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        if (!multiline) return;  // the end of a string that is none
        ++line_;
      }
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      ++at_;
      if (c != quote) continue;
      if (!multiline) return;
      if (!text_.substr(at_).starts_with(std::string_view(quote == '"' ? R"("")" : "''"))) continue;
      at_ += 2;
      // Up to two quotes before the closing three belong to the string.
      for (int more = 0; more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) ++at_;
      return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t brackets_ = 0;
  std::size_t dots_ = 0;
};

}  // namespace

std::optional<std::size_t> line_of_deep_toml(std::string_view text) { return Walk(text).line_of_deep(); }

}  // namespace dumpgate
