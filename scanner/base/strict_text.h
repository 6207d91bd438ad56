// Lines and numbers of text formats that have one spelling for everything: notes, proofs, what is signed. The
// one rule: what could be written in another way is refused, so that the same content is always the same
// bytes.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dumpgate {

// Takes the text up to the next newline off its front; nothing, and the text as it was, when there is none.
std::optional<std::string_view> take_line(std::string_view& text);

// Decimal digits alone, without leading zeros, below 2^64; nothing for anything else.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace dumpgate
