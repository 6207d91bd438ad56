// Any text as a signature: an answer or an Error, and what is accepted can be found again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/detect/signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dumpgate::SignatureSet set;
  if (!set.add("fuzzed", text)) return 0;
  const dumpgate::Signature* const signature = set.by_id("fuzzed");
  if (signature == nullptr) std::abort();
  for (const auto& label : signature->labels) {
    if (set.by_label(label) != signature) std::abort();
  }
  for (const auto& oid : signature->oids) {
    if (set.by_oid(oid) != signature) std::abort();
  }
  return 0;
}
