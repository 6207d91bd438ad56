#include "scanner/cli/entropy_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "scanner/base/printable.h"
#include "scanner/cli/columns.h"
#include "scanner/cli/settings.h"

namespace dumpgate {
namespace {

constexpr std::string_view outside_regions = "headers, notes, streams";
constexpr std::string_view no_name = "anonymous memory";

// Fixed-point text with a point for any locale: snprintf writes the locale's, and the program sets none; a
// library might.
std::string decimal(double value, int digits) {
  std::array<char, 40> text{};
  (void)std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  std::string out(text.data());
  std::ranges::replace(out, ',', '.');
  return out;
}

std::string bar(double share, std::size_t width) {
  const auto full =
      static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  return std::string(full, '#') + std::string(width - full, '.');
}

void extend(std::vector<EntropyArea>& areas, std::uint64_t begin, std::uint64_t end, std::string_view name) {
  if (begin >= end) return;
  if (!areas.empty() && areas.back().name == name && areas.back().end == begin)
    areas.back().end = end;
  else
    areas.push_back({begin, end, std::string(name)});
}

std::string csv_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::vector<EntropyArea> areas_of(const LeafContent& leaf, std::uint64_t bytes) {
  std::vector<EntropyArea> areas;
  if (leaf.map.regions.empty()) return areas;
  // Regions are sorted by where they begin; of overlapping ones the first counts here.
  std::uint64_t at = 0;
  for (const Region& region : leaf.map.regions) {
    const std::uint64_t begin = std::max(at, std::min(region.bytes.begin(), bytes));
    const std::uint64_t end = std::min(region.bytes.end(), bytes);
    extend(areas, leaf.base + at, leaf.base + begin, outside_regions);
    const std::string& name = leaf.map.mappings.at(region.mapping);
    extend(areas, leaf.base + begin, leaf.base + end, name.empty() ? no_name : std::string_view(name));
    at = std::max(begin, end);
  }
  extend(areas, leaf.base + at, leaf.base + bytes, outside_regions);
  return areas;
}

std::string entropy_table(const EntropyLeaf& leaf) {
  std::string out = printable(leaf.layer) + ": " + std::to_string(leaf.bytes) + " bytes (" +
                    human_size(leaf.bytes) + ") in blocks of " + human_size(leaf.block) + "\n";
  const bool addresses =
      std::ranges::any_of(leaf.blocks, [](const EntropyBlock& block) { return block.address.has_value(); });
  out += "      offset ";
  if (addresses) out += "         address ";
  out += "entropy random  chi2/sd  serial  zero  text  class       of what random bytes show\n";
  for (const EntropyBlock& block : leaf.blocks) {
    const BlockStatistics& s = block.statistics;
    out += hexadecimal(block.offset, 12) + " ";
    if (addresses) out += block.address ? hexadecimal(*block.address, 16) + " " : std::string(17, ' ');
    const std::string deviation = s.chi_square > 99'999 ? ">99999" : decimal(s.chi_square, 1);
    out += padded(decimal(s.entropy, 3), 7) + padded(decimal(s.randomness, 3), 7) + padded(deviation, 9) +
           padded(decimal(s.serial_correlation, 3), 8) + padded(decimal(100 * s.zero_share, 0), 5) + "%" +
           padded(decimal(100 * s.printable_share, 0), 5) + "%  ";
    std::string is(to_string(block.is));
    is.resize(std::max<std::size_t>(is.size(), 11), ' ');
    out += is + " " + bar(s.randomness, 20);
    if (!block.mapping.empty()) out += " " + printable(block.mapping);
    out += "\n";
  }
  return out;
}

std::string_view entropy_csv_header() {
  return "layer,offset,bytes,address,mapping,class,entropy,expected_entropy,randomness,chi_square_deviations,"
         "serial_correlation,zero_share,printable_share\r\n";
}

std::string entropy_csv_row(const std::string& layer, const EntropyBlock& block) {
  const BlockStatistics& s = block.statistics;
  std::string row =
      csv_text(layer) + "," + std::to_string(block.offset) + "," + std::to_string(s.bytes) + ",";
  if (block.address) row += "0x" + hexadecimal(*block.address, 1);
  row += "," + csv_text(block.mapping) + "," + std::string(to_string(block.is));
  const double deviations = s.bytes < 2 ? 0 : s.chi_square;
  for (const double figure : {s.entropy, expected_entropy(s.bytes), s.randomness, deviations,
                              s.serial_correlation, s.zero_share, s.printable_share})
    row += "," + decimal(figure, 4);
  return row + "\r\n";
}

}  // namespace dumpgate
