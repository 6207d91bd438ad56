// The members of struct sshkey that point to a shielded key and its prekey: noticed where the dump has the
// memory they name, in either word size and byte order, and nowhere else.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/detect/detector.h"
#include "scanner/detect/shield_prekey.h"
#include "tests/support/byte_writer.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& openssh_shield_pointers_detector;

namespace {

constexpr std::uint64_t heap = 0x10000000;     // the bytes of the layer from heap_offset on
constexpr std::uint64_t heap_offset = 0x1003;  // where no word begins in the file
constexpr std::size_t layer_size = 0x10000;
constexpr std::uint64_t members_at = heap_offset + 0x200;

struct Members {
  std::uint64_t shielded = heap + 0x400;
  std::uint64_t length = 272;
  std::uint64_t prekey = heap + 0x1000;
  std::uint64_t prekey_length = 0x4000;
};

struct Machine {
  unsigned word_bits = 64;
  ByteOrder order = ByteOrder::little;
};

DumpMap map_of_heap(const Machine& machine) {
  DumpMap map{.order = machine.order, .word_bits = machine.word_bits};
  map.regions.push_back({.bytes = *Extent::make(heap_offset, layer_size - heap_offset),
                         .space = AddressSpace::virtual_memory,
                         .address = heap});
  return map;
}

support::Bytes layer_with(const Members& members, const Machine& machine, std::uint64_t at = members_at) {
  const unsigned width = machine.word_bits / 8;
  support::ByteWriter writer(machine.order == ByteOrder::big);
  for (const std::uint64_t member : {members.shielded, members.length, members.prekey, members.prekey_length})
    writer.number(member, width);
  support::Bytes layer(layer_size);
  std::ranges::copy(writer.bytes(), layer.begin() + static_cast<std::ptrdiff_t>(at));
  return layer;
}

// Where in the layer members were noticed.
std::vector<std::uint64_t> noticed(std::span<const std::byte> layer, const DumpMap& map,
                                   std::size_t own = 1 << 20) {
  const RegionIndex regions(map);
  std::vector<std::uint64_t> places;
  test::through_windows(layer, own, [&](Window& window) {
    window.regions = &regions;
    CandidateSink sink(1000);
    openssh_shield_pointers_detector.sweep(window, sink);
    for (const Candidate& each : sink.found()) {
      EXPECT_EQ(each.form, Form::shield_pointers);
      EXPECT_EQ(each.evidence, Evidence::hint);
      EXPECT_EQ(each.size, map.word_bits / 2);
      const auto pointers = shield_pointers(window, each.begin);
      ASSERT_TRUE(pointers);
      EXPECT_EQ(pointers->asked_at, window.offset + each.begin);
      EXPECT_EQ(pointers->prekey, heap_offset + 0x1000);
      places.push_back(window.offset + each.begin);
    }
  });
  return places;
}

std::size_t count_of(const Members& members, const Machine& machine = {}) {
  return noticed(layer_with(members, machine), map_of_heap(machine)).size();
}

TEST(OpensshShieldPointers, AreNoticedInEachKindOfMachineAndWindow) {
  for (const unsigned bits : {32U, 64U})
    for (const ByteOrder order : {ByteOrder::little, ByteOrder::big})
      for (const std::size_t own : {1U << 20U, 4096U, 1000U, 7U}) {
        const Machine machine{bits, order};
        const auto layer = layer_with({}, machine);
        EXPECT_EQ(noticed(layer, map_of_heap(machine), own), std::vector<std::uint64_t>{members_at})
            << bits << ' ' << own;
      }
}

TEST(OpensshShieldPointers, AreNothingInTheOtherByteOrder) {
  EXPECT_TRUE(noticed(layer_with({}, {64, ByteOrder::big}), map_of_heap({64, ByteOrder::little})).empty());
  EXPECT_TRUE(noticed(layer_with({}, {64, ByteOrder::little}), map_of_heap({64, ByteOrder::big})).empty());
}

TEST(OpensshShieldPointers, LieWhereWordsOfMemoryBegin) {
  for (const std::uint64_t shift : {1U, 4U, 5U, 7U})
    EXPECT_TRUE(noticed(layer_with({}, {}, members_at + shift), map_of_heap({})).empty()) << shift;
  EXPECT_EQ(noticed(layer_with({}, {}, members_at + 8), map_of_heap({})).size(), 1U);
}

TEST(OpensshShieldPointers, NameMemoryThatTheDumpHas) {
  constexpr std::uint64_t end = heap + (layer_size - heap_offset);
  EXPECT_EQ(count_of({}), 1U);
  EXPECT_EQ(count_of({.prekey = (end - 0x4000) / 8 * 8 + 8}), 0U) << "only most of it";
  EXPECT_EQ(count_of({.prekey = 0}), 0U);
  EXPECT_EQ(count_of({.prekey = heap - 8}), 0U);
  EXPECT_EQ(count_of({.prekey = heap + 0x1004}), 0U) << "not aligned";
  EXPECT_EQ(count_of({.shielded = 0}), 0U);
  EXPECT_EQ(count_of({.shielded = end}), 0U);
  EXPECT_EQ(count_of({.shielded = heap + 0x404}), 0U) << "not aligned";
}

TEST(OpensshShieldPointers, HaveTheLengthsOfAShieldedKey) {
  for (const std::uint64_t length : {16U, 16'384U}) EXPECT_EQ(count_of({.length = length}), 1U) << length;
  for (const std::uint64_t length : {0U, 8U, 280U, 16'400U})
    EXPECT_EQ(count_of({.length = length}), 0U) << length;
  EXPECT_EQ(count_of({.prekey_length = 0x4010}), 0U);
  EXPECT_EQ(count_of({.prekey_length = 0x40}), 0U);
}

TEST(OpensshShieldPointers, AreNothingWithoutAddresses) {
  const auto layer = layer_with({}, {}, 0x200);
  const DumpMap raw;
  EXPECT_TRUE(noticed(layer, raw).empty());
  DumpMap physical = map_of_heap({});
  physical.regions[0].space = AddressSpace::physical_memory;
  EXPECT_TRUE(noticed(layer_with({}, {}), physical).empty());
  test::through_windows(layer, layer.size(), [](const Window& window) {
    CandidateSink sink(1000);
    openssh_shield_pointers_detector.sweep(window, sink);
    EXPECT_TRUE(sink.found().empty());
  });
}

}  // namespace
}  // namespace dumpgate
