// Inspection: what an input is made of, as text for a person or JSON for a program. The one rule: nothing of
// the dump's bytes is shown but names, and those are made printable.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "scanner/cli/leaf_visit.h"

namespace dumpgate {

// How the bytes of a leaf are accounted for. Each byte counts once: in regions, else in parts, else outside.
struct Coverage {
  std::uint64_t regions = 0;
  std::uint64_t parts = 0;
  std::uint64_t outside = 0;
};

struct InspectedLeaf {
  LeafContent content{};
  std::uint64_t bytes = 0;
  Coverage coverage{};
  std::uint64_t regions_left_out = 0;  // not kept, to bound memory
  std::uint64_t parts_left_out = 0;
};

class Inspection final : public LeafVisitor {
 public:
  // Regions and parts kept of all leaves together. One dump has fewer; a file of very many dumps may not.
  static constexpr std::size_t most_kept = 4'000'000;
  static constexpr std::size_t most_leaves = 10'000;

  void begin(const LeafContent&) override {}
  void bytes(std::span<const std::byte>) override {}
  void end(LeafContent& leaf, std::uint64_t size) override;

  std::string input{};
  LeafVisit visit{};
  std::vector<InspectedLeaf> leaves{};
  std::uint64_t leaves_left_out = 0;

 private:
  std::size_t kept_ = 0;
};

Coverage coverage_of(const DumpMap& map, std::uint64_t bytes);

// `all`: every region, part and gap; else long tables are folded in the middle.
std::string inspection_text(const Inspection& inspection, bool all);
std::string inspection_json(const Inspection& inspection);

}  // namespace dumpgate
