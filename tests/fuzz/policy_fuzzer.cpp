// Policies made of any bytes: parsing neither crashes nor runs on, and a policy that was accepted survives
// being written out and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/verdict/known_test_keys.h"
#include "scanner/verdict/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)dumpgate::KnownTestKeys::parse(text, "fuzz.tsv");
  const auto policy = dumpgate::parse_policy(text, "fuzz.toml");
  if (!policy) {
    if (!policy.error().message.starts_with("fuzz.toml:")) std::abort();
    return 0;
  }
  const auto again = dumpgate::parse_policy(policy->text(), "again.toml");
  if (!again || again->sha256() != policy->sha256()) std::abort();
  return 0;
}
