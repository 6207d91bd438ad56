// time_limit: how long one dump may be examined. The one rule: it follows what the dump takes on the disk,
// and is never without end: holes cost their sender nothing, and a file can be of exabytes of them.

#pragma once

#include <cstdint>

namespace dumpgate {

// Seconds. `size` and `on_disk` in bytes (st_size, and st_blocks of 512); `per_dump` and `per_gib` in
// seconds, the latter for each begun GiB on the disk. For holes there is less, which zeros are read in many
// times over.
unsigned time_limit(std::uint64_t size, std::uint64_t on_disk, unsigned per_dump, unsigned per_gib);

}  // namespace dumpgate
