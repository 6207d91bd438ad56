// The text that a receipt carries in the extra line of its proof: earlier trees of the log, each with the
// proof that it is a beginning of the receipt's tree. The one rule: nothing of it is signed; a tree counts
// only after its proof was verified against the root that is.
//
//   dumpgate-beginnings@v1
//   <size> <base64 of the root>
//   <base64 of a hash>          none or more, the proof
//   <empty line>                after each tree

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/receipt.h"

namespace dumpgate {

inline constexpr std::size_t most_beginnings = 32;

std::string beginnings_text(std::span<const Beginning> beginnings);
// "" is none. ErrorCode::corrupt for anything that is not this form.
Result<std::vector<Beginning>> parse_beginnings(std::string_view text);

// "<size> <base64 of the root>", as it also stands in a receiver's memory.
std::string tree_line(std::uint64_t size, const TreeHash& root);
bool parse_tree_line(std::string_view line, std::uint64_t& size, TreeHash& root);

}  // namespace dumpgate
