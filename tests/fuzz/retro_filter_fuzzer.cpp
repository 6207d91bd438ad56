// Retro filters come from a process that read a hostile dump: whatever the bytes, reading them is bounded,
// and what was read is sorted and within its range.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scanner/evidence/retro_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto filter = dumpgate::RetroFilter::parse(std::as_bytes(std::span(data, size)));
  if (!filter) return 0;
  for (const dumpgate::RetroSet* set : {&filter->scattered, &filter->inside}) {
    if (!std::ranges::is_sorted(set->values) || set->values.size() * dumpgate::retro_bits > size * 8)
      std::abort();
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{1} << 40U, ~std::uint64_t{0}})
      (void)set->holds(hash);
  }
  return 0;
}
