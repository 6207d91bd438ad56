// Any bytes through any stack of views: reading stays within the bytes, and places do not run backwards.
// The first byte chooses the views, the second where they start.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "scanner/detect/text_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::unique_ptr<dumpgate::TextView> layer(unsigned choice, dumpgate::TextView& source, std::ptrdiff_t start) {
  switch (choice % 6) {
    case 0:
      return dumpgate::unescaped_text(source, start);
    case 1:
      return dumpgate::unescaped_text(source, start, dumpgate::Plus::space);
    case 2:
      return dumpgate::base64_text(source, start);
    case 3:
      return dumpgate::hex_text(source, start);
    case 4:
      return dumpgate::utf16_text(source, start, dumpgate::Utf16Order::little);
    default:
      return dumpgate::utf16_text(source, start, dumpgate::Utf16Order::big);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto bytes = std::as_bytes(std::span(data + 2, size - 2));
  std::vector<std::unique_ptr<dumpgate::TextView>> layers;
  layers.push_back(dumpgate::raw_text(bytes, bytes.empty() ? 0 : data[1] % bytes.size()));
  for (unsigned choice = data[0]; layers.size() < 4; choice /= 6)
    layers.push_back(layer(choice, *layers.back(), 0));
  dumpgate::TextView& text = *layers.back();
  for (const std::ptrdiff_t step : {1, -1}) {
    for (std::ptrdiff_t i = step < 0 ? -1 : 0; text.at(i) != dumpgate::TextView::none; i += step) {
      if (text.begin_of(i) >= text.end_of(i) || text.end_of(i) > bytes.size()) std::abort();
    }
  }
  return 0;
}
