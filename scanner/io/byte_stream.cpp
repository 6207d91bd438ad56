#include "scanner/io/byte_stream.h"

namespace dumpgate {

Result<std::size_t> read_fully(ByteStream& stream, std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const auto got = stream.read(out.subspan(filled));
    if (!got) return got.error();
    if (*got == 0) break;
    filled += *got;
  }
  return filled;
}

}  // namespace dumpgate
