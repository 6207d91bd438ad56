// WordIndex: where a number lies among the runs of a stretch of memory, whatever its alignment: the second
// half of a closed loop, in which a private number is found by the public one that the same process keeps.
// The one rule: a hit is the whole number, byte for byte.

#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/hunt/number_runs.h"

namespace dumpgate {

// Immutable; safe for concurrent use. Holds a copy of the runs' words: memory of about eight times the runs'.
class WordIndex {
 public:
  // Stores may be null.
  explicit WordIndex(std::initializer_list<const RunStore*> stores);

  // find returns the layer's offset of a place that holds `needle`: at least 16 bytes, as they lie in memory.
  // It goes through all places of a word of it and counts them in `places`, up to most_places: behind that
  // nothing is found, so that memory full of a word does not make all look-ups of a hunt long.
  std::optional<std::uint64_t> find(std::span<const std::byte> needle, std::uint64_t& places) const;
  static constexpr std::uint64_t most_places = std::uint64_t{1} << 24U;  // half a second

 private:
  struct Piece {
    std::size_t begin = 0;     // of the run's words in words_; the word before the run is there too
    std::uint64_t offset = 0;  // of that word in the layer
  };
  void add_all(const RunStore& store);
  void add(const NumberRun& run);
  std::size_t slot_of(std::uint64_t word) const;  // where the word is in table_, or would be
  bool may_hold(std::uint64_t word) const;
  bool holds(std::size_t byte, std::span<const std::byte> needle) const;
  std::uint64_t offset_of(std::size_t byte) const;

  std::vector<std::uint64_t, WipingAllocator<std::uint64_t>> words_{};  // as they lie in memory
  std::vector<Piece> pieces_{};
  std::vector<std::uint64_t> filter_{};  // a bit for each hash: answers most look-ups from the cache
  std::vector<std::uint32_t> table_{};   // open addressing: the last position of a word in words_, plus one
  std::vector<std::uint32_t> same_{};    // for each word the position of the same one before it, plus one
};

}  // namespace dumpgate
