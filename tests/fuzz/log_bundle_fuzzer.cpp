// Entry bundles made of any bytes: what is taken apart is put together again to the same bytes. The first
// byte says how many entries are expected.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/evidence/log_tiles.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dumpgate;
  if (size == 0) return 0;
  const std::string_view bundle(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto entries = split_bundle(bundle, data[0]);
  if (!entries) return 0;
  if (entries->size() != data[0]) std::abort();
  std::string again;
  for (const std::string_view entry : *entries) append_to_bundle(again, entry);
  if (again != bundle) std::abort();
  return 0;
}
