#include "scanner/evidence/log_leftovers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scanner/evidence/log_tiles.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_file_bytes = tile_width * (2 + most_entry_bytes);

// The names that one place of the tree has in the directory, and what is known to be there.
struct Place {
  unsigned level = 0;
  std::uint64_t index = 0;
  bool entries = false;
  std::string known{};  // bytes of what was verified

  std::string path(std::size_t width) const {
    return entries ? bundle_path(index, width) : tile_path(level, index, width);
  }
};

Result<void> compare_earlier(const std::string& directory, const Place& place, std::size_t width) {
  const std::string path = place.path(width);
  if (!path_exists(directory + "/" + path)) return {};
  const auto bytes = read_file(directory + "/" + path, most_file_bytes);
  if (!bytes && !path_exists(directory + "/" + path)) return {};  // its tile became full meanwhile
  if (!bytes) return bytes.error().code == ErrorCode::limit ? corrupt(path + " is too long") : bytes.error();
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const bool begins = place.known.starts_with(text);
  const bool whole =
      place.entries ? split_bundle(text, width).has_value() : text.size() == width * TreeHash{}.size();
  if (!begins || !whole) return corrupt(path + " is not the beginning of what came after it");
  return {};
}

// Earlier widths must agree; more than one leaf further there must be nothing.
Result<void> check_place(const std::string& directory, const Place& place, std::size_t width) {
  for (std::size_t earlier = 1; earlier < std::min(width, tile_width); ++earlier)
    if (const auto same = compare_earlier(directory, place, earlier); !same) return same.error();
  if (place.level != 0) return {};
  for (std::size_t beyond = width + 2; beyond <= tile_width; ++beyond)
    if (path_exists(directory + "/" + place.path(beyond)))
      return corrupt("the log goes on beyond its checkpoint: " + place.path(beyond));
  return {};
}

// The place after the one at the edge, which is at least one full tile's end away.
Result<void> check_next(const std::string& directory, std::uint64_t index) {
  for (const bool entries : {false, true}) {
    const Place place{.index = index, .entries = entries};
    for (std::size_t width = 1; width <= tile_width; ++width)
      if (path_exists(directory + "/" + place.path(width)))
        return corrupt("the log goes on beyond its checkpoint: " + place.path(width));
  }
  return {};
}

Result<void> check_all(const LogReader& reader) {
  const std::uint64_t size = reader.checkpoint().size;
  const TileReader tiles(reader.directory(), size);
  const std::uint64_t edge = size / tile_width;
  // The last full place may still have its partial files, when an append died before it removed them.
  for (std::uint64_t index = edge == 0 ? 0 : edge - 1; index <= edge; ++index) {
    const std::size_t width = width_of_tile(size, 0, index);
    Place hashes{.index = index};
    Place entries{.index = index, .entries = true};
    if (width != 0) {
      const auto tile = tiles.tile(0, index);
      if (!tile) return tile.error();
      hashes.known = tile_bytes(*tile);
      auto bundle = tiles.bundle(index);
      if (!bundle) return bundle.error();
      entries.known = std::move(*bundle);
    }
    for (const Place& place : {hashes, entries})
      if (const auto checked = check_place(reader.directory(), place, width); !checked)
        return checked.error();
  }
  for (unsigned level = 1; level < levels_of_tiles(size); ++level) {
    Place place{.level = level, .index = (size >> (tile_levels * level)) / tile_width};
    const std::size_t width = width_of_tile(size, level, place.index);
    if (width == 0) continue;
    const auto tile = tiles.tile(level, place.index);
    if (!tile) return tile.error();
    place.known = tile_bytes(*tile);
    if (const auto checked = check_place(reader.directory(), place, width); !checked) return checked.error();
  }
  return check_next(reader.directory(), edge + 1);
}

}  // namespace

Result<void> check_leftovers(const LogReader& reader) {
  const auto checked = check_all(reader);
  if (checked) return {};
  // Somebody may be appending: then there is a newer checkpoint by now, and what it needs is no leftover.
  const auto now = LogReader::open(reader.directory(), reader.verifier());
  if (!now) return now.error();
  return now->checkpoint().size > reader.checkpoint().size ? check_leftovers(*now) : checked;
}

}  // namespace dumpgate
