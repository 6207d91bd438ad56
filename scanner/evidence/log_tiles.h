// The files of a log in the layout of C2SP tlog-tiles: tiles of 256 hashes and bundles of 256 entries, the
// last of each level partial. The one rule: a file says nothing by itself; whoever reads it compares it with
// a signed root.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/merkle.h"

namespace dumpgate {

inline constexpr unsigned tile_levels = 8;      // of the tree in one tile
inline constexpr std::size_t tile_width = 256;  // hashes of a full tile, entries of a full bundle
inline constexpr std::size_t most_entry_bytes = 65'535;

// How many hashes a tile has in a tree of `size` leaves: 256, less at the right edge, 0 beyond.
std::size_t width_of_tile(std::uint64_t size, unsigned level, std::uint64_t index);
// How many levels of tiles such a tree has.
unsigned levels_of_tiles(std::uint64_t size);

// Below the log's directory: "tile/1/x001/x234/067" and, when `width` is below 256, ".p/<width>" after it.
std::string tile_path(unsigned level, std::uint64_t index, std::size_t width);
std::string bundle_path(std::uint64_t index, std::size_t width);
// The directory of the partial ones of the same place.
std::string partial_directory(const std::string& path_of_full);

// What the file of a tile holds.
std::string tile_bytes(std::span<const TreeHash> hashes);

// The root of the subtree over 1, 2, 4, ... 256 hashes.
TreeHash fold(std::span<const TreeHash> hashes);

// Exactly `count` entries, each behind its length in 16 bits, big-endian. They are views into `bytes`, which
// nobody vouches for. ErrorCode::corrupt when they are not exactly that.
Result<std::vector<std::string_view>> split_bundle(std::string_view bytes, std::size_t count);
void append_to_bundle(std::string& bundle, std::string_view entry);  // at most most_entry_bytes

// Reads what a tree of `size` leaves needs. A partial file that is gone is read as the beginning of the full
// one. ErrorCode::corrupt: missing, or of a wrong length; nothing else has been checked.
class TileReader {
 public:
  TileReader(std::string directory, std::uint64_t size) : directory_(std::move(directory)), size_(size) {}

  std::uint64_t size() const { return size_; }
  Result<std::vector<TreeHash>> tile(unsigned level, std::uint64_t index) const;
  Result<std::string> bundle(std::uint64_t index) const;
  Result<TreeHash> hash(unsigned level, std::uint64_t index) const;  // a HashReader of full subtrees

 private:
  std::string directory_;
  std::uint64_t size_;
};

}  // namespace dumpgate
