// Merkle trees against RFC 6962's own words, for every size up to 300, and against the published vectors.

#include "scanner/evidence/merkle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

constexpr std::size_t largest = 300;

std::vector<TreeHash> some_leaves(std::size_t count) {
  std::vector<TreeHash> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string entry = "entry " + std::to_string(i);
    leaves.push_back(leaf_hash(std::as_bytes(std::span(entry))));
  }
  return leaves;
}

std::size_t split_of(std::size_t size) {
  std::size_t k = 1;
  while (2 * k < size) k *= 2;
  return k;
}

// Section 2.1, word for word.
TreeHash naive_root(std::span<const TreeHash> leaves) {
  if (leaves.empty()) return Sha256::of({});
  if (leaves.size() == 1) return leaves.front();
  const std::size_t k = split_of(leaves.size());
  return node_hash(naive_root(leaves.first(k)), naive_root(leaves.subspan(k)));
}

// Section 2.1.1, word for word.
std::vector<TreeHash> naive_path(std::size_t m, std::span<const TreeHash> leaves) {
  if (leaves.size() <= 1) return {};
  const std::size_t k = split_of(leaves.size());
  auto path = m < k ? naive_path(m, leaves.first(k)) : naive_path(m - k, leaves.subspan(k));
  path.push_back(naive_root(m < k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

// Section 2.1.2, word for word.
std::vector<TreeHash> naive_subproof(std::size_t m, std::span<const TreeHash> leaves, bool whole) {
  if (m == leaves.size()) return whole ? std::vector<TreeHash>{} : std::vector{naive_root(leaves)};
  const std::size_t k = split_of(leaves.size());
  auto proof =
      m <= k ? naive_subproof(m, leaves.first(k), whole) : naive_subproof(m - k, leaves.subspan(k), false);
  proof.push_back(naive_root(m <= k ? leaves.subspan(k) : leaves.first(k)));
  return proof;
}

HashReader reader_of(const std::vector<TreeHash>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> Result<TreeHash> {
    const std::size_t count = std::size_t{1} << level;
    if ((index + 1) * count > leaves.size())
      return Error{ErrorCode::internal, "asked for a subtree that is not full", std::nullopt};
    return naive_root(std::span(leaves).subspan(index * count, count));
  };
}

std::vector<std::byte> bytes(std::string_view hex) { return *from_hex(hex); }

// The eight leaves of the reference implementation's test (certificate-transparency, merkle_tree_test.cc),
// which other implementations use too.
std::vector<TreeHash> published_leaves() {
  std::vector<TreeHash> leaves;
  for (const char* const hex :
       {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"})
    leaves.push_back(leaf_hash(bytes(hex)));
  return leaves;
}

TEST(Merkle, HasThePublishedRoots) {
  constexpr std::array roots{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                             "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                             "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                             "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                             "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                             "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                             "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                             "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  const auto leaves = published_leaves();
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    const std::vector<TreeHash> some(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size));
    const auto root = tree_root(size, reader_of(some));
    ASSERT_TRUE(root);
    EXPECT_EQ(to_hex(*root), roots.at(size)) << size;
  }
}

TEST(Merkle, HasThePublishedProofs) {
  const auto leaves = published_leaves();
  const auto read = reader_of(leaves);
  const auto hexes = [](const std::vector<TreeHash>& proof) {
    std::vector<std::string> texts;
    for (const TreeHash& hash : proof) texts.push_back(to_hex(hash));
    return texts;
  };
  EXPECT_EQ(hexes(*inclusion_proof(5, 8, read)),
            (std::vector<std::string>{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(hexes(*consistency_proof(6, 8, read)),
            (std::vector<std::string>{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

TEST(Merkle, RootsAndProofsAreThoseOfTheRfcForEverySize) {
  const auto leaves = some_leaves(largest);
  std::vector<TreeHash> tree;
  for (std::size_t size = 0; size <= largest; ++size) {
    tree.assign(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = reader_of(tree);
    const TreeHash root = naive_root(tree);
    ASSERT_EQ(*tree_root(size, read), root) << size;
    // Every index and every old size of the small trees, every 37th of the larger ones, and the edges.
    for (std::size_t m = 0; m <= size; m = size <= 40 || m + 3 > size ? m + 1 : std::min(m + 37, size - 2)) {
      if (m < size) {
        const auto path = inclusion_proof(m, size, read);
        ASSERT_TRUE(path);
        ASSERT_EQ(*path, naive_path(m, tree)) << m << " of " << size;
        ASSERT_TRUE(verify_inclusion(m, size, tree[m], *path, root)) << m << " of " << size;
      }
      const auto proof = consistency_proof(m, size, read);
      ASSERT_TRUE(proof);
      if (m > 0) {
        ASSERT_EQ(*proof, naive_subproof(m, tree, true)) << m << " of " << size;
      }
      ASSERT_TRUE(verify_consistency(m, size, naive_root(std::span(tree).first(m)), root, *proof))
          << m << " of " << size;
    }
  }
}

// Every way of being wrong that a proof has: each hash changed, one left out, one too many, another place.
TEST(Merkle, RefusesEveryProofThatIsNotTheProof) {
  const auto leaves = some_leaves(65);
  for (const std::size_t size : {1U, 2U, 3U, 6U, 7U, 8U, 13U, 64U, 65U}) {
    const std::vector<TreeHash> tree(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = reader_of(tree);
    const TreeHash root = naive_root(tree);
    for (std::size_t m = 0; m < size; ++m) {
      const auto path = *inclusion_proof(m, size, read);
      EXPECT_FALSE(verify_inclusion(m, size, leaves[64 - m / 2], path, naive_root(leaves)) && size != 65);
      EXPECT_FALSE(verify_inclusion(size, size, tree[m], path, root));
      for (std::size_t other = 0; other < size; ++other) {
        EXPECT_EQ(verify_inclusion(other, size, tree[m], path, root), other == m);
      }
      for (std::size_t i = 0; i < path.size(); ++i) {
        auto changed = path;
        changed[i].back() ^= std::byte{1};
        EXPECT_FALSE(verify_inclusion(m, size, tree[m], changed, root));
        changed = path;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(verify_inclusion(m, size, tree[m], changed, root));
      }
      auto longer = path;
      longer.push_back(root);
      EXPECT_FALSE(verify_inclusion(m, size, tree[m], longer, root));

      if (m == 0) continue;
      const TreeHash old_root = naive_root(std::span(tree).first(m));
      const auto proof = *consistency_proof(m, size, read);
      EXPECT_FALSE(verify_consistency(m, size, root, root, proof));
      EXPECT_FALSE(verify_consistency(m, size, old_root, old_root, proof));
      EXPECT_FALSE(verify_consistency(size + 1, size, old_root, root, proof));
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i].front() ^= std::byte{0x80};
        EXPECT_FALSE(verify_consistency(m, size, old_root, root, changed));
        changed = proof;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(verify_consistency(m, size, old_root, root, changed));
      }
      auto more = proof;
      more.push_back(root);
      EXPECT_FALSE(verify_consistency(m, size, old_root, root, more));
    }
  }
}

TEST(Merkle, RefusesIndicesAndSizesThatDoNotFit) {
  const auto leaves = some_leaves(5);
  const auto read = reader_of(leaves);
  EXPECT_FALSE(inclusion_proof(5, 5, read));
  EXPECT_FALSE(inclusion_proof(0, 0, read));
  EXPECT_FALSE(consistency_proof(6, 5, read));
  const TreeHash root = naive_root(leaves);
  EXPECT_FALSE(verify_inclusion(0, 0, root, {}, root));
  EXPECT_TRUE(verify_consistency(0, 5, naive_root({}), root, {}));
  EXPECT_FALSE(verify_consistency(0, 5, root, root, {}));
  // The largest numbers there are end, and do not loop.
  constexpr std::uint64_t most = ~std::uint64_t{0};
  EXPECT_FALSE(verify_inclusion(most - 1, most, root, leaves, root));
  EXPECT_FALSE(verify_consistency(most - 1, most, root, root, leaves));
  EXPECT_FALSE(verify_consistency(std::uint64_t{1} << 63U, most, root, root, leaves));
}

}  // namespace
}  // namespace dumpgate
