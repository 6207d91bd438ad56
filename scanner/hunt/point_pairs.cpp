#include "scanner/hunt/point_pairs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include "scanner/base/secret_bytes.h"
#include "scanner/hunt/limbs.h"
#include "scanner/proof/curve_equation.h"

namespace dumpgate {
namespace {

using Coordinate = std::span<const std::uint64_t>;

// Looks at one run after the other.
class PairReader {
 public:
  void read(const NumberRun& run) {
    if (run.digits != 0 || run.text) return;
    // Where nothing tells how memory is aligned its runs are of several alignments, one among the other.
    Coordinate& before = before_.at(run.offset % before_.size());
    if (before.size() == run.words.size()) try_pair(before, run.words);
    const std::size_t half = run.words.size() / 2;
    if (run.words.size() % 2 == 0) try_pair(run.words.first(half), run.words.last(half));
    before = run.words;
  }

  std::set<std::string_view> curves() && { return std::move(curves_); }

 private:
  void try_pair(Coordinate one, Coordinate other) {
    if (std::ranges::find(bare_point_sizes, 16 * one.size() + 1) == bare_point_sizes.end()) return;
    try_point(one, other);
    try_point(other, one);
  }

  void try_point(Coordinate x, Coordinate y) {
    SecretBytes point{std::byte{4}};
    for (const Coordinate coordinate : {x, y})
      std::ranges::copy(big_endian_bytes<SecretBytes>(coordinate), std::back_inserter(point));
    if (const std::string_view curve = curve_of_point(point); !curve.empty()) curves_.insert(curve);
  }

  std::set<std::string_view> curves_{};
  std::array<Coordinate, 8> before_{};
};

}  // namespace

std::set<std::string_view> curves_of_pairs(std::span<const RunStore* const> stores) {
  PairReader pairs;
  for (const RunStore* store : stores)
    if (store != nullptr) store->for_each([&](const NumberRun& run) { pairs.read(run); });
  return std::move(pairs).curves();
}

}  // namespace dumpgate
