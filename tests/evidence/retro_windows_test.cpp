// Which windows of memory a retro filter remembers: what looks random is, whatever the seams; what is lost of
// random secrets is what the header says.

#include "scanner/evidence/retro_windows.h"
#include "tests/support/windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace dumpgate {
namespace {

using Bytes = std::vector<std::byte>;
using Found = std::tuple<RetroKind, std::string, bool>;

class Sink final : public RetroSink {
 public:
  void take(RetroKind kind, std::span<const std::byte> window, bool inside) override {
    found.emplace(kind, std::string(reinterpret_cast<const char*>(window.data()), window.size()), inside);
  }
  bool has(RetroKind kind, const std::string& window) const {
    return found.contains({kind, window, false}) || found.contains({kind, window, true});
  }
  std::size_t count(RetroKind kind) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(found, [&](const Found& f) { return std::get<0>(f) == kind; }));
  }
  std::set<Found> found{};
};

// Shows the layer in windows of `own` bytes with as much around them as a scan gives.
Sink seen(const Bytes& layer, std::size_t own) {
  Sink sink;
  test::through_windows(layer, own, [&](const Window& window) { each_retro_window(window, sink); });
  return sink;
}

Bytes island_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

std::string random_text(std::string_view alphabet, std::size_t size, std::mt19937& random) {
  std::string text;
  while (text.size() < size) text.push_back(alphabet[random() % alphabet.size()]);
  return text;
}

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void put(Bytes& layer, std::size_t at, std::string_view text) {
  std::memcpy(layer.data() + at, text.data(), text.size());
}

// Memory of all sorts: zeros, random islands, a long random stretch, text, pointers.
Bytes mixed_layer() {
  Bytes layer(200'000);
  std::mt19937 random(3);
  const Bytes stretch = island_bytes(40'000, 4);
  std::ranges::copy(stretch, layer.begin() + 30'001);
  for (std::size_t at = 80'000; at + 128 < 120'000; at += 128 + random() % 300) {
    const Bytes island = island_bytes(16 + random() % 112, static_cast<unsigned>(random()));
    std::ranges::copy(island, layer.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::string pem;
  for (int line = 0; line < 60; ++line) pem += random_text(base64_alphabet, 64, random) + "\n";
  put(layer, 130'003, pem);
  put(layer, 140'000, random_text("0123456789abcdef", 300, random));
  for (std::size_t at = 150'000; at < 160'000; ++at)
    layer[at] = static_cast<std::byte>(std::string_view("aB3 \n\\")[random() % 6]);
  for (std::size_t at = 160'000; at < 190'000; at += 8)
    layer[at + 4 + random() % 3] = static_cast<std::byte>(random());
  return layer;
}

TEST(RetroWindows, WindowsOfAScanChangeNothing) {
  const Bytes layer = mixed_layer();
  const Sink whole = seen(layer, layer.size());
  EXPECT_GT(whole.count(RetroKind::bytes), 6000U);
  EXPECT_GT(whole.count(RetroKind::base64), 300U);
  EXPECT_GT(whole.count(RetroKind::digits), 20U);
  for (const std::size_t own : {1'000UL, 4'096UL, 65'537UL})
    EXPECT_EQ(seen(layer, own).found, whole.found) << own;
}

TEST(RetroWindows, BytesAreThoseThatTheTestOnOneWindowAlonePasses) {
  const Bytes layer = mixed_layer();
  const Sink whole = seen(layer, 30'000);
  std::set<std::string> expected;
  for (std::size_t at = 0; at + 16 <= layer.size(); at += retro_step)
    if (retro_remembered(RetroKind::bytes, std::span(layer).subspan(at, 16)))
      expected.emplace(reinterpret_cast<const char*>(layer.data() + at), 16);
  std::set<std::string> got;
  for (const auto& [kind, window, inside] : whole.found)
    if (kind == RetroKind::bytes) got.insert(window);
  EXPECT_EQ(got, expected);
}

TEST(RetroWindows, OnlyTheMiddleOfLongRandomStretchesIsInside) {
  Bytes layer(60'000);
  const Bytes stretch = island_bytes(20'000, 5);
  std::ranges::copy(stretch, layer.begin() + 20'000);
  std::size_t inside = 0;
  std::size_t all = 0;
  for (const auto& found : seen(layer, 8'192).found) {
    inside += std::get<2>(found) ? 1U : 0U;
    ++all;
  }
  // 2500 windows, of which those in the four blocks at either end are not inside.
  EXPECT_GT(all, 2400U);
  EXPECT_GT(inside, 1500U);
  EXPECT_LT(inside, 2500U - 2 * 4 * 64U);

  Bytes numbers(60'000);  // numbers of 256 bytes between headers, as heaps of Java hold them
  for (std::size_t at = 0; at + 272 < numbers.size(); at += 272) {
    const Bytes number = island_bytes(256, static_cast<unsigned>(at));
    std::ranges::copy(number, numbers.begin() + static_cast<std::ptrdiff_t>(at) + 16);
  }
  for (const auto& found : seen(numbers, 60'000).found) EXPECT_FALSE(std::get<2>(found));
}

struct Loss {
  RetroKind kind;
  std::string_view alphabet;  // "" any byte
  double most;
};

TEST(RetroWindows, LossesOfRandomWindowsAreAsStated) {
  std::mt19937 random(6);
  for (const auto& [kind, alphabet, most] :
       {Loss{RetroKind::bytes, "", 0.0055}, Loss{RetroKind::base64, base64_alphabet, 0.045},
        Loss{RetroKind::digits, "0123456789abcdef", 0.0001}, Loss{RetroKind::digits, "0123456789", 0.003}}) {
    constexpr unsigned tries = 100'000;
    unsigned lost = 0;
    for (unsigned i = 0; i < tries; ++i) {
      std::string window(retro_window_size(kind), '\0');
      for (char& c : window)
        c = alphabet.empty() ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
      lost += retro_remembered(kind, std::as_bytes(std::span(window))) ? 0U : 1U;
    }
    EXPECT_LT(lost, most * tries) << static_cast<int>(kind) << " " << alphabet;
    RecordProperty("lost_" + std::to_string(static_cast<int>(kind)) + "_" + std::to_string(alphabet.size()),
                   static_cast<int>(lost));
  }
}

// A text of base64 in the clothes that memory puts on it.
struct Clothes {
  const char* name;
  std::string (*put_on)(const std::string& text);
};

std::string with_between(const std::string& text, std::size_t each, std::string_view between) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += each) out += text.substr(at, each) + std::string(between);
  return out;
}

TEST(RetroWindows, TextIsSeenInAllItsClothes) {
  const std::array<Clothes, 6> wardrobe{{
      {"plain", [](const std::string& t) { return t; }},
      {"lines", [](const std::string& t) { return with_between(t, 64, "\n"); }},
      {"lines of Windows", [](const std::string& t) { return with_between(t, 64, "\r\n"); }},
      {"line breaks written out", [](const std::string& t) { return with_between(t, 64, "\\n"); }},
      {"UTF-16", [](const std::string& t) { return with_between(t, 1, std::string_view("\0", 1)); }},
      {"UTF-16 with the upper byte first",
       [](const std::string& t) {
         return std::string("\0", 1) + with_between(t, 1, std::string_view("\0", 1));
       }},
  }};
  std::mt19937 random(7);
  for (const Clothes& clothes : wardrobe)
    for (std::size_t shift = 0; shift < 8; ++shift) {
      const std::string text = random_text(base64_alphabet, 512, random);
      Bytes layer(16'384);
      put(layer, 4'000 + shift, clothes.put_on(text));
      const Sink sink = seen(layer, layer.size());
      std::size_t held = 0;
      for (std::size_t at = 0; at + 16 <= text.size(); ++at)
        held += sink.has(RetroKind::base64, text.substr(at, 16)) ? 1U : 0U;
      // A window in eight characters (in four for UTF-16, whose every eighth byte counts), less 4 % lost.
      EXPECT_GE(held, 45U) << clothes.name << " " << shift;
    }
}

TEST(RetroWindows, DigitsAreSeenWithColonsAndInEitherCase) {
  std::mt19937 random(8);
  const std::string text = random_text("0123456789abcdef", 256, random);
  std::string upper = text;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  for (const std::string& worn :
       {text, upper, with_between(text, 2, ":"), with_between(text, 30, "\n    ")}) {
    Bytes layer(4'096);
    put(layer, 1'001, worn);
    const Sink sink = seen(layer, layer.size());
    std::size_t held = 0;
    for (std::size_t at = 0; at + 32 <= text.size(); ++at)
      held += sink.has(RetroKind::digits, text.substr(at, 32)) ? 1U : 0U;
    EXPECT_GE(held, 24U);
  }
}

TEST(RetroWindows, SmallIntegersOfV8AreSeenWithoutTheirLowerHalves) {
  std::mt19937 random(9);
  Bytes layer(4'096);
  std::string digits;
  for (std::size_t i = 0; i < 37; ++i) {
    const auto digit = static_cast<std::uint32_t>(random()) & 0x0fffffffU;
    std::memcpy(layer.data() + 1'000 + 8 * i + 4, &digit, 4);
    digits.append(reinterpret_cast<const char*>(&digit), 4);
  }
  const Sink sink = seen(layer, layer.size());
  std::size_t held = 0;
  for (std::size_t at = 0; at + 16 <= digits.size(); at += 4)
    held += sink.has(RetroKind::spaced, digits.substr(at, 16)) ? 1U : 0U;
  EXPECT_GE(held, 12U);
}

TEST(RetroWindows, ProseAndPointersAreForgotten) {
  Bytes layer;
  const std::string prose =
      "It was a dark and stormy night; the rain fell in torrents, except at occasional intervals, when it "
      "was "
      "checked by a violent gust of wind. getElementsByTagName\n";
  while (layer.size() < 50'000) {
    const auto bytes = std::as_bytes(std::span(prose));
    layer.insert(layer.end(), bytes.begin(), bytes.end());
  }
  std::mt19937_64 random(10);
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t pointer = 0x00007f0000000000U | (random() & 0xfffffffff8U);
    const auto bytes = std::as_bytes(std::span(&pointer, 1));
    layer.insert(layer.end(), bytes.begin(), bytes.end());
  }
  EXPECT_LT(seen(layer, layer.size()).found.size(), 20U);
}

}  // namespace
}  // namespace dumpgate
