// JSON as it lies in memory: the members of one object, read outward from one of them in both directions, for
// the object may be cut anywhere, may stand in a string of another (its quotes escaped), or may be the repr
// of a Python dict. The one rule: a member is read alike from either end, so that all anchors of an object
// agree on what belongs to it.
//
// RFC 8259. Values are strings, scalars, and arrays and objects that hold no further ones of their kind.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/detect/text_view.h"

namespace dumpgate {

struct JsonMember {
  std::ptrdiff_t begin = 0;  // of the quote before the name
  std::ptrdiff_t after = 0;  // one past the quote behind the name
  std::string name{};        // as written, "" when longer than any that is asked for
  bool is_string = false;
  bool cut = false;          // the value does not end
  std::ptrdiff_t value = 0;  // the value, without its quotes: [value, value_end)
  std::ptrdiff_t value_end = 0;
  std::ptrdiff_t end = 0;  // one past the value
};

struct JsonObject {
  std::vector<JsonMember> members{};
  bool opened = false;  // by a brace
  bool closed = false;
};

class JsonText {
 public:
  // `opening` is the index of the quote before a member's name: which quote, and how many backslashes stand
  // before each, is taken from there. `text` outlives this.
  JsonText(TextView& text, std::ptrdiff_t opening);

  int backslashes() const { return level_; }

  // The member whose name's quote stands at `opening`.
  std::optional<JsonMember> member_at(std::ptrdiff_t opening);

  // The member of the same object before `member`, or after it.
  std::optional<JsonMember> before(const JsonMember& member);
  std::optional<JsonMember> after(const JsonMember& member);

  // All members around one, no further than `reach` characters from its begin.
  JsonObject object_around(const JsonMember& member, std::ptrdiff_t reach);

 private:
  bool is_quote(std::ptrdiff_t index);
  std::optional<std::ptrdiff_t> next_quote(std::ptrdiff_t from, std::ptrdiff_t most);
  std::optional<std::ptrdiff_t> quote_before(std::ptrdiff_t to, std::ptrdiff_t most);
  std::ptrdiff_t skip_space(std::ptrdiff_t from);
  std::ptrdiff_t skip_space_before(std::ptrdiff_t last);
  void read_value(JsonMember& member, std::ptrdiff_t from);
  void read_string(JsonMember& member, std::ptrdiff_t from);
  void read_nested(JsonMember& member, std::ptrdiff_t from, int open, int close);
  std::optional<std::ptrdiff_t> value_before(std::ptrdiff_t last);

  TextView& text_;
  int quote_ = '"';
  int level_ = 0;
};

}  // namespace dumpgate
