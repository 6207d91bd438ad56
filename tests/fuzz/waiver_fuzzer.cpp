// Waivers made of any bytes: reading one comes to an end, and without its approvers' keys none is valid.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/evidence/waiver.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_day(text);
  const auto waiver = read_unverified_waiver(text);
  if (!waiver) return 0;
  if (waiver->dump_sha256.size() != 64) std::abort();
  const std::array<Approver, 2> nobody{Approver{"ada", {}}, Approver{"bob", {std::byte{1}}}};
  if (open_waiver(text, nobody, waiver->dump_sha256, waiver->expires)) std::abort();
  if (open_waiver(text, {}, waiver->dump_sha256, waiver->expires)) std::abort();
  return 0;
}
