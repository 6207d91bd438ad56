#include "scanner/cli/leaf_visit.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/base/secret_bytes.h"
#include "scanner/dump/format.h"

namespace dumpgate {
namespace {

constexpr std::size_t piece_size = std::size_t{256} * 1024;

void add_map_gaps(const LeafContent& leaf, std::uint64_t size, std::vector<Gap>& gaps) {
  if (leaf.map.promised_end > size)
    gaps.push_back({.reason = GapReason::truncated,
                    .layer = leaf.layer,
                    .offset = leaf.base + size,
                    .length = leaf.map.promised_end - size,
                    .detail = "the dump ends before its headers say"});
  for (Gap gap : leaf.map.gaps) {
    gap.layer = leaf.layer;
    gap.offset += leaf.base;
    gaps.push_back(std::move(gap));
  }
}

void visit_leaf(const Leaf& leaf, const Limits& limits, const std::atomic<bool>& stop, LeafVisitor& visitor,
                std::vector<Gap>& gaps) {
  LeafContent content;
  if (leaf.tail)
    content.map.format = "raw";
  else
    content.map = read_map(*leaf.view, limits);
  content.layer = leaf.path.empty() ? content.map.format : leaf.path + "!" + content.map.format;
  content.base = leaf.base;
  visitor.begin(content);
  std::uint64_t size = 0;
  SecretBytes buffer(piece_size);
  while (!stop) {
    const auto got = leaf.stream->read(buffer);
    if (!got) {
      gaps.push_back({.reason = gap_reason(got.error().code),
                      .layer = content.layer,
                      .offset = content.base + size,
                      .detail = got.error().message});
      break;
    }
    if (*got == 0) break;
    size += *got;
    visitor.bytes(std::span<const std::byte>(buffer).first(*got));
  }
  add_map_gaps(content, size, gaps);
  visitor.end(content, size);
}

}  // namespace

bool LeafVisit::whole() const {
  return std::ranges::all_of(gaps, [](const Gap& gap) { return gap.reason == GapReason::absent; });
}

LeafVisit visit_leaves(Input& input, const Limits& limits, const std::atomic<bool>& stop,
                       LeafVisitor& visitor) {
  LeafVisit visit;
  LayerWalk walk(input, limits, [](std::span<const std::byte>) {});
  for (;;) {
    const auto leaf = walk.next();
    if (!leaf) {
      visit.gaps.push_back({.reason = gap_reason(leaf.error().code), .detail = leaf.error().message});
      break;
    }
    if (!leaf->has_value()) break;
    visit_leaf(**leaf, limits, stop, visitor, visit.gaps);
    if (stop) {
      visit.gaps.push_back({.reason = GapReason::limit, .detail = "stopped by a signal"});
      break;
    }
  }
  visit.bytes_in = walk.bytes_in();
  visit.layers = walk.layers();
  std::ranges::copy(walk.gaps(), std::back_inserter(visit.gaps));
  const auto key = [](const Gap& g) { return std::tie(g.layer, g.offset, g.reason, g.length, g.detail); };
  std::ranges::sort(visit.gaps, {}, key);
  const auto same = std::ranges::unique(visit.gaps);
  visit.gaps.erase(same.begin(), same.end());
  return visit;
}

std::string describe(const Gap& gap) {
  std::string text = gap.layer.empty() ? "input" : printable(gap.layer);
  text += " at byte " + std::to_string(gap.offset) + ": " + std::string(to_string(gap.reason));
  if (gap.length) text += ", " + std::to_string(*gap.length) + (*gap.length == 1 ? " byte" : " bytes");
  if (!gap.detail.empty()) text += ": " + printable(gap.detail);
  return text;
}

}  // namespace dumpgate
