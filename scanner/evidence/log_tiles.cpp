#include "scanner/evidence/log_tiles.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t length_bytes = 2;
constexpr std::size_t most_bundle_bytes = tile_width * (length_bytes + most_entry_bytes);
constexpr std::size_t hash_bytes = TreeHash{}.size();

// Three digits an element, all but the last marked with an x: x001/x234/067.
std::string index_path(std::uint64_t index) {
  std::string path;
  const auto group = [](std::uint64_t value) {
    const std::string digits = std::to_string(value);
    return std::string(3 - digits.size(), '0') + digits;
  };
  path = group(index % 1000);
  for (index /= 1000; index != 0; index /= 1000) path.insert(0, "x" + group(index % 1000) + "/");
  return path;
}

std::string with_width(std::string path, std::size_t width) {
  if (width < tile_width) path = partial_directory(path) + "/" + std::to_string(width);
  return path;
}

// What the bytes of a bundle's first `count` entries are; corrupt when there are fewer.
Result<std::size_t> length_of_entries(std::string_view bytes, std::size_t count) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes.size() - at < length_bytes) return corrupt("the bundle ends early");
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) << 8U |
                               static_cast<unsigned char>(bytes[at + 1]);
    at += length_bytes;
    if (bytes.size() - at < length) return corrupt("the bundle ends early");
    at += length;
  }
  return at;
}

// The bytes of the partial file, or else of the full one; `full` says which.
struct TileBytes {
  std::vector<std::byte> bytes{};
  bool full = false;
};
Result<TileBytes> read_tile(const std::string& directory, const std::string& path,
                            const std::string& path_of_full, std::size_t most) {
  for (const std::string& name : {path, path_of_full}) {
    std::string file = directory;
    file.append("/").append(name);
    if (!path_exists(file)) continue;
    auto bytes = read_file(file, most);
    if (bytes) return TileBytes{.bytes = std::move(*bytes), .full = name == path_of_full};
    if (bytes.error().code == ErrorCode::limit) return corrupt(name + " is longer than it can be");
    return bytes.error();
  }
  return corrupt("the log lacks " + path);
}

}  // namespace

std::size_t width_of_tile(std::uint64_t size, unsigned level, std::uint64_t index) {
  const std::uint64_t hashes = size >> (tile_levels * level);
  const std::uint64_t before = index * tile_width;
  if (index > hashes / tile_width || before >= hashes) return 0;
  return static_cast<std::size_t>(std::min<std::uint64_t>(tile_width, hashes - before));
}

unsigned levels_of_tiles(std::uint64_t size) {
  unsigned levels = 0;
  for (; size != 0; size >>= tile_levels) ++levels;
  return levels;
}

std::string tile_path(unsigned level, std::uint64_t index, std::size_t width) {
  return with_width("tile/" + std::to_string(level) + "/" + index_path(index), width);
}

std::string bundle_path(std::uint64_t index, std::size_t width) {
  return with_width("tile/entries/" + index_path(index), width);
}

std::string partial_directory(const std::string& path_of_full) { return path_of_full + ".p"; }

std::string tile_bytes(std::span<const TreeHash> hashes) {
  std::string bytes;
  for (const TreeHash& hash : hashes) bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  return bytes;
}

TreeHash fold(std::span<const TreeHash> hashes) {
  std::vector<TreeHash> row(hashes.begin(), hashes.end());
  while (row.size() > 1) {
    for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row.front();
}

Result<std::vector<std::string_view>> split_bundle(std::string_view bytes, std::size_t count) {
  const auto length = length_of_entries(bytes, count);
  if (!length) return length.error();
  if (*length != bytes.size()) return corrupt("the bundle goes on after its last entry");
  std::vector<std::string_view> entries;
  entries.reserve(std::min(count, tile_width));
  while (!bytes.empty()) {
    const std::size_t whole = *length_of_entries(bytes, 1);
    entries.push_back(bytes.substr(length_bytes, whole - length_bytes));
    bytes.remove_prefix(whole);
  }
  return entries;
}

void append_to_bundle(std::string& bundle, std::string_view entry) {
  bundle += static_cast<char>(entry.size() >> 8U);
  bundle += static_cast<char>(entry.size() & 0xffU);
  bundle += entry;
}

Result<std::vector<TreeHash>> TileReader::tile(unsigned level, std::uint64_t index) const {
  const std::size_t width = width_of_tile(size_, level, index);
  const std::string path = tile_path(level, index, width);
  const auto file = read_tile(directory_, path, tile_path(level, index, tile_width), tile_width * hash_bytes);
  if (!file) return file.error();
  if (width == 0 || file->bytes.size() != (file->full ? tile_width : width) * hash_bytes)
    return corrupt(path + " has a wrong length");
  std::vector<TreeHash> hashes(width);
  for (std::size_t i = 0; i < width; ++i)
    std::copy_n(file->bytes.begin() + static_cast<std::ptrdiff_t>(i * hash_bytes), hash_bytes,
                hashes[i].begin());
  return hashes;
}

Result<std::string> TileReader::bundle(std::uint64_t index) const {
  const std::size_t width = width_of_tile(size_, 0, index);
  const std::string path = bundle_path(index, width);
  const auto file = read_tile(directory_, path, bundle_path(index, tile_width), most_bundle_bytes);
  if (!file) return file.error();
  std::string bytes(reinterpret_cast<const char*>(file->bytes.data()), file->bytes.size());
  const auto length = length_of_entries(bytes, width);
  if (!length || (!file->full && *length != bytes.size())) return corrupt(path + " is not what it should be");
  bytes.resize(*length);
  return bytes;
}

Result<TreeHash> TileReader::hash(unsigned level, std::uint64_t index) const {
  const unsigned within = level % tile_levels;
  const std::uint64_t first = index << within;
  const auto hashes = tile(level / tile_levels, first / tile_width);
  if (!hashes) return hashes.error();
  const std::size_t offset = first % tile_width;
  const std::size_t count = std::size_t{1} << within;
  if (offset + count > hashes->size()) return corrupt("the log lacks a hash of its tree");
  return fold(std::span(*hashes).subspan(offset, count));
}

}  // namespace dumpgate
