// Region: a contiguous run of captured memory: where it lies in the layer's bytes and where it lived in the
// dumped machine. DumpMap: everything a format knows about a dump. The one rule: a map only labels bytes.
// Every byte of a layer is examined whether a region covers it or not, so a lying header can hide nothing.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/extent.h"
#include "scanner/io/gap.h"

namespace dumpgate {

enum class AddressSpace : std::uint8_t { none, virtual_memory, physical_memory };

struct Region {
  Extent bytes{};  // in the layer
  AddressSpace space = AddressSpace::none;
  std::uint64_t address = 0;  // of the first byte
  std::uint32_t mapping = 0;  // index into DumpMap::mappings; 0 is the empty name
};

// A named part of a dump that is not memory: a header, a note, a stream. For `inspect`.
struct Part {
  std::string name{};  // "NT_PRSTATUS", "ThreadListStream"; from constants, or made printable
  Extent bytes{};
};

struct DumpMap {
  std::string format{};                   // "elf-core", "minidump", "raw"
  ByteOrder order = ByteOrder::little;    // of the dumped machine
  unsigned word_bits = 64;                // of the dumped machine: 32 or 64
  bool unaligned = false;                 // numbers may begin at any byte: a container of records, not memory
  std::vector<Region> regions{};          // sorted by bytes.begin(); may overlap, as dumps do
  std::vector<std::string> mappings{""};  // names of files or areas mapped; printable
  std::vector<Part> parts{};              // bounded: a format stops at 100,000
  std::uint64_t promised_end = 0;         // one past the last byte that the headers promise
  std::vector<Gap> gaps{};                // damage in headers and tables; absent memory, summed up in one gap
};

struct Place {
  AddressSpace space = AddressSpace::none;
  std::uint64_t address = 0;
  std::string_view mapping{};  // into the DumpMap
};

// RegionIndex answers where a byte of the layer lived. Immutable; shared by all threads. The map outlives it.
class RegionIndex {
 public:
  explicit RegionIndex(const DumpMap& map);

  // Where the byte at `offset` lived: the region that covers it and begins last; nothing outside all regions.
  std::optional<Place> locate(std::uint64_t offset) const;

  // How addresses lie to offsets from `offset` on: address = offset + shift modulo 16, for all offsets below
  // `end`. Where no region says better the shift is 0. Neighbouring regions that are aligned alike are one.
  struct Alignment {
    unsigned shift = 0;
    std::uint64_t end = 0;
  };
  Alignment alignment(std::uint64_t offset) const;

  // Stretches of the layer in which some region puts addresses at offset + residue modulo 8, for each
  // residue: merged, ascending. Residue 0 is everywhere: the file's own alignment counts whatever headers
  // say, so that a header that lies about addresses can add places to look at and never take one away.
  std::span<const Extent> aligned(unsigned residue) const { return aligned_[residue % 8]; }

  // Whether every byte of the extent is memory of a region.
  bool covers(Extent bytes) const;

  bool has_virtual_memory() const { return !pieces_.empty(); }

  // Where in the layer the `size` bytes of virtual memory from `address` on lie, when all of them do and in
  // one piece. Of regions with the same addresses, which honest dumps fill alike, the one that begins first
  // counts.
  std::optional<std::uint64_t> offset_of(std::uint64_t address, std::uint64_t size) const;

  const DumpMap& map() const { return map_; }

 private:
  // Virtual memory that lies in one piece.
  struct Piece {
    Extent addresses{};
    std::uint64_t offset = 0;
  };
  // From `begin` on and up to the next span this region of the map lies uppermost; no_region for no region.
  struct Span {
    std::uint64_t begin = 0;
    std::size_t region = 0;
  };
  static constexpr std::size_t no_region = static_cast<std::size_t>(-1);
  const Region* find(std::uint64_t offset) const;
  void form_spans();
  void form_pieces();

  const DumpMap& map_;
  std::vector<Span> spans_{};  // ascending
  std::vector<std::pair<std::uint64_t, unsigned>>
      shifts_{};  // {first offset, shift}, sorted; begins at offset 0
  std::array<std::vector<Extent>, 8> aligned_{};
  std::vector<Piece> pieces_{};  // ascending, and no two share an address
};

}  // namespace dumpgate
