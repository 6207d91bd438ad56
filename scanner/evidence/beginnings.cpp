#include "scanner/evidence/beginnings.h"

#include <algorithm>

#include "scanner/base/base64.h"
#include "scanner/base/strict_text.h"

namespace dumpgate {
namespace {

constexpr std::string_view first_line = "dumpgate-beginnings@v1";
constexpr std::size_t most_hashes = 128;  // a proof between trees of 2^64 leaves is shorter

std::optional<TreeHash> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  TreeHash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

}  // namespace

std::string tree_line(std::uint64_t size, const TreeHash& root) {
  return std::to_string(size) + " " + to_base64(root);
}

bool parse_tree_line(std::string_view line, std::uint64_t& size, TreeHash& root) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const auto leaves = parse_decimal(line.substr(0, space));
  const auto hash = parse_hash(line.substr(space + 1));
  if (!leaves || !hash) return false;
  size = *leaves;
  root = *hash;
  return true;
}

std::string beginnings_text(std::span<const Beginning> beginnings) {
  if (beginnings.empty()) return {};
  std::string text = std::string(first_line) + "\n";
  for (const Beginning& beginning : beginnings) {
    text += tree_line(beginning.size, beginning.root) + "\n";
    for (const TreeHash& hash : beginning.proof) text += to_base64(hash) + "\n";
    text += "\n";
  }
  return text;
}

Result<std::vector<Beginning>> parse_beginnings(std::string_view text) {
  std::vector<Beginning> beginnings;
  if (text.empty()) return beginnings;
  const Error bad{ErrorCode::corrupt, "the proof's extra line is not of the form dumpgate-beginnings@v1",
                  std::nullopt};
  if (take_line(text) != first_line) return bad;
  while (!text.empty()) {
    Beginning beginning;
    auto line = take_line(text);
    if (!line || !parse_tree_line(*line, beginning.size, beginning.root) ||
        beginnings.size() == most_beginnings)
      return bad;
    for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
      const auto hash = parse_hash(*line);
      if (!hash || beginning.proof.size() == most_hashes) return bad;
      beginning.proof.push_back(*hash);
    }
    if (!line) return bad;
    beginnings.push_back(std::move(beginning));
  }
  return beginnings;
}

}  // namespace dumpgate
