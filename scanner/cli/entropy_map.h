// EntropyMap: the statistics of an input block by block, and three ways to show them: a table, CSV and an SVG
// picture. The one rule: nothing of the input is shown but figures and names, and names are made harmless.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/cli/leaf_visit.h"
#include "scanner/detect/statistics.h"

namespace dumpgate {

struct EntropyBlock {
  std::uint64_t offset = 0;  // in the layer
  BlockStatistics statistics{};
  BlockClass is = BlockClass::zero;
  std::optional<std::uint64_t> address{};  // of the first byte, in the dumped machine
  std::string mapping{};                   // in which the first byte lies; as in DumpMap
};

// A stretch of neighbouring bytes that belong to the same mapping, for labels.
struct EntropyArea {
  std::uint64_t begin = 0;  // in the layer
  std::uint64_t end = 0;
  std::string name{};  // "[heap]", "/usr/lib/libc.so.6", "anonymous memory", "headers, notes, streams"
};

struct EntropyLeaf {
  std::string layer{};
  std::uint64_t base = 0;  // offset of the first byte in the layer
  std::uint64_t bytes = 0;
  std::uint64_t block = 0;  // bytes of each block but the last
  std::vector<EntropyBlock> blocks{};
  std::vector<EntropyArea> areas{};  // sorted; of a dump with regions they cover all its bytes
};

struct EntropyMap {
  std::string input{};  // its name, as given
  std::uint64_t bytes_in = 0;
  std::vector<EntropyLeaf> leaves{};
  std::size_t left_out = 0;  // leaves that are not among them, when there are very many
};

// areas_of gives the stretches of a leaf of `bytes` bytes; none for a leaf without regions.
std::vector<EntropyArea> areas_of(const LeafContent& leaf, std::uint64_t bytes);

// One leaf as a table for a terminal, headed by its name.
std::string entropy_table(const EntropyLeaf& leaf);

// RFC 4180. Figures with a point, whatever the locale.
std::string_view entropy_csv_header();
std::string entropy_csv_row(const std::string& layer, const EntropyBlock& block);

// A self-contained SVG 1.1 document: one cell for each block, laid out in rows as text is read.
std::string entropy_picture(const EntropyMap& map);

// How many cells a picture has for each leaf, at most.
inline constexpr std::size_t most_cells = 4096;

}  // namespace dumpgate
