#include "scanner/evidence/log_reader.h"

#include <algorithm>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/evidence/log_tiles.h"
#include "scanner/io/durable_file.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_artifact_bytes = 1ULL << 30U;

Error no_entry(std::uint64_t index) {
  return {ErrorCode::usage, "the log has no entry " + std::to_string(index), std::nullopt};
}

Result<std::string> read_text(const std::string& path) {
  const auto bytes = read_file(path, most_note_bytes);
  if (!bytes) return bytes.error();
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

HashReader reader_of(const TileReader& tiles) {
  return [&tiles](unsigned level, std::uint64_t index) { return tiles.hash(level, index); };
}

// The hashes of a tile of leaves, when they are those under the root. A proof for one of them that is made
// from the tile needs all the others, so that one is enough.
Result<std::vector<TreeHash>> proven_leaves(const TileReader& tiles, std::uint64_t place,
                                            const TreeHash& root) {
  auto leaves = tiles.tile(0, place);
  if (!leaves) return leaves;
  const std::uint64_t first = place * tile_width;
  const auto proof =
      inclusion_proof(first, tiles.size(), [&](unsigned level, std::uint64_t index) -> Result<TreeHash> {
        const std::uint64_t begin = index << level;
        if (level >= tile_levels || begin < first || begin - first >= leaves->size())
          return tiles.hash(level, index);
        const std::size_t count = std::size_t{1} << level;
        const std::size_t offset = begin - first;
        if (offset + count > leaves->size()) return corrupt("the log lacks a hash of its tree");
        return fold(std::span(*leaves).subspan(offset, count));
      });
  if (!proof) return proof.error();
  if (!verify_inclusion(first, tiles.size(), leaves->front(), *proof, root))
    return corrupt("the hashes of the entries from " + std::to_string(first) +
                   " on do not fit the checkpoint");
  return leaves;
}

Result<void> same_hashes(const TileReader& tiles, unsigned level, std::uint64_t index,
                         std::span<const TreeHash> expected) {
  const auto tile = tiles.tile(level, index);
  if (!tile) return tile.error();
  if (!std::ranges::equal(*tile, expected))
    return corrupt(tile_path(level, index, expected.size()) +
                   " does not hold the hashes of what is below it");
  return {};
}

// Compares the tiles of one level with the hashes of that level, and gives those of the next.
Result<std::vector<TreeHash>> verify_level(const TileReader& tiles, unsigned level,
                                           std::span<const TreeHash> hashes) {
  std::vector<TreeHash> above;
  for (std::uint64_t index = 0; !hashes.empty(); ++index) {
    const auto row = hashes.first(std::min(hashes.size(), tile_width));
    if (const auto same = same_hashes(tiles, level, index, row); !same) return same.error();
    if (row.size() == tile_width) above.push_back(fold(row));
    hashes = hashes.subspan(row.size());
  }
  return above;
}

}  // namespace

std::string artifact_path(const std::string& sha256) {
  return "store/sha256/" + sha256.substr(0, 2) + "/" + sha256;
}

Result<NoteVerifier> read_verifier_key(const std::string& directory) {
  const std::string path = below(directory, verifier_key_file);
  auto text = read_text(path);
  if (!text) return text.error();
  if (!text->ends_with('\n')) return corrupt(path + " does not end with a line");
  text->pop_back();
  auto verifier = parse_note_verifier(*text);
  if (!verifier) return corrupt(path + ": " + verifier.error().message);
  return verifier;
}

Result<LogReader> LogReader::open(const std::string& directory, const std::optional<NoteVerifier>& expected) {
  LogReader reader;
  reader.directory_ = directory;
  auto verifier = expected ? Result<NoteVerifier>(*expected) : read_verifier_key(directory);
  if (!verifier) return verifier.error();
  reader.verifier_ = std::move(*verifier);
  auto note = read_text(below(directory, checkpoint_file));
  if (!note) return note.error();
  auto checkpoint = open_checkpoint(*note, reader.verifier_);
  if (!checkpoint) return checkpoint.error();
  reader.note_ = std::move(*note);
  reader.checkpoint_ = std::move(*checkpoint);
  return reader;
}

Result<std::string> LogReader::entry(std::uint64_t index) const {
  if (index >= checkpoint_.size) return no_entry(index);
  std::string found;
  const auto read = entries(index, index + 1, [&](std::uint64_t, std::string_view entry) -> Result<void> {
    found = entry;
    return {};
  });
  if (!read) return read.error();
  return found;
}

Result<void> LogReader::entries(
    std::uint64_t begin, std::uint64_t end,
    const std::function<Result<void>(std::uint64_t, std::string_view)>& visit) const {
  if (begin > end || end > checkpoint_.size) return no_entry(std::max(begin, end));
  const TileReader tiles(directory_, checkpoint_.size);
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t place = at / tile_width;
    const auto leaves = proven_leaves(tiles, place, checkpoint_.root);
    if (!leaves) return leaves.error();
    const auto bundle = tiles.bundle(place);
    if (!bundle) return bundle.error();
    const auto bundled = split_bundle(*bundle, leaves->size());
    if (!bundled) return bundled.error();
    for (; at < end && at / tile_width == place; ++at) {
      const std::string_view entry = (*bundled)[at % tile_width];
      if (leaf_hash(std::as_bytes(std::span(entry))) != (*leaves)[at % tile_width])
        return corrupt("entry " + std::to_string(at) + " is not the one that was logged");
      if (const auto seen = visit(at, entry); !seen) return seen.error();
    }
  }
  return {};
}

Result<std::vector<TreeHash>> LogReader::inclusion(std::uint64_t index) const {
  const TileReader tiles(directory_, checkpoint_.size);
  if (index >= checkpoint_.size) return no_entry(index);
  const auto leaf = tiles.hash(0, index);
  if (!leaf) return leaf.error();
  auto path = inclusion_proof(index, checkpoint_.size, reader_of(tiles));
  if (path && !verify_inclusion(index, checkpoint_.size, *leaf, *path, checkpoint_.root))
    return corrupt("the tiles above entry " + std::to_string(index) + " do not fit the checkpoint");
  return path;
}

Result<LogReader::OlderTree> LogReader::older_tree(std::uint64_t size) const {
  const TileReader tiles(directory_, checkpoint_.size);
  auto proof = consistency_proof(size, checkpoint_.size, reader_of(tiles));
  if (!proof) return proof.error();
  const auto root = tree_root(size, reader_of(tiles));
  if (!root) return root.error();
  if (!verify_consistency(size, checkpoint_.size, *root, checkpoint_.root, *proof))
    return corrupt("the tiles do not fit the checkpoint");
  return OlderTree{*root, std::move(*proof)};
}

Result<std::vector<TreeHash>> LogReader::consistency_from(std::uint64_t old_size) const {
  auto tree = older_tree(old_size);
  if (!tree) return tree.error();
  return std::move(tree->proof);
}

Result<TreeHash> LogReader::root_of(std::uint64_t size) const {
  const auto tree = older_tree(size);
  if (!tree) return tree.error();
  return tree->root;
}

Result<LogReader> LogReader::as_of(std::uint64_t size, Signer& signer) const {
  const auto root = root_of(size);
  if (!root) return root.error();
  LogReader older = *this;
  older.checkpoint_ = {checkpoint_.origin, size, *root};
  auto note = sign_checkpoint(older.checkpoint_, signer);
  if (!note) return note.error();
  // A signer of another key must not put its name to the tree.
  if (const auto opened = open_checkpoint(*note, verifier_); !opened) return opened.error();
  older.note_ = std::move(*note);
  return older;
}

Result<TlogProof> LogReader::proof(std::uint64_t index) const {
  auto path = inclusion(index);
  if (!path) return path.error();
  return TlogProof{.index = index, .path = std::move(*path), .note = note_};
}

Result<void> LogReader::extends(std::string_view old_note) const {
  const auto old = open_checkpoint(old_note, verifier_);
  if (!old) return old.error();
  if (old->size > checkpoint_.size)
    return corrupt("the log was rolled back: it had " + std::to_string(old->size) + " entries and has " +
                   std::to_string(checkpoint_.size));
  const auto proof = consistency_from(old->size);
  if (!proof) return proof.error();
  if (!verify_consistency(old->size, checkpoint_.size, old->root, checkpoint_.root, *proof))
    return corrupt("the log was rewritten: its first " + std::to_string(old->size) +
                   " entries are not those of the older checkpoint");
  return {};
}

Result<void> LogReader::verify_all(
    const std::function<Result<void>(std::uint64_t, std::string_view)>& visit) const {
  const TileReader tiles(directory_, checkpoint_.size);
  std::vector<TreeHash> above;  // one for each full tile of leaves
  for (std::uint64_t index = 0; width_of_tile(checkpoint_.size, 0, index) != 0; ++index) {
    const auto bundle = tiles.bundle(index);
    if (!bundle) return bundle.error();
    const auto entries = split_bundle(*bundle, width_of_tile(checkpoint_.size, 0, index));
    if (!entries) return entries.error();
    std::vector<TreeHash> leaves;
    for (const std::string_view entry : *entries)
      leaves.push_back(leaf_hash(std::as_bytes(std::span(entry))));
    if (const auto same = same_hashes(tiles, 0, index, leaves); !same) return same.error();
    for (std::size_t i = 0; i < entries->size(); ++i)
      if (const auto seen = visit(index * tile_width + i, (*entries)[i]); !seen) return seen.error();
    if (leaves.size() == tile_width) above.push_back(fold(leaves));
  }
  for (unsigned level = 1; level < levels_of_tiles(checkpoint_.size); ++level) {
    auto next = verify_level(tiles, level, above);
    if (!next) return next.error();
    above = std::move(*next);
  }
  const auto root = tree_root(checkpoint_.size, reader_of(tiles));
  if (!root) return root.error();
  if (*root != checkpoint_.root) return corrupt("the entries do not hash to the root of the checkpoint");
  return {};
}

Result<std::optional<std::vector<std::byte>>> LogReader::artifact(const std::string& sha256) const {
  if (!is_sha256_hex(sha256)) return Error{ErrorCode::usage, "not a SHA-256: " + sha256, std::nullopt};
  const std::string path = below(directory_, artifact_path(sha256));
  if (!path_exists(path)) return std::optional<std::vector<std::byte>>{};
  auto bytes = read_file(path, most_artifact_bytes);
  if (!bytes) return bytes.error();
  if (to_hex(Sha256::of(*bytes)) != sha256)
    return corrupt("the artifact " + sha256 + " does not have the digest that names it");
  return std::optional(std::move(*bytes));
}

}  // namespace dumpgate
