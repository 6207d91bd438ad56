// A receiver's memory made of any bytes: nothing that the log did not sign is remembered.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/evidence/receiver_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const NoteVerifier log{.name = "gate.example.org/dumps"};  // the key of zeros, which nobody has
  if (parse_remembered(text, log)) std::abort();
  return 0;
}
