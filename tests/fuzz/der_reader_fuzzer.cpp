// The DER walker on any bytes: every view it gives lies in the input, and reading always comes to an end.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "scanner/base/der_reader.h"

namespace {

using dumpgate::DerElement;
using dumpgate::DerReader;

void walk(std::span<const std::byte> input, DerReader::Rules rules) {
  std::vector<DerReader> open{DerReader(input, rules)};
  std::size_t steps = 0;
  while (!open.empty()) {
    if (++steps > 4 * input.size() * 16 + 64) std::abort();
    const auto element = open.back().next();
    if (!element) {
      open.pop_back();
      continue;
    }
    const auto* const end = input.data() + input.size();
    if (element->whole.data() < input.data() || element->whole.data() + element->whole.size() > end)
      std::abort();
    if (element->content.size() > element->whole.size()) std::abort();
    (void)dumpgate::der_unsigned(*element);
    (void)dumpgate::der_small(*element);
    (void)dumpgate::der_bits(*element);
    (void)dumpgate::oid_text(element->content);
    if ((element->tag & 0x20U) != 0 && open.size() < 16) open.emplace_back(*element, rules);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  walk(input, DerReader::Rules::der);
  walk(input, DerReader::Rules::ber);
  return 0;
}
