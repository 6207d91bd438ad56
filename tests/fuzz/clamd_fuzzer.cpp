// clamd's protocol on any bytes: however the bytes are cut, the same commands and the same stream come out;
// every view lies in the input; reading comes to an end.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "scanner/gate/adapters/clamd_protocol.h"

namespace {

using dumpgate::ClamdParser;
using Event = ClamdParser::Event;

// What a parser says of the input given in pieces of `size` bytes, as text.
std::string told(std::span<const std::byte> bytes, std::size_t size) {
  ClamdParser parser;
  std::string text;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(size, bytes.size()));
    bytes = bytes.subspan(piece.size());
    auto left = piece;
    for (Event event = parser.next(left); event != Event::more; event = parser.next(left)) {
      if (event == Event::malformed) return text + "malformed";
      if (event == Event::command) {
        if (parser.command().path.size() > ClamdParser::most_line) std::abort();
        text += "command " + std::to_string(static_cast<int>(parser.command().verb)) + parser.command().path +
                parser.command().end_mark;
      }
      if (event == Event::data) {
        const auto data = parser.data();
        if (data.empty() || data.data() < piece.data() ||
            data.data() + data.size() > piece.data() + piece.size())
          std::abort();
        for (const std::byte b : data) text += "d" + std::to_string(std::to_integer<int>(b));
      }
      if (event == Event::data_end) text += "end";
      if (event == Event::descriptor) text += "descriptor";
    }
    if (!left.empty()) std::abort();
  }
  return parser.quiet() ? text + "quiet " + std::to_string(static_cast<int>(parser.command().verb)) : text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::string whole = told(bytes, size + 1);
  if (told(bytes, 1) != whole || told(bytes, 7) != whole) std::abort();
  return 0;
}
