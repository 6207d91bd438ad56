#include "scanner/evidence/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace dumpgate {
namespace {

constexpr std::byte leaf_prefix{0};
constexpr std::byte node_prefix{1};

// Both proofs go down one path of the tree, at most 64 levels, and read full subtrees beside it.
class TreeWalk {
 public:
  explicit TreeWalk(const HashReader& read) : read_(read) {}

  // MTH(D[begin:end]) of section 2.1; `begin` is a multiple of the largest power of two below the length.
  Result<TreeHash> hash(std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t size = end - begin;
    if (std::has_single_bit(size))
      return read_(static_cast<unsigned>(std::countr_zero(size)), begin >> std::countr_zero(size));
    const std::uint64_t middle = begin + std::bit_floor(size);
    const auto left = hash(begin, middle);
    if (!left) return left.error();
    const auto right = hash(middle, end);
    if (!right) return right.error();
    return node_hash(*left, *right);
  }

 private:
  const HashReader& read_;
};

// What lies beside the path from the root down, the root's child first.
struct Siblings {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges{};

  Result<std::vector<TreeHash>> hashes(const HashReader& read) const {
    const TreeWalk walk(read);
    std::vector<TreeHash> proof;
    proof.reserve(ranges.size());
    for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
      auto hash = walk.hash(range->first, range->second);
      if (!hash) return hash.error();
      proof.push_back(*hash);
    }
    return proof;
  }
};

Error out_of_tree() { return {ErrorCode::usage, "there is no such leaf or size in the tree", std::nullopt}; }

// The way from a node to the root of a tree whose last node on that level is `last` (RFC 9162,
// sections 2.1.3.2 and 2.1.4.2): each hash of a proof is one step.
class WayUp {
 public:
  WayUp(std::uint64_t node, std::uint64_t last) : node_(node), last_(last) {}

  bool at_root() const { return last_ == 0; }
  // Moves up by one hash; whether that hash stands to the left.
  bool step() {
    const bool left = (node_ & 1U) != 0 || node_ == last_;
    if (left) {
      while ((node_ & 1U) == 0 && node_ != 0) rise();
    }
    rise();
    return left;
  }

 private:
  void rise() {
    node_ >>= 1U;
    last_ >>= 1U;
  }

  std::uint64_t node_;
  std::uint64_t last_;
};

}  // namespace

TreeHash leaf_hash(std::span<const std::byte> entry) {
  Sha256 hash;
  hash.update(std::array{leaf_prefix});
  hash.update(entry);
  return hash.finish();
}

TreeHash node_hash(const TreeHash& left, const TreeHash& right) {
  Sha256 hash;
  hash.update(std::array{node_prefix});
  hash.update(left);
  hash.update(right);
  return hash.finish();
}

Result<TreeHash> tree_root(std::uint64_t size, const HashReader& read) {
  if (size == 0) return Sha256::of({});
  return TreeWalk(read).hash(0, size);
}

Result<std::vector<TreeHash>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                              const HashReader& read) {
  if (index >= size) return out_of_tree();
  Siblings siblings;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + std::bit_floor(end - begin - 1);
    if (index < middle) {
      siblings.ranges.emplace_back(middle, end);
      end = middle;
    } else {
      siblings.ranges.emplace_back(begin, middle);
      begin = middle;
    }
  }
  return siblings.hashes(read);
}

Result<std::vector<TreeHash>> consistency_proof(std::uint64_t old_size, std::uint64_t size,
                                                const HashReader& read) {
  if (old_size > size) return out_of_tree();
  if (old_size == 0 || old_size == size) return std::vector<TreeHash>{};
  Siblings siblings;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end != old_size) {
    const std::uint64_t middle = begin + std::bit_floor(end - begin - 1);
    if (old_size <= middle) {
      siblings.ranges.emplace_back(middle, end);
      end = middle;
    } else {
      siblings.ranges.emplace_back(begin, middle);
      begin = middle;
    }
  }
  // The subtree that the old tree ends with. A verifier knows it when it is the whole old tree.
  if (begin != 0) siblings.ranges.emplace_back(begin, end);
  return siblings.hashes(read);
}

// RFC 9162, section 2.1.3.2.
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const TreeHash& leaf,
                      std::span<const TreeHash> proof, const TreeHash& root) {
  if (index >= size) return false;
  WayUp way(index, size - 1);
  TreeHash hash = leaf;
  for (const TreeHash& sibling : proof) {
    if (way.at_root()) return false;
    hash = way.step() ? node_hash(sibling, hash) : node_hash(hash, sibling);
  }
  return way.at_root() && hash == root;
}

// RFC 9162, section 2.1.4.2.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const TreeHash& old_root,
                        const TreeHash& root, std::span<const TreeHash> proof) {
  if (old_size > size) return false;
  if (old_size == 0) return proof.empty() && old_root == Sha256::of({});
  if (old_size == size) return proof.empty() && old_root == root;
  const int whole = std::countr_one(old_size - 1);
  WayUp way((old_size - 1) >> whole, (size - 1) >> whole);
  std::span<const TreeHash> left = proof;
  TreeHash old_hash = old_root;  // what the proof leaves out when the old tree is one full subtree
  if (!std::has_single_bit(old_size)) {
    if (left.empty()) return false;
    old_hash = left.front();
    left = left.subspan(1);
  }
  TreeHash hash = old_hash;
  for (const TreeHash& sibling : left) {
    if (way.at_root()) return false;
    if (way.step()) {
      old_hash = node_hash(sibling, old_hash);
      hash = node_hash(sibling, hash);
    } else {
      hash = node_hash(hash, sibling);
    }
  }
  return way.at_root() && old_hash == old_root && hash == root;
}

}  // namespace dumpgate
