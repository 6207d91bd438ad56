// One decoder over arbitrary bytes: the first byte chooses the codec. It must end, keep its answer when asked
// again, and hand back no more than it was given.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scanner/io/codec.h"

namespace {

using namespace dumpgate;

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(std::span<const std::byte> bytes) : left_(bytes) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t count = std::min(out.size(), left_.size());
    std::copy_n(left_.begin(), count, out.begin());
    left_ = left_.subspan(count);
    return count;
  }

 private:
  std::span<const std::byte> left_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Codec& codec = *all_codecs()[data[0] % all_codecs().size()];
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  Limits limits;
  limits.decoder_memory = 16U << 20;
  (void)codec.probe(bytes);
  MemoryStream upstream(bytes);
  Aside aside(limits);
  const auto decoder = codec.open(upstream, limits, aside);
  static std::array<std::byte, 65'536> buffer;
  for (std::size_t total = 0; total < (8U << 20);) {
    const auto got = decoder->read(buffer);
    if (got && *got > 0) {
      total += *got;
      continue;
    }
    const auto again = decoder->read(buffer);
    if (again.has_value() != got.has_value() || (again && *again != 0)) std::abort();
    if (decoder->unused().size() > bytes.size()) std::abort();
    if (aside.bytes().size() > bytes.size()) std::abort();
    break;
  }
  return 0;
}
