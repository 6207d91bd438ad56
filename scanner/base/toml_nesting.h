// How deep a TOML document nests, before a parser sees it. The one rule: what passes makes a tree that a
// recursive parser, walk or destructor can go down: toml++ bounds brackets (to 256) but not the parts of a
// key, each of which is a table, and a megabyte of "a.a.a" ends its destructor's stack.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace dumpgate {

// The most parts of one key ("a.b" has two), and the most brackets and braces in each other.
inline constexpr std::size_t most_toml_nesting = 32;

// The line, from 1, where the text nests deeper; nothing when it nowhere does. Text that is no TOML gets some
// answer: up to the place of its first error it is read as a parser reads it.
std::optional<std::size_t> line_of_deep_toml(std::string_view text);

inline constexpr std::string_view deep_toml = "nested deeper than 32 levels";

}  // namespace dumpgate
