// visit_leaves: reads an input from its first byte to its last, layers taken off and dumps mapped, and shows
// every byte to a visitor: what inspect and entropy have in common with scan, without the search for keys.
// The one rule: what cannot be read is in the gaps, exactly as scan would say it.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/dump/region.h"
#include "scanner/io/gap.h"
#include "scanner/io/input.h"
#include "scanner/io/layers.h"
#include "scanner/io/limits.h"

namespace dumpgate {

// The dump in one leaf, or the raw bytes of one.
struct LeafContent {
  std::string layer{};     // path, with the format last: "gzip!elf-core"
  std::uint64_t base = 0;  // offset of the first byte in the bytes of that layer
  DumpMap map{};
};

class LeafVisitor {
 public:
  virtual ~LeafVisitor() = default;
  virtual void begin(const LeafContent& leaf) = 0;
  // The bytes of the leaf, in order, in pieces of any size. Valid during the call.
  virtual void bytes(std::span<const std::byte> piece) = 0;
  // The leaf that began last has ended after `size` bytes. It is the same object, and may be taken.
  virtual void end(LeafContent& leaf, std::uint64_t size) = 0;
};

struct LeafVisit {
  std::uint64_t bytes_in = 0;         // read of the input
  std::vector<LayerRecord> layers{};  // taken off
  std::vector<Gap> gaps{};            // sorted by layer and offset
  bool whole() const;                 // no gap but absent memory
};

// `stop`, when it becomes true, ends the visit with a gap. Errors of the input are gaps. Exceptions of the
// visitor pass through.
LeafVisit visit_leaves(Input& input, const Limits& limits, const std::atomic<bool>& stop,
                       LeafVisitor& visitor);

// The first part of a gap as a person reads it: "elf-core at 0x1000: truncated, 4096 bytes: ...".
std::string describe(const Gap& gap);

}  // namespace dumpgate
