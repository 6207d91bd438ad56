#include "scanner/cli/inspection.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/cli/columns.h"
#include "scanner/cli/settings.h"
#include "scanner/report/json_writer.h"

namespace dumpgate {
namespace {

constexpr std::size_t rows_in_full = 24;  // of a table, unless all were asked for

std::string_view to_string(AddressSpace space) {
  switch (space) {
    case AddressSpace::none:
      return "none";
    case AddressSpace::virtual_memory:
      return "virtual";
    case AddressSpace::physical_memory:
      return "physical";
  }
  return "none";
}

std::string count_of(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string size_of(std::uint64_t bytes) {
  return bytes < 1024 ? count_of(bytes, "byte")
                      : std::to_string(bytes) + " bytes (" + human_size(bytes) + ")";
}

// table writes rows 0 to count - 1 by row(i); of a long table only the first and the last, unless all.
template <typename Row>
void table(std::string& out, std::size_t count, bool all, const Row& row) {
  const bool fold = !all && count > rows_in_full;
  for (std::size_t i = 0; i < count; ++i) {
    if (fold && i == rows_in_full * 2 / 3) {
      const std::size_t last = count - rows_in_full / 3;
      out += "    ... " + std::to_string(last - i) + " more; --all shows them\n";
      i = last;
    }
    out += row(i);
  }
}

void add_regions(std::string& out, const InspectedLeaf& leaf, bool all) {
  const DumpMap& map = leaf.content.map;
  if (map.regions.empty()) return;
  out += "  regions\n";
  out += "    address range                       size      offset        mapping\n";
  const int width = map.word_bits == 32 ? 8 : 16;
  table(out, map.regions.size(), all, [&](std::size_t i) {
    const Region& region = map.regions[i];
    std::string range = region.space == AddressSpace::none
                            ? std::string("-")
                            : hexadecimal(region.address, width) + "-" +
                                  hexadecimal(region.address + region.bytes.size(), width);
    range.resize(std::max<std::size_t>(range.size(), 33), ' ');
    const std::string& name = map.mappings.at(region.mapping);
    return "    " + range + padded(human_size(region.bytes.size()), 11) + "  " +
           hexadecimal(leaf.content.base + region.bytes.begin(), 12) + (name.empty() ? "" : "  ") +
           printable(name) + "\n";
  });
  if (leaf.regions_left_out > 0) out += "    ... and " + count_of(leaf.regions_left_out, "more") + "\n";
}

void add_parts(std::string& out, const InspectedLeaf& leaf, bool all) {
  const auto& parts = leaf.content.map.parts;
  if (parts.empty()) return;
  out += "  parts\n    offset              size  name\n";
  table(out, parts.size(), all, [&](std::size_t i) {
    const Part& part = parts[i];
    return "    " + hexadecimal(leaf.content.base + part.bytes.begin(), 12) +
           padded(human_size(part.bytes.size()), 12) + "  " + printable(part.name) + "\n";
  });
  if (leaf.parts_left_out > 0) out += "    ... and " + count_of(leaf.parts_left_out, "more") + "\n";
}

std::string leaf_text(const InspectedLeaf& leaf, bool all) {
  const DumpMap& map = leaf.content.map;
  std::string out = "image " + printable(leaf.content.layer);
  if (leaf.content.base != 0) out += ", from byte " + std::to_string(leaf.content.base);
  out += ": " + size_of(leaf.bytes);
  if (map.format != "raw")
    out += ", " + std::to_string(map.word_bits) + "-bit, " +
           (map.order == ByteOrder::big ? "big-endian" : "little-endian");
  out += "\n  coverage: " + size_of(leaf.coverage.regions) + " in " +
         count_of(map.regions.size() + leaf.regions_left_out, "region") + ", " +
         std::to_string(leaf.coverage.parts) + " in " +
         count_of(map.parts.size() + leaf.parts_left_out, "part") + " besides, " +
         std::to_string(leaf.coverage.outside) + " in neither: together " + std::to_string(leaf.bytes) + "\n";
  add_regions(out, leaf, all);
  add_parts(out, leaf, all);
  return out;
}

void write_leaf(JsonWriter& json, const InspectedLeaf& leaf) {
  const DumpMap& map = leaf.content.map;
  const auto object = json.object();
  json.text("layer", leaf.content.layer);
  json.text("format", map.format);
  json.number("base", leaf.content.base);
  json.number("bytes", leaf.bytes);
  json.number("word_bits", map.word_bits);
  json.text("byte_order", map.order == ByteOrder::big ? "big" : "little");
  {
    const auto coverage = json.object("coverage");
    json.number("regions", leaf.coverage.regions);
    json.number("parts", leaf.coverage.parts);
    json.number("outside", leaf.coverage.outside);
  }
  {
    const auto regions = json.array("regions");
    for (const Region& region : map.regions) {
      const auto entry = json.object();
      json.number("offset", leaf.content.base + region.bytes.begin());
      json.number("size", region.bytes.size());
      json.text("space", to_string(region.space));
      if (region.space != AddressSpace::none) json.text("address", "0x" + hexadecimal(region.address));
      json.text("mapping", map.mappings.at(region.mapping));
    }
  }
  const auto parts = json.array("parts");
  for (const Part& part : map.parts) {
    const auto entry = json.object();
    json.text("name", part.name);
    json.number("offset", leaf.content.base + part.bytes.begin());
    json.number("size", part.bytes.size());
  }
}

void write_gap(JsonWriter& json, const Gap& gap) {
  const auto object = json.object();
  json.text("reason", to_string(gap.reason));
  json.text("layer", gap.layer);
  json.number("offset", gap.offset);
  if (gap.length)
    json.number("length", *gap.length);
  else
    json.null("length");
  json.text("detail", gap.detail);
}

}  // namespace

void Inspection::end(LeafContent& leaf, std::uint64_t size) {
  if (leaves.size() >= most_leaves) {
    ++leaves_left_out;
    return;
  }
  InspectedLeaf& entry = leaves.emplace_back();
  entry.bytes = size;
  entry.coverage = coverage_of(leaf.map, size);
  const auto keep = [this](auto& list, std::uint64_t& left_out) {
    const std::size_t room = most_kept - kept_;
    if (list.size() > room) {
      left_out = list.size() - room;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(room), list.end());
    }
    kept_ += list.size();
  };
  keep(leaf.map.regions, entry.regions_left_out);
  keep(leaf.map.parts, entry.parts_left_out);
  entry.content = std::move(leaf);
}

Coverage coverage_of(const DumpMap& map, std::uint64_t bytes) {
  using Run = std::pair<std::uint64_t, std::uint64_t>;
  // The number of bytes below `bytes` in the union of runs, which are sorted here.
  const auto in_union = [bytes](std::vector<Run>& runs) {
    std::ranges::sort(runs);
    std::uint64_t sum = 0;
    std::uint64_t at = 0;
    for (const auto& [first, last] : runs) {
      const std::uint64_t begin = std::max(at, std::min(first, bytes));
      const std::uint64_t end = std::min(last, bytes);
      if (end > begin) sum += end - begin;
      at = std::max(at, end);
    }
    return sum;
  };
  std::vector<Run> runs;
  runs.reserve(map.regions.size() + map.parts.size());
  for (const Region& region : map.regions) runs.emplace_back(region.bytes.begin(), region.bytes.end());
  const std::uint64_t regions = in_union(runs);
  for (const Part& part : map.parts) runs.emplace_back(part.bytes.begin(), part.bytes.end());
  const std::uint64_t both = in_union(runs);
  return {.regions = regions, .parts = both - regions, .outside = bytes - both};
}

std::string inspection_text(const Inspection& inspection, bool all) {
  const LeafVisit& visit = inspection.visit;
  std::string out = printable(inspection.input) + ": " + size_of(visit.bytes_in) + "\n";
  for (const LayerRecord& layer : visit.layers)
    out += "layer " + printable(layer.path) + ": " + count_of(layer.members, "member") + ", " +
           std::to_string(layer.bytes_in) + " bytes to " + std::to_string(layer.bytes_out) + "\n";
  std::uint64_t bytes = 0;
  for (const InspectedLeaf& leaf : inspection.leaves) {
    out += leaf_text(leaf, all);
    bytes += leaf.bytes;
  }
  if (inspection.leaves_left_out > 0)
    out += count_of(inspection.leaves_left_out, "further image") + " not shown\n";
  if (inspection.leaves_left_out == 0)
    out += "in all: " + size_of(bytes) + " in " + count_of(inspection.leaves.size(), "image") + "\n";
  if (visit.gaps.empty()) return out + "gaps: none\n";
  out += "gaps\n";
  table(out, visit.gaps.size(), all, [&](std::size_t i) { return "    " + describe(visit.gaps[i]) + "\n"; });
  return out + (visit.whole()
                    ? "Only absent memory, which the dump does not hold: the input was read whole.\n"
                    : "Not read whole: a scan would hold this input.\n");
}

std::string inspection_json(const Inspection& inspection) {
  const LeafVisit& visit = inspection.visit;
  JsonWriter json(2);
  {
    const auto object = json.object();
    json.text("input", inspection.input);
    json.number("bytes", visit.bytes_in);
    json.boolean("whole", visit.whole());
    {
      const auto layers = json.array("layers");
      for (const LayerRecord& layer : visit.layers) {
        const auto entry = json.object();
        json.text("path", layer.path);
        json.number("members", layer.members);
        json.number("bytes_in", layer.bytes_in);
        json.number("bytes_out", layer.bytes_out);
      }
    }
    {
      const auto images = json.array("images");
      for (const InspectedLeaf& leaf : inspection.leaves) write_leaf(json, leaf);
    }
    const auto gaps = json.array("gaps");
    for (const Gap& gap : visit.gaps) write_gap(json, gap);
  }
  return json.take() + "\n";
}

}  // namespace dumpgate
