// Answers of an examining process made of any bytes: what is read is written again byte for byte, so that no
// two answers mean the same and nothing was passed over.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scanner/gate/record_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto answer = dumpgate::read_answer(bytes)) {
    const auto again = dumpgate::write_answer(*answer);
    if (!again || !std::ranges::equal(*again, bytes)) std::abort();
  }
  return 0;
}
