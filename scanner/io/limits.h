// Limits: how much work and memory one input may cost. Reaching any of them is a gap, never a silent stop.
// There is no ratio limit: honest dumps were seen at 10,220:1, so only absolute work is bounded.

#pragma once

#include <cstdint>

namespace dumpgate {

struct Limits {
  unsigned layers = 16;        // nested wrappings
  std::uint64_t expanded = 0;  // decoded bytes of all layers; 0: 64 GiB plus 1,000 times the input's size
  std::uint64_t decoder_memory = 192ULL << 20;  // bytes one decoder may ask for (xz, zstd windows)
  std::uint64_t table_memory = 64ULL << 20;     // bytes of headers and tables read ahead of a stream
  std::uint64_t aside_memory = 16ULL << 20;     // header fields and skippable frames kept of one layer
  std::uint64_t max_memory = 512ULL << 20;      // bytes for everything; the engine divides it
};

}  // namespace dumpgate
