#include "scanner/hunt/word_text.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dumpgate {
namespace {

constexpr std::size_t size = 43;

// How much likelier each digit is in names than in random text, in eighths of the natural logarithm: the
// letters from A to Z and a to z, 0 to 9, + or -, / or _. By samples/word-weights, from 200,000 names.
constexpr std::array<int, 64> digit_weights{
    -11, -16, -7, -12, 1,   -15, -17, -21, -7,  -25, -12, -13, -13, -2,  -16, -7,  //
    -25, -9,  -2, -10, -18, -18, -22, -21, -26, -7,  10,  1,   7,   5,   12,  -3,  //
    3,   -2,  9,  -17, -5,  9,   2,   8,   10,  3,   -19, 10,  9,   10,  5,   -5,  //
    -11, -7,  -4, -17, -8,  1,   -4,  -9,  -8,  -9,  -8,  -12, -10, -13, -2,  15};
constexpr int most = 23;  // of 43 digits' weights together

constexpr std::array<int, 256> make_weights() {
  std::array<int, 256> weights{};
  for (unsigned i = 0; i < 26; ++i) {
    weights['A' + i] = digit_weights[i];
    weights['a' + i] = digit_weights[26 + i];
  }
  for (unsigned i = 0; i < 10; ++i) weights['0' + i] = digit_weights[52 + i];
  weights['+'] = weights['-'] = digit_weights[62];
  weights['/'] = weights['_'] = digit_weights[63];
  return weights;
}
constexpr std::array<int, 256> weights = make_weights();

int weight(char c) { return weights[static_cast<unsigned char>(c)]; }

}  // namespace

bool may_encode_bytes(std::string_view text) {
  if (text.size() < size) return false;
  int sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += weight(text[i]);
  int least = sum;
  for (std::size_t i = size; i < text.size(); ++i) {
    sum += weight(text[i]) - weight(text[i - size]);
    least = std::min(least, sum);
  }
  return least <= most;
}

}  // namespace dumpgate
