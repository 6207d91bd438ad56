// Merkle tree hashing, proofs and their verification (RFC 6962 section 2.1; RFC 9162 keeps the same tree).
// The one rule: a proof is checked against a root that somebody signed, and an index or size that does not
// fit is a failure, never a crash: proofs come from whoever carries a dump.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/io/digest.h"

namespace dumpgate {

using TreeHash = Sha256Digest;

TreeHash leaf_hash(std::span<const std::byte> entry);             // SHA-256(0x00 || entry)
TreeHash node_hash(const TreeHash& left, const TreeHash& right);  // SHA-256(0x01 || left || right)

// Gives the hash of the full subtree of 2^level leaves that begins at leaf index * 2^level. Called only for
// subtrees that lie whole in the tree.
using HashReader = std::function<Result<TreeHash>(unsigned level, std::uint64_t index)>;

// Of the tree of the first `size` leaves; the root of no leaves is SHA-256 of nothing.
Result<TreeHash> tree_root(std::uint64_t size, const HashReader& read);
Result<std::vector<TreeHash>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                              const HashReader& read);
Result<std::vector<TreeHash>> consistency_proof(std::uint64_t old_size, std::uint64_t size,
                                                const HashReader& read);

[[nodiscard]] bool verify_inclusion(std::uint64_t index, std::uint64_t size, const TreeHash& leaf,
                                    std::span<const TreeHash> proof, const TreeHash& root);
// Whether the tree of `size` leaves with `root` begins with that of `old_size` leaves with `old_root`.
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const TreeHash& old_root,
                                      const TreeHash& root, std::span<const TreeHash> proof);

}  // namespace dumpgate
