// Points of edwards25519 in digits: the forms are the coordinate, and memory that holds them is kept while
// other memory is not.

#include "scanner/hunt/coordinate_runs.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "scanner/hunt/coordinate_forms.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

using Words = std::vector<std::uint64_t>;
using Bn = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Bytes32 random_point(std::mt19937_64& random) {
  Bytes32 point{};
  for (std::byte& b : point) b = static_cast<std::byte>(random());
  return point;
}

Bn number(std::int64_t value) {
  Bn made(BN_new(), &BN_free);
  EXPECT_EQ(BN_set_word(made.get(), static_cast<BN_ULONG>(value < 0 ? -value : value)), 1);
  BN_set_negative(made.get(), value < 0 ? 1 : 0);
  return made;
}

// The sum of the digits, each times two to the power of the bits before it, modulo 2^255 - 19.
template <typename Digit>
std::vector<unsigned char> sum_of(const CoordinateForm& form, const std::vector<unsigned>& bits) {
  const Bn sum = number(0);
  for (std::size_t i = bits.size(); i-- > 0;) {
    Digit digit = 0;
    std::memcpy(&digit, form.data() + i * sizeof digit, sizeof digit);
    EXPECT_EQ(BN_lshift(sum.get(), sum.get(), static_cast<int>(bits[i])), 1);
    EXPECT_EQ(BN_add(sum.get(), sum.get(), number(static_cast<std::int64_t>(digit)).get()), 1);
  }
  const Bn prime = number(1);
  EXPECT_EQ(BN_lshift(prime.get(), prime.get(), 255), 1);
  EXPECT_EQ(BN_sub_word(prime.get(), 19), 1);
  BN_CTX* context = BN_CTX_new();
  EXPECT_EQ(BN_nnmod(sum.get(), sum.get(), prime.get(), context), 1);
  BN_CTX_free(context);
  std::vector<unsigned char> bytes(32);
  EXPECT_EQ(BN_bn2lebinpad(sum.get(), bytes.data(), 32), 32);
  return bytes;
}

TEST(CoordinateForms, AreTheCoordinateModuloThePrime) {
  const std::vector<unsigned> fives(5, 51);
  const std::vector<unsigned> tens{26, 25, 26, 25, 26, 25, 26, 25, 26, 25};
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const Bytes32 point = random_point(random);
    std::vector<unsigned char> y(32);
    std::memcpy(y.data(), point.data(), 32);
    y[31] &= 0x7f;
    const auto forms = coordinate_forms(point);
    EXPECT_EQ(sum_of<std::uint64_t>(forms[0], fives), y);
    EXPECT_EQ(sum_of<std::int32_t>(forms[1], tens), y);
    EXPECT_EQ(sum_of<std::uint32_t>(forms[2], tens), y);
    for (std::size_t digit = 0; digit < 10; ++digit) {
      std::int32_t nearest = 0;
      std::memcpy(&nearest, forms[1].data() + 4 * digit, 4);
      EXPECT_LE(std::abs(nearest), 1 << (digit % 2 == 0 ? 25 : 24)) << digit;
    }
  }
}

Words digits_of(std::mt19937_64& random) {
  Words words(5);
  for (std::uint64_t& word : words) word = random() >> 13U;
  return words;
}

struct Kept {
  std::uint64_t offset = 0;
  Words words{};
  friend bool operator==(const Kept&, const Kept&) = default;
};

// What is kept of memory that is looked at in pieces of `own` bytes, with what they see around them.
std::vector<Kept> kept_of(const Words& memory, std::size_t own) {
  std::vector<Kept> kept;
  test::through_windows(std::as_bytes(std::span(memory)), own, [&](const Window& window) {
    RunStore runs;
    const Stretch stretch{.begin = 0,
                          .end = window.bytes.size() / 8 * 8,
                          .own_begin = window.own_begin,
                          .own_end = window.own_end};
    const StretchReader reader(window, stretch, ByteOrder::little);
    gather_coordinate_runs(reader, MarkedStretch(reader), runs);
    runs.for_each([&](const NumberRun& run) {
      EXPECT_EQ(run.digits, coordinate_digits);
      kept.push_back({run.offset, {run.words.begin(), run.words.end()}});
    });
  });
  return kept;
}

TEST(CoordinateRuns, KeepNearlyAllNumbers) {
  std::mt19937_64 random(2);
  std::size_t lost = 0;
  constexpr std::size_t numbers = 20'000;
  for (std::size_t i = 0; i < numbers; ++i) {
    Words memory(16);
    const Words digits = digits_of(random);
    std::ranges::copy(digits, memory.begin() + 6);
    const auto kept = kept_of(memory, 128);
    if (kept.empty()) {
      ++lost;
      continue;
    }
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0], (Kept{48, digits}));
  }
  // 0.11 % (one long digit or none): 22 of 20,000, and seven standard deviations more.
  EXPECT_GT(lost, 2U);
  EXPECT_LT(lost, 55U);
}

TEST(CoordinateRuns, DoNotDependOnWindows) {
  std::mt19937_64 random(3);
  Words memory(30'000);
  for (std::size_t at = 0; at < memory.size();) {
    const std::size_t kind = random() % 3;
    const std::size_t count = 1 + random() % (random() % 30 == 0 ? 900 : 24);
    for (std::size_t i = 0; i < count && at < memory.size(); ++i, ++at)
      memory[at] = kind == 0 ? random() >> 13U : kind == 1 ? 0x7f0000000000U + random() % 100'000 : random();
  }
  const auto whole = kept_of(memory, memory.size() * 8);
  EXPECT_GT(whole.size(), 200U);
  EXPECT_TRUE(std::ranges::all_of(whole, [](const Kept& kept) { return kept.words.size() <= longest_run; }));
  for (const std::size_t own : {std::size_t{4096}, std::size_t{70'008}})
    EXPECT_EQ(kept_of(memory, own), whole);
}

TEST(CoordinateRuns, OtherMemoryIsNotKept) {
  std::mt19937_64 random(4);
  const auto none = [&](auto&& word) {
    Words memory(20'000);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = word(i);
    return kept_of(memory, memory.size() * 8).empty();
  };
  EXPECT_TRUE(none([&](std::size_t) { return random(); }));
  EXPECT_TRUE(none([&](std::size_t) { return 0x550000000000U + (random() >> 30U); }));
  EXPECT_TRUE(none([&](std::size_t i) { return (0x10000 + 24 * i) << 32U | (0x2340 + 61 * i); }));
  EXPECT_TRUE(none([&](std::size_t i) { return i; }));
}

}  // namespace
}  // namespace dumpgate
