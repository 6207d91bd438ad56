// MappingNames: which file or area was mapped where in the dumped machine, and the naming of regions after
// it. The one rule: a region gets a name only when all of it lies inside one mapping.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scanner/dump/region.h"

namespace dumpgate {

class MappingNames {
 public:
  // `memory`: bytes that may be kept. Mappings beyond it stay unnamed, which loses a label and nothing else.
  explicit MappingNames(std::uint64_t memory) : left_(memory) {}

  // add says that [start, end) of the dumped machine's memory was a mapping of `name`, as the dump spells it;
  // what does not look like a name stays unnamed (dump/shown_name.h).
  // Where mappings overlap, the one that begins last counts; of those that begin together, the longest.
  void add(std::uint64_t start, std::uint64_t end, std::string_view name);

  // rest_is names all virtual memory that no mapping touches, for formats that list every mapped file.
  void rest_is(std::string_view name);

  // apply gives the regions of the map their mappings. Regions of physical memory are left alone.
  void apply(DumpMap& map);

 private:
  struct Mapping {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint32_t name = 0;  // index into names_
  };

  bool charge(std::uint64_t bytes);
  bool touches_none(const Region& region) const;

  std::uint64_t left_;
  std::vector<Mapping> mappings_{};
  std::vector<std::string> names_{""};
  std::unordered_map<std::string, std::uint32_t> index_{};
  std::uint32_t rest_ = 0;  // index into names_
};

}  // namespace dumpgate
