// ELF cores made of any bytes: reading neither crashes nor runs on, and whatever the headers say, the map
// keeps what it promises about itself.

#include <cstddef>
#include <cstdint>
#include <span>

#include "scanner/dump/format.h"
#include "tests/support/map_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dumpgate::support::check_map("elf-core", std::as_bytes(std::span(data, size)));
  return 0;
}
