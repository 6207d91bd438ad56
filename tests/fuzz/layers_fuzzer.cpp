// Walks arbitrary bytes as an input, as a file and as a pipe: both must show the same leaves, every byte must
// pass the tap once, and no content may be lost without a gap.

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "scanner/io/layers.h"

namespace {

using namespace dumpgate;

struct Walked {
  std::string shape{};  // paths, places and bytes of all leaves
  std::vector<Gap> gaps{};
};

void require(bool condition) {
  if (!condition) std::abort();
}

Walked walk(std::span<const std::byte> bytes, bool once, std::size_t read_size) {
  Limits limits;
  limits.expanded = 8U << 20;
  limits.decoder_memory = 16U << 20;
  limits.table_memory = 64U << 10;
  const auto input = memory_input("fuzz", bytes, once);
  std::size_t tapped = 0;
  LayerWalk layers(*input, limits, [&](std::span<const std::byte> passed) {
    require(passed.data() != nullptr);
    tapped += passed.size();
  });
  Walked seen;
  std::vector<std::byte> buffer(read_size);
  for (;;) {
    const auto leaf = layers.next();
    require(leaf.has_value());
    if (!*leaf) break;
    seen.shape += (*leaf)->path + "@" + std::to_string((*leaf)->base) + ((*leaf)->tail ? "t" : "") + ":";
    (void)(*leaf)->view->read_at(bytes.size() / 2, std::span(buffer).first(1));
    std::uint64_t sum = 0;
    std::uint64_t size = 0;
    for (auto got = (*leaf)->stream->read(buffer); got && *got > 0; got = (*leaf)->stream->read(buffer)) {
      for (const std::byte b : std::span(buffer).first(*got)) sum = sum * 31 + std::to_integer<unsigned>(b);
      size += *got;
    }
    seen.shape += std::to_string(size) + "/" + std::to_string(sum) + ";";
  }
  require(tapped == bytes.size() && layers.bytes_in() == bytes.size());
  seen.gaps = layers.gaps();
  require(!bytes.empty() || !seen.gaps.empty());
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const Walked file = walk(bytes, false, 65'536);
  const Walked pipe = walk(bytes, true, 1'021);
  require(file.shape == pipe.shape);
  require(file.gaps == pipe.gaps);
  return 0;
}
