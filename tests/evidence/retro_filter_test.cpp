// A retro filter holds what it was shown and little else, says when it does not, and gives nothing away.

#include "scanner/evidence/retro_filter.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <thread>
#include <unordered_set>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/detect/signature.h"
#include "scanner/engine/scan.h"
#include "tests/support/effort.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

using Bytes = std::vector<std::byte>;

const Bytes site_key(32, std::byte{0x5a});

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// Islands of 96 random bytes in zeros: never inside a long stretch.
Bytes islands(std::size_t count, unsigned seed) {
  Bytes layer(count * 160);
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes island = random_bytes(96, seed + static_cast<unsigned>(i));
    std::ranges::copy(island, layer.begin() + static_cast<std::ptrdiff_t>(i * 160));
  }
  return layer;
}

Bytes filter_of(const Bytes& layer, std::size_t memory = std::size_t{1} << 20) {
  RetroFilterBuilder builder(site_key, memory);
  builder.see(test::whole_window(layer));
  return builder.finish();
}

TEST(SipHash, IsThatOfOpenSsl) {
  const Bytes key = random_bytes(16, 1);
  const SipHash hash(std::span<const std::byte, 16>(key.data(), 16));
  for (std::size_t size = 0; size < 40; ++size) {
    const Bytes message = random_bytes(size, 2);
    std::array<std::byte, 8> expected{};
    std::size_t written = 0;
    std::size_t wanted = 8;
    const std::array parameters{OSSL_PARAM_construct_size_t("size", &wanted), OSSL_PARAM_construct_end()};
    ASSERT_NE(EVP_Q_mac(nullptr, "SIPHASH", nullptr, nullptr, parameters.data(), key.data(), key.size(),
                        reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                        reinterpret_cast<unsigned char*>(expected.data()), expected.size(), &written),
              nullptr);
    ASSERT_EQ(written, 8U);
    EXPECT_EQ(hash(message), load<std::uint64_t>(expected.data(), ByteOrder::little)) << size;
  }
}

TEST(RetroFilter, HoldsEveryWindowThatIsRememberedAndFewOthers) {
  const Bytes layer = islands(2'000, 10);
  const auto filter = RetroFilter::parse(filter_of(layer));
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_TRUE(filter->complete);
  EXPECT_EQ(filter->bytes, layer.size());
  const RetroHash hash(site_key);
  EXPECT_EQ(filter->key_id, hash.id());
  std::size_t shown = 0;
  for (std::size_t at = 0; at + 16 <= layer.size(); at += 8) {
    const auto window = std::span(layer).subspan(at, 16);
    if (!retro_remembered(RetroKind::bytes, window)) continue;
    ++shown;
    EXPECT_TRUE(filter->scattered.holds(hash(RetroKind::bytes, window)));
    EXPECT_FALSE(filter->inside.holds(hash(RetroKind::bytes, window)));
  }
  EXPECT_GT(shown, 21'000U);
  EXPECT_EQ(filter->scattered.values.size(), shown);
  std::size_t by_chance = 0;
  const Bytes foreign = random_bytes(16 * 200'000, 99);
  for (std::size_t at = 0; at < foreign.size(); at += 16)
    by_chance +=
        filter->scattered.holds(hash(RetroKind::bytes, std::span(foreign).subspan(at, 16))) ? 1U : 0U;
  // 200,000 * 2^-14 = 12.2; 40 is eight standard deviations above.
  EXPECT_LT(by_chance, 40U);
  EXPECT_GT(by_chance, 0U);
}

TEST(RetroFilter, TakesLessThanTwoBytesAWindow) {
  const Bytes layer = islands(4'000, 5'000);
  const Bytes bytes = filter_of(layer);
  const auto filter = RetroFilter::parse(bytes);
  ASSERT_TRUE(filter);
  EXPECT_LT(static_cast<double>(bytes.size() - 88) * 8,
            15.6 * static_cast<double>(filter->scattered.values.size()));
}

TEST(RetroFilter, AnotherKindOrSiteKeyIsAnotherHash) {
  const Bytes window = random_bytes(16, 3);
  const Bytes other_key(32, std::byte{0x5b});
  const RetroHash hash(site_key);
  const RetroHash other(other_key);
  EXPECT_NE(hash(RetroKind::bytes, window), hash(RetroKind::spaced, window));
  EXPECT_NE(hash(RetroKind::bytes, window), other(RetroKind::bytes, window));
  EXPECT_NE(hash.id(), other.id());
}

TEST(RetroFilter, RunningOutOfMemoryIsSaid) {
  const Bytes layer = islands(12'000, 20'000);  // 132,000 windows
  const Bytes bytes = filter_of(layer, std::size_t{64} * 1024);
  const auto filter = RetroFilter::parse(bytes);
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_FALSE(filter->complete);
  EXPECT_GT(filter->scattered.level, 0U);
  EXPECT_LE(filter->scattered.values.size(), 64U * 1024 / 16);
  // What the sample covers it holds.
  const RetroHash hash(site_key);
  std::size_t covered = 0;
  for (std::size_t at = 0; at + 16 <= layer.size(); at += 8) {
    const auto window = std::span(layer).subspan(at, 16);
    if (!retro_remembered(RetroKind::bytes, window)) continue;
    const std::uint64_t value = hash(RetroKind::bytes, window);
    EXPECT_EQ(filter->scattered.holds(value), filter->scattered.covers(value));
    covered += filter->scattered.covers(value) ? 1U : 0U;
  }
  EXPECT_GT(covered, 1'000U);
}

TEST(RetroFilter, LongRandomStretchesAreSampled) {
  const Bytes layer = random_bytes(2'000'000, 30);
  const Bytes bytes = filter_of(layer, std::size_t{64} << 20);
  const auto filter = RetroFilter::parse(bytes);
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->complete);
  EXPECT_GT(filter->inside.level, 0U);
  EXPECT_LE(filter->inside.values.size(), 1024U);
  // The ends of the stretch are kept whole.
  EXPECT_LT(bytes.size(), layer.size() / 400);
}

// The same windows in any order, portions and threads.
TEST(RetroFilter, DependsNeitherOnOrderNorOnThreads) {
  Bytes layer = islands(6'000, 40'000);
  const Bytes stretch = random_bytes(300'000, 41);
  layer.insert(layer.end(), stretch.begin(), stretch.end());
  for (const std::size_t memory : {std::size_t{64} * 1024, std::size_t{8} << 20}) {
    const Bytes expected = filter_of(layer, memory);
    RetroFilterBuilder builder(site_key, memory);
    constexpr std::size_t own = 50'000;
    std::vector<std::thread> threads;
    for (std::size_t which = 0; which < 4; ++which)
      threads.emplace_back([&, which] {
        for (std::size_t at = which * own; at < layer.size(); at += 4 * own) {
          Window window = test::whole_window(layer);
          window.own_begin = at;
          window.own_end = std::min(at + own, layer.size());
          builder.see(window);
        }
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(builder.finish(), expected);
  }
}

TEST(RetroFilter, IsTheSameForEveryWindowAndThreadOfAScan) {
  const auto signatures = SignatureSet::builtin();
  ASSERT_TRUE(signatures);
  Bytes layer = islands(effort(2'000, 500), 60'000);
  const Bytes stretch = random_bytes(100'000, 61);
  layer.insert(layer.end(), stretch.begin(), stretch.end());
  std::vector<Bytes> filters;
  for (const auto& [own, threads] :
       {std::pair<std::size_t, unsigned>{512 * 1024, 1}, {4'096, 2}, {65'537, 4}}) {
    RetroFilterBuilder builder(site_key, std::size_t{1} << 20);
    auto input = memory_input("layer", layer);
    ScanOptions options;
    options.window = own;
    options.threads = threads;
    options.signatures = &*signatures;
    options.tap = &builder;
    const ScanRecord record = scan(*input, options);
    filters.push_back(builder.finish());
    const auto filter = RetroFilter::parse(filters.back());
    ASSERT_TRUE(filter);
    EXPECT_EQ(filter->bytes, record.bytes_examined);
  }
  EXPECT_EQ(filters[0], filters[1]);
  EXPECT_EQ(filters[0], filters[2]);
  EXPECT_EQ(filters[0], filter_of(layer));
}

TEST(RetroFilter, NoEightBytesOfTheDumpAreInIt) {
  const Bytes layer = islands(500, 70'000);
  const Bytes bytes = filter_of(layer);
  const auto eight_at = [](const Bytes& of, std::size_t at) {
    return load<std::uint64_t>(of.data() + at, ByteOrder::little);
  };
  std::unordered_set<std::uint64_t> kept;
  for (std::size_t at = 0; at + 8 <= bytes.size(); ++at) kept.insert(eight_at(bytes, at));
  for (std::size_t at = 0; at + 8 <= layer.size(); ++at) {
    // Zeros between the islands are no secret.
    if (std::ranges::count(std::span(layer).subspan(at, 8), std::byte{0}) > 3) continue;
    ASSERT_FALSE(kept.contains(eight_at(layer, at))) << at;
  }
}

TEST(RetroFilter, DamagedBytesAreRefused) {
  const Bytes good = filter_of(islands(50, 80'000));
  ASSERT_TRUE(RetroFilter::parse(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(RetroFilter::parse(std::span(good).first(size))) << size;
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(RetroFilter::parse(longer));
  const auto with = [&](std::size_t at, std::byte value) {
    Bytes changed = good;
    changed[at] = value;
    return RetroFilter::parse(changed).has_value();
  };
  EXPECT_FALSE(with(0, std::byte{'x'}));    // magic
  EXPECT_FALSE(with(32, std::byte{2}));     // flags
  EXPECT_FALSE(with(36, std::byte{20}));    // bits
  EXPECT_FALSE(with(38, std::byte{3}));     // a sample that calls itself complete
  EXPECT_FALSE(with(39, std::byte{64}));    // level of `inside`
  EXPECT_FALSE(with(55, std::byte{0xff}));  // number of values
  EXPECT_FALSE(with(63, std::byte{0xff}));  // bytes of values
}

}  // namespace
}  // namespace dumpgate
