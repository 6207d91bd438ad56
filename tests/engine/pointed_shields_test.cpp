// Shielded OpenSSH keys and prekeys that only a pointer gives away: followed wherever they lie within reach,
// whatever the windows, threads and ways in; and what pointers of a hostile dump can cost is bounded.

#include "scanner/engine/pointed_shields.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "scanner/detect/random_words.h"
#include "scanner/detect/shield_prekey.h"
#include "scanner/engine/scan.h"
#include "tests/support/elf_core_writer.h"
#include "tests/support/shielded_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {
namespace {

void place_in(test::Bytes& memory, std::size_t at, std::span<const std::byte> what) {
  std::ranges::copy(what, memory.begin() + static_cast<std::ptrdiff_t>(at));
}

// A process with an Ed25519 key, whose prekey lies in the middle of random data, and the key where asked.
class ShieldingProcess {
 public:
  static constexpr std::uint64_t heap = 0x555555550000;
  static constexpr std::uint64_t arena = 0x7ffff0000000;

  ShieldingProcess() {
    place_in(arena_, prekey_at, prekey_);
    shielded_ = shield_spared_key();
    place_in(heap_, 1024, std::as_bytes(std::span(shielded_)));
    point_to(arena + prekey_at);
  }

  const std::string& key_name() const { return key_.name; }

  // What struct sshkey says of the prekey.
  void point_to(std::uint64_t address) {
    support::ByteWriter members;
    members.u64(shielded_at_).u64(key_.encoded.size()).u64(address).u64(prekey_size);
    place_in(heap_, 64, members.bytes());
  }
  // Where the prekey lies besides, in a chunk of glibc's malloc near the key. Returns its address.
  std::uint64_t move_to_chunk() {
    place_in(arena_, prekey_at, test::noise(prekey_size, 6));
    place_in(heap_, 4088, std::as_bytes(std::span(prekey_chunk_size)));
    place_in(heap_, 4096, prekey_);
    return heap + 4096;
  }

  // Where the key lies instead, amid random data.
  void move_key(std::size_t into_arena) {
    std::ranges::fill(heap_, std::byte{0});
    place_in(arena_, into_arena, std::as_bytes(std::span(shielded_)));
    shielded_at_ = arena + into_arena;
    point_to(arena + prekey_at);
  }

  test::Bytes core(bool is_heap_first, const support::ElfCoreShape& shape = {}) const {
    support::ElfCoreWriter writer(shape);
    if (is_heap_first) writer.load(heap, heap_);
    writer.load(arena, arena_);
    if (!is_heap_first) writer.load(heap, heap_);
    return writer.bytes();
  }

 private:
  static constexpr std::size_t prekey_at = 90'008;  // 64 KiB are random on either side

  // Makes a key that the hunt's stated loss (docs/hunt.md) spares when it is shielded.
  std::string shield_spared_key() {
    for (;;) {
      key_ = test::make_shielded_ed25519();
      std::string shielded = test::encrypted(key_.encoded, prekey_);
      std::vector<std::uint64_t> words(shielded.size() / 8);
      std::memcpy(words.data(), shielded.data(), shielded.size());
      if (std::ranges::none_of(words, plain_word)) return shielded;
    }
  }

  test::Bytes prekey_ = test::noise(prekey_size, 4);
  test::ShieldedKey key_{};
  std::string shielded_{};
  std::uint64_t shielded_at_ = heap + 1024;
  test::Bytes heap_ = test::Bytes(32'768);
  test::Bytes arena_ = test::noise(200'000, 5);
};

ScanRecord scanned(const test::Bytes& bytes, std::size_t window = 65'536, unsigned threads = 2,
                   bool once = false) {
  static const SignatureSet set = *SignatureSet::builtin();
  ScanOptions options;
  options.threads = threads;
  options.window = window;
  options.signatures = &set;
  const auto input = memory_input("test", bytes, once);
  return scan(*input, options);
}

// Each thing found of which more than statistics speaks.
std::vector<std::string> found_in(const ScanRecord& record) {
  std::vector<std::string> all;
  for (const Finding& f : record.findings)
    if (f.evidence > Evidence::hint)
      all.push_back(f.representation + " " + f.relation + " " + f.public_key_sha256 + " " +
                    std::to_string(f.offset) + " x" + std::to_string(f.occurrences));
  for (const Gap& gap : record.gaps) all.push_back(gap.detail);
  return all;
}

TEST(PointedShields, APointerGivesAwayWhatLiesInRandomData) {
  const ShieldingProcess process;
  for (const bool is_heap_first : {true, false})
    for (const support::ElfCoreShape& shape :
         {support::ElfCoreShape{}, support::ElfCoreShape{.table_gap = 3, .alignment = 1}}) {
      const test::Bytes core = process.core(is_heap_first, shape);
      const auto reference = found_in(scanned(core));
      ASSERT_EQ(reference.size(), 1U) << is_heap_first;
      EXPECT_TRUE(reference[0].starts_with("openssh-shielded seed->A " + process.key_name())) << reference[0];
      EXPECT_TRUE(reference[0].ends_with(" x1")) << reference[0];
      for (const std::size_t window : {1000U, 4096U, 100'003U, 1U << 20U})
        EXPECT_EQ(found_in(scanned(core, window, 3)), reference) << window;
      EXPECT_EQ(found_in(scanned(core, 4096, 1, true)), reference) << "from a pipe";
    }
}

// More than 64 KiB from its prekey, in the middle of a long run of random words and where its kept end stops.
TEST(PointedShields, APointerGivesAwayAKeyAmidRandomData) {
  for (const bool in_chunk : {true, false})
    for (const std::size_t at : {181'000U, 960U, 199'872U}) {
      ShieldingProcess process;
      process.move_key(at);
      if (in_chunk) process.point_to(process.move_to_chunk());
      for (const bool is_heap_first : {true, false}) {
        const test::Bytes core = process.core(is_heap_first);
        const auto reference = found_in(scanned(core));
        const std::string proof = "openssh-shielded seed->A " + process.key_name();
        EXPECT_EQ(std::ranges::count_if(reference,
                                        [&](const std::string& each) {
                                          return each.starts_with(proof) && each.ends_with(" x1");
                                        }),
                  1)
            << at << in_chunk << is_heap_first;
        for (const std::size_t window : {1000U, 100'003U})
          EXPECT_EQ(found_in(scanned(core, window, 3)), reference) << window;
        EXPECT_EQ(found_in(scanned(core, 4096, 1, true)), reference) << "from a pipe";
      }
    }
}

TEST(PointedShields, WithoutAPointerAKeyAmidRandomDataStaysHidden) {
  ShieldingProcess process;
  process.move_key(181'000);
  process.move_to_chunk();
  process.point_to(0x1000);  // nowhere
  EXPECT_TRUE(found_in(scanned(process.core(true))).empty());
}

TEST(PointedShields, WithoutAPointerTheyStayHidden) {
  ShieldingProcess process;
  for (const std::uint64_t address :
       std::vector<std::uint64_t>{ShieldingProcess::arena + 90'016, ShieldingProcess::heap + 8192, 0x1000}) {
    process.point_to(address);  // random bytes, but others; zeros; nowhere
    for (const bool is_heap_first : {true, false})
      EXPECT_TRUE(found_in(scanned(process.core(is_heap_first))).empty()) << address;
  }
}

TEST(PointedShields, WithoutAddressesTheyStayHidden) {
  test::Bytes core = ShieldingProcess().core(true);
  core.erase(core.begin(), core.begin() + 64);
  EXPECT_TRUE(found_in(scanned(core)).empty());
}

// By its looks the prekey opens the key at once; the pointer must not make two of one.
TEST(PointedShields, WhatWasFoundByItsLooksIsFoundOnce) {
  ShieldingProcess process;
  const std::uint64_t chunk = process.move_to_chunk();
  const auto by_looks = found_in(scanned(process.core(true)));
  ASSERT_EQ(by_looks.size(), 1U);
  EXPECT_TRUE(by_looks[0].ends_with(" x1")) << by_looks[0];
  process.point_to(chunk);
  for (const std::size_t window : {1000U, 1U << 20U})
    EXPECT_EQ(found_in(scanned(process.core(true), window)), by_looks) << window;
}

// What PointedShields learns of a layer of virtual memory, of pointers in it: they belong to the window in
// which the last of them begins.
struct Learnt {
  std::size_t prekeys = 0;
  std::vector<std::uint64_t> shielded{};  // where
  std::vector<Gap> gaps{};
};
Learnt followed(std::span<const std::byte> layer, const std::vector<ShieldPointers>& all, std::size_t own,
                PointedShields shields = PointedShields()) {
  DumpMap map;
  map.regions.push_back(
      {.bytes = *Extent::make(0, layer.size()), .space = AddressSpace::virtual_memory, .address = 0x10000});
  const RegionIndex regions(map);
  Learnt learnt;
  std::vector<Lead> leads;
  RunStore shielded;
  test::through_windows(layer, own, [&](Window& window) {
    window.regions = &regions;
    std::vector<ShieldPointers> here;
    for (const ShieldPointers& each : all) {
      const std::uint64_t last = each.asked_at + (shield_members - 1) * sizeof(std::uint64_t);
      if (last >= window.offset + window.own_begin && last < window.offset + window.own_end)
        here.push_back(each);
    }
    shields.take(window, here, {}, {leads, shielded, learnt.gaps});
  });
  learnt.prekeys = leads.size();
  shielded.for_each([&](const NumberRun& run) { learnt.shielded.push_back(run.offset); });
  return learnt;
}

// Pointers at `asked_at` of which one names what the layer does not have.
ShieldPointers to_prekey(std::uint64_t asked_at, std::uint64_t prekey) {
  return {.asked_at = asked_at, .prekey = prekey, .shielded = 1 << 30, .shielded_size = 16};
}
ShieldPointers to_key(std::uint64_t asked_at, std::uint64_t shielded, std::size_t size) {
  return {.asked_at = asked_at, .prekey = 1 << 30, .shielded = shielded, .shielded_size = size};
}

TEST(PointedShields, AreFollowedFourMebibytesBackAndNoFurther) {
  test::Bytes layer(PointedShields::reach_back + 100'000);
  constexpr std::uint64_t at = 5000, back = PointedShields::reach_back;
  place_in(layer, at, test::noise(prekey_size, 7));
  for (const std::size_t own : {100'003U, 1U << 19U}) {
    EXPECT_EQ(followed(layer, {to_prekey(at + back, at)}, own).prekeys, 1U) << own;
    EXPECT_EQ(followed(layer, {to_prekey(at + back + 8, at)}, own).prekeys, 0U) << own;
    EXPECT_EQ(followed(layer, {to_key(at + back, at, 128)}, own).shielded, std::vector{at}) << own;
    EXPECT_TRUE(followed(layer, {to_key(at + back + 8, at, 128)}, own).shielded.empty()) << own;
  }
}

// Pointers across the end of a window come with the next one, when the first of them is seen already.
TEST(PointedShields, AreFollowedAsFarFromPointersAcrossTwoWindows) {
  constexpr std::uint64_t own = 1 << 19;
  for (const std::uint64_t before : {8U, 16U, 24U}) {
    test::Bytes layer(PointedShields::reach_back + 3 * own);
    const std::uint64_t at = own - before;
    place_in(layer, at, test::noise(prekey_size, 11));
    EXPECT_EQ(followed(layer, {to_prekey(at + PointedShields::reach_back, at)}, own).prekeys, 1U) << before;
  }
}

TEST(PointedShields, MayLieAnywhereInPages) {
  for (const std::size_t at : {0U, 8U, 4080U, 4096U, 4104U, 20'472U, 30'000U}) {
    test::Bytes layer(60'000);
    place_in(layer, at, test::noise(prekey_size, at + 1));
    for (const std::size_t own : {1000U, 4096U, 60'000U})
      for (const std::uint64_t pointers : {0U, 59'000U}) {
        EXPECT_EQ(followed(layer, {to_prekey(pointers, at)}, own).prekeys, 1U) << at << ' ' << own;
        EXPECT_EQ(followed(layer, {to_key(pointers, at + 2000, 2992)}, own).shielded,
                  std::vector<std::uint64_t>{at + 2000})
            << at << ' ' << own;
      }
  }
  test::Bytes layer(60'000);
  place_in(layer, 60'000 - prekey_size, test::noise(prekey_size, 9));
  EXPECT_EQ(followed(layer, {to_prekey(0, 60'000 - prekey_size)}, 4096).prekeys, 1U);
  EXPECT_EQ(followed(layer, {to_prekey(0, 60'008 - prekey_size)}, 4096).prekeys, 0U)
      << "the layer does not have all";
}

// Twenty prekeys, each named twice, and one shielded key: the limits are those of an input.
TEST(PointedShields, AreTakenOnceAndNoMoreThanTheLimits) {
  const test::Bytes layer = test::noise(100'000, 10);
  std::vector<ShieldPointers> all;
  all.reserve(40);
  for (std::uint64_t i = 0; i < 40; ++i) all.push_back(to_prekey(50'000 + i * 32, i / 2 * 8));
  for (const std::size_t own : {1000U, 100'000U}) {
    EXPECT_EQ(followed(layer, all, own).prekeys, 20U);
    EXPECT_TRUE(followed(layer, all, own).gaps.empty());
    for (const PointedShields::Limits& limits : {PointedShields::Limits{.places = 8}, {.prekeys = 7}}) {
      const Learnt learnt = followed(layer, all, own, PointedShields(limits));
      EXPECT_EQ(learnt.prekeys, 7U);
      ASSERT_EQ(learnt.gaps.size(), 1U);
      EXPECT_EQ(learnt.gaps[0].reason, GapReason::limit);
      EXPECT_EQ(learnt.gaps[0].offset, 50'000U + 14 * 32);
    }
  }
}

TEST(PointedShields, ShieldedKeysAreTakenOnceAndNoMoreThanTheLimit) {
  const test::Bytes layer = test::noise(100'000, 12);
  std::vector<ShieldPointers> all;
  all.reserve(40);
  for (std::uint64_t i = 0; i < 40; ++i) all.push_back(to_key(50'000 + i * 32, i / 2 * 64, 64));
  for (const std::size_t own : {1000U, 100'000U}) {
    EXPECT_EQ(followed(layer, all, own).shielded.size(), 20U);
    const Learnt learnt = followed(layer, all, own, PointedShields({.bytes = 7 * 64 + 63}));
    EXPECT_EQ(learnt.shielded.size(), 7U);
    ASSERT_EQ(learnt.gaps.size(), 1U);
    EXPECT_EQ(learnt.gaps[0].reason, GapReason::limit);
    EXPECT_EQ(learnt.gaps[0].offset, 50'000U + 14 * 32);
  }
}

}  // namespace
}  // namespace dumpgate
