// How much of something a test tries. The one rule: what is tried less of under a sanitizer is cost that only
// hostile bulk makes; what a test says of a result is said of each result there too.

#pragma once

#include <cstddef>

namespace dumpgate {

// `whole`, or `part` of it where a sanitizer makes everything twenty times as dear.
constexpr std::size_t effort([[maybe_unused]] std::size_t whole, [[maybe_unused]] std::size_t part) {
#ifdef DUMPGATE_SANITIZED
  return part;
#else
  return whole;
#endif
}

}  // namespace dumpgate
