// Envelopes made of any bytes: parsing neither crashes nor runs on, and without a key nothing opens.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/evidence/dsse.h"
#include "scanner/evidence/statement_form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const std::array<Ed25519PublicKey, 1> nobody{};
  (void)open_envelope(line, nobody);
  if (open_envelope(line, {})) std::abort();
  (void)check_statement(line);
  return 0;
}
