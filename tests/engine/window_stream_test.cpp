// Every byte is own in exactly one window, with its full context around it, however the stream delivers it.

#include "scanner/engine/window_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace dumpgate {
namespace {

// Delivers bytes in uneven portions, then ends or breaks.
class Portions final : public ByteStream {
 public:
  Portions(std::span<const std::byte> bytes, unsigned seed, bool breaks)
      : bytes_(bytes), random_(seed), breaks_(breaks) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    if (bytes_.empty()) {
      if (breaks_) return Error{ErrorCode::io, "broken", std::nullopt};
      return std::size_t{0};
    }
    const std::size_t size = std::min({out.size(), bytes_.size(), std::size_t{1} + random_() % 100'000});
    std::ranges::copy(bytes_.first(size), out.begin());
    bytes_ = bytes_.subspan(size);
    return size;
  }

 private:
  std::span<const std::byte> bytes_;
  std::mt19937 random_;
  bool breaks_;
};

std::vector<std::byte> numbered(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::mt19937 random(42);
  for (auto& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

void check(std::size_t size, std::size_t own, unsigned seed) {
  const auto bytes = numbered(size);
  Portions stream(bytes, seed, false);
  WindowStream windows(stream, own);
  SecretBytes buffer;
  Window window;
  std::uint64_t next = 0;
  for (;;) {
    const auto more = windows.next(buffer, window);
    ASSERT_TRUE(more.has_value());
    if (!*more) break;
    ASSERT_EQ(window.offset + window.own_begin, next);
    const std::size_t own_size = window.own_end - window.own_begin;
    ASSERT_GT(own_size, 0U);
    ASSERT_LE(own_size, own);
    next += own_size;
    EXPECT_EQ(window.own_begin, std::min<std::uint64_t>(window_context, window.offset + window.own_begin));
    EXPECT_EQ(window.bytes.size() - window.own_end, std::min<std::uint64_t>(window_context, size - next));
    EXPECT_TRUE(
        std::ranges::equal(window.bytes, std::span(bytes).subspan(window.offset, window.bytes.size())));
  }
  EXPECT_EQ(next, size);
  EXPECT_EQ(windows.position(), size);
}

TEST(WindowStream, OwnsEachByteOnceWithItsContext) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, window_context,
                                 window_context + 1, std::size_t{300'000}})
    for (const std::size_t own :
         {std::size_t{4096}, std::size_t{10'007}, window_context, std::size_t{512 * 1024}})
      check(size, own, 1);
  check(5000, 1, 2);
  check(3000, 7, 3);
}

TEST(WindowStream, ShowsEverythingBeforeItReportsABreak) {
  const auto bytes = numbered(100'000);
  Portions stream(bytes, 4, true);
  WindowStream windows(stream, 30'000);
  SecretBytes buffer;
  Window window;
  std::size_t shown = 0;
  for (;;) {
    const auto more = windows.next(buffer, window);
    if (!more) {
      EXPECT_EQ(more.error().code, ErrorCode::io);
      break;
    }
    ASSERT_TRUE(*more);
    shown += window.own_end - window.own_begin;
  }
  EXPECT_EQ(shown, bytes.size());
}

}  // namespace
}  // namespace dumpgate
