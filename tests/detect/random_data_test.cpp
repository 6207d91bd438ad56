// Key-sized islands are hinted at, once for each size class and 32 KiB, whatever the windows are.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "scanner/detect/detector.h"
#include "scanner/detect/signature.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& random_data_detector;

namespace {

constexpr std::size_t kib = 1024;

struct Island {
  std::uint64_t offset;
  std::size_t size;
  std::string detail;
  friend bool operator==(const Island&, const Island&) = default;
};

std::vector<Island> islands_of(std::span<const std::byte> bytes, std::size_t own,
                               const RegionIndex* regions = nullptr) {
  std::vector<Island> islands;
  test::through_windows(bytes, own, [&](Window& window) {
    window.regions = regions;
    CandidateSink sink(8192);
    random_data_detector.sweep(window, sink);
    EXPECT_FALSE(sink.full());
    for (const Candidate& c : sink.found()) {
      EXPECT_EQ(c.signature, "random-data");
      EXPECT_EQ(c.evidence, Evidence::hint);
      EXPECT_EQ(c.form, Form::none);
      islands.push_back({window.offset + c.begin, c.size, c.detail});
    }
  });
  return islands;
}

class Memory {
 public:
  explicit Memory(std::size_t size) : bytes_(size) {}
  Memory& plant(std::size_t at, std::size_t size, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    for (std::size_t i = 0; i < size; ++i) bytes_[at + i] = static_cast<std::byte>(engine() >> 56U);
    return *this;
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

TEST(RandomData, IsAKindOfItsOwn) {
  const auto signatures = SignatureSet::builtin();
  ASSERT_TRUE(signatures);
  const Signature* const signature = signatures->by_id("random-data");
  ASSERT_NE(signature, nullptr);
  EXPECT_EQ(signature->kind, KeyKind::random_data);
}

TEST(RandomData, FindsIslandsOfEachSize) {
  for (const std::size_t size : {32U, 48U, 64U, 128U, 256U, 512U, 1024U, 2048U, 4096U}) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const Memory memory = std::move(Memory(16 * kib).plant(4096, size, seed));
      const auto islands = islands_of(memory.bytes(), 512 * kib);
      if (islands.size() == 1 && islands.front().offset == 4096 && islands.front().size == size) ++found;
    }
    EXPECT_GE(found, 48) << size;  // a random line of 16 bytes fails once in 16,000, an island once in 10,000
  }
}

TEST(RandomData, LeavesOutWhatIsTooShortOrTooLong) {
  EXPECT_TRUE(islands_of(Memory(16 * kib).plant(4096, 16, 1).bytes(), 1 << 20).empty());
  EXPECT_TRUE(islands_of(Memory(64 * kib).plant(4096, 4096 + 16, 1).bytes(), 1 << 20).empty());
  EXPECT_TRUE(islands_of(Memory(256 * kib).plant(4096, 200'000, 1).bytes(), 1 << 20).empty());
}

TEST(RandomData, SaysNothingOfZerosTextAndPointers) {
  std::vector<std::byte> bytes(256 * kib);
  EXPECT_TRUE(islands_of(bytes, 1 << 20).empty());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>("the quick brown fox jumps over the lazy dog. "[i % 45]);
  EXPECT_TRUE(islands_of(bytes, 1 << 20).empty());
  std::mt19937_64 engine(1);
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t pointer = 0x00007f3a'00000000ULL | (engine() >> 32U);
    std::memcpy(bytes.data() + i, &pointer, sizeof pointer);
  }
  EXPECT_TRUE(islands_of(bytes, 1 << 20).empty());
}

TEST(RandomData, CountsEachSizeOnceInABlock) {
  Memory memory(128 * kib);
  for (std::size_t i = 0; i < 100; ++i)
    memory.plant(1024 + i * 256, 32, i).plant(65536 + i * 512, 256, 500 + i);
  const auto islands = islands_of(memory.bytes(), 1 << 20);
  std::map<std::uint64_t, int> blocks;
  for (const Island& island : islands) ++blocks[island.offset / (32 * kib)];
  EXPECT_EQ(blocks, (std::map<std::uint64_t, int>{{0, 1}, {2, 1}, {3, 1}}));
}

TEST(RandomData, DoesNotDependOnTheWindows) {
  std::mt19937_64 engine(11);
  Memory memory(300 * kib);
  for (std::uint64_t i = 0; i < 120; ++i) {
    const std::uint64_t lines = i % 10 == 0 ? engine() % 280 : engine() % 20;
    memory.plant(16 * (engine() % 18'880), 16 * (1 + lines), 1000 + i);
  }
  const auto whole = islands_of(memory.bytes(), 1 << 20);
  ASSERT_GE(whole.size(), 10U);
  for (const std::size_t own : {997U, 4096U, 32'768U, 70'001U})
    EXPECT_EQ(islands_of(memory.bytes(), own), whole) << own;
}

TEST(RandomData, FollowsTheAlignmentOfTheDumpedMemory) {
  const Memory memory = std::move(Memory(16 * kib).plant(4096 + 8, 32, 3));
  DumpMap map;
  map.regions.push_back({.bytes = *Extent::make(1000, 15'000),
                         .space = AddressSpace::physical_memory,
                         .address = 0x10000 + 1000 - 8});
  const RegionIndex regions(map);
  const auto islands = islands_of(memory.bytes(), 1 << 20, &regions);
  ASSERT_EQ(islands.size(), 1U);
  EXPECT_EQ(islands.front().offset, 4096U + 8);
  EXPECT_EQ(islands.front().size, 32U);
}

TEST(RandomData, NeverFillsTheSinkOfTheLargestWindow) {
  // Islands without end in a window of 64 MiB: 32 bytes in every 64.
  std::vector<std::byte> bytes(64 << 20);
  std::mt19937_64 engine(1);
  for (std::size_t at = 0; at + 64 <= bytes.size(); at += 64)
    for (std::size_t i = 0; i < 32; i += 8) {
      const std::uint64_t word = engine();
      std::memcpy(bytes.data() + at + i, &word, sizeof word);
    }
  EXPECT_LE(islands_of(bytes, bytes.size()).size(), 3U * 2048);
}

}  // namespace
}  // namespace dumpgate
