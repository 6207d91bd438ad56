#include "scanner/evidence/log_edge.h"

#include <utility>

#include "scanner/evidence/log_tiles.h"

namespace dumpgate {
namespace {

std::uint64_t tile_at_edge(std::uint64_t size, unsigned level) {
  return level + 1 < levels_of_tiles(size) ? size >> (tile_levels * (level + 1)) : 0;
}

Result<void> compare_entries(std::string_view bundle, const std::vector<TreeHash>& leaves) {
  const auto entries = split_bundle(bundle, leaves.size());
  if (!entries) return entries.error();
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (leaf_hash(std::as_bytes(std::span((*entries)[i]))) != leaves[i])
      return corrupt("the last entries of the log are not those that were logged");
  return {};
}

}  // namespace

Result<LogEdge> LogEdge::read(const std::string& directory, const Checkpoint& checkpoint) {
  const TileReader reader(directory, checkpoint.size);
  LogEdge edge;
  edge.size_ = checkpoint.size;
  for (unsigned level = 0; level < levels_of_tiles(edge.size_); ++level) {
    const std::uint64_t index = tile_at_edge(edge.size_, level);
    auto& tile = edge.tiles_.emplace_back();
    if (width_of_tile(edge.size_, level, index) == 0) continue;
    auto hashes = reader.tile(level, index);
    if (!hashes) return hashes.error();
    tile = std::move(*hashes);
  }
  const auto root = edge.root();
  if (!root) return root.error();
  if (*root != checkpoint.root) return corrupt("the log does not hash to its own checkpoint");
  if (edge.size_ % tile_width == 0) return edge;
  auto bundle = reader.bundle(edge.size_ / tile_width);
  if (!bundle) return bundle.error();
  if (const auto same = compare_entries(*bundle, edge.tiles_.front()); !same) return same.error();
  edge.bundle_ = std::move(*bundle);
  return edge;
}

std::vector<LogEdge::File> LogEdge::add(std::string_view entry) {
  std::vector<File> files;
  const std::uint64_t place = size_ / tile_width;
  ++size_;
  const std::size_t width = width_of_tile(size_, 0, place);
  append_to_bundle(bundle_, entry);
  files.push_back({bundle_path(place, width), bundle_});
  if (width == tile_width) bundle_.clear();
  TreeHash hash = leaf_hash(std::as_bytes(std::span(entry)));
  for (unsigned level = 0;; ++level) {
    if (level == tiles_.size()) tiles_.emplace_back();
    auto& tile = tiles_[level];
    tile.push_back(hash);
    const std::uint64_t index = ((size_ >> (tile_levels * level)) - 1) / tile_width;
    files.push_back({tile_path(level, index, tile.size()), tile_bytes(tile)});
    if (tile.size() < tile_width) return files;
    hash = fold(tile);
    tile.clear();
  }
}

Result<TreeHash> LogEdge::root() const {
  return tree_root(size_, [this](unsigned level, std::uint64_t index) { return hash(level, index); });
}

// Every full subtree that the root is made of lies in the partial tile of its level.
Result<TreeHash> LogEdge::hash(unsigned level, std::uint64_t index) const {
  const unsigned within = level % tile_levels;
  const std::uint64_t first = index << within;
  const unsigned of_tiles = level / tile_levels;
  const std::size_t offset = first % tile_width;
  const std::size_t count = std::size_t{1} << within;
  if (of_tiles >= tiles_.size() || first / tile_width != tile_at_edge(size_, of_tiles) ||
      offset + count > tiles_[of_tiles].size())
    return corrupt("the log lacks a hash at its edge");
  return fold(std::span(tiles_[of_tiles]).subspan(offset, count));
}

}  // namespace dumpgate
