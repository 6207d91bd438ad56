#include "scanner/gate/time_limit.h"

#include <algorithm>

namespace dumpgate {
namespace {

constexpr std::uint64_t per_gib_of_holes = 2;
constexpr std::uint64_t day = 86'400;
constexpr std::uint64_t most_for_holes = day;
constexpr std::uint64_t most = 30 * day;

}  // namespace

unsigned time_limit(std::uint64_t size, std::uint64_t on_disk, unsigned per_dump, unsigned per_gib) {
  const std::uint64_t stored = std::min(size, on_disk);
  const std::uint64_t for_holes = std::min(((size - stored) >> 30U) * per_gib_of_holes, most_for_holes);
  const std::uint64_t for_bytes = std::min(((stored >> 30U) + 1) * per_gib, most);
  return static_cast<unsigned>(std::min(per_dump + for_bytes + for_holes, most));
}

}  // namespace dumpgate
