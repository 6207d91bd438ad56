// Receipts made of any bytes (the envelopes, a zero byte, the proof): parsing comes to an end, keeps its
// bounds, and the trees that a receipt claims are written again as they were read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/evidence/beginnings.h"
#include "scanner/evidence/receipt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t between = text.find('\0');
  if (between != std::string_view::npos) {
    const auto receipt = parse_receipt(text.substr(0, between), text.substr(between + 1));
    if (receipt && (receipt->beginnings.size() > most_beginnings ||
                    beginnings_text(receipt->beginnings) != receipt->proof.extra))
      std::abort();
  }
  if (const auto beginnings = parse_beginnings(text); beginnings && beginnings_text(*beginnings) != text)
    std::abort();
  return 0;
}
