// States of quarantine made of any bytes: what is read is whole, and is the same when it is written and read
// again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "scanner/gate/spool_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const auto state = parse_spool_state(std::as_bytes(std::span(data, size)));
  if (!state) return 0;
  const std::string text = spool_state_text(*state);
  const auto again = parse_spool_state(std::as_bytes(std::span(text)));
  if (!again || spool_state_text(*again) != text) std::abort();
  return 0;
}
