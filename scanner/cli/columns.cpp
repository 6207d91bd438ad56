#include "scanner/cli/columns.h"

#include <array>
#include <cstdio>

namespace dumpgate {

std::string hexadecimal(std::uint64_t value, int width) {
  std::array<char, 24> text{};
  (void)std::snprintf(text.data(), text.size(), "%0*llx", width, static_cast<unsigned long long>(value));
  return text.data();
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

}  // namespace dumpgate
