// Key schedules are found in both directions and both byte orders, at any multiple of four bytes, exactly.

#define OPENSSL_SUPPRESS_DEPRECATED  // AES_set_*_key: the only way to see a schedule of OpenSSL
#include <gtest/gtest.h>
#include <openssl/aes.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "scanner/detect/aes_schedule.h"
#include "tests/detect/window_runs.h"
#include "tests/support/test_keys.h"
#include "tests/support/windows.h"

namespace dumpgate {

extern const Detector& aes_schedule_detector;

namespace {

using test::Bytes;
using testing_support::find_with;

struct Direction {
  bool decryption;
  bool swapped;
};
constexpr Direction directions[] = {{false, false}, {false, true}, {true, false}, {true, true}};
constexpr unsigned key_sizes[] = {128, 192, 256};

Bytes schedule_of(const Bytes& key, Direction direction) {
  AES_KEY aes{};
  const auto bits = static_cast<int>(key.size() * 8);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(key.data());
  test::require((direction.decryption ? AES_set_decrypt_key(bytes, bits, &aes)
                                      : AES_set_encrypt_key(bytes, bits, &aes)) == 0,
                "AES_set_key");
  Bytes schedule((key.size() / 4 + 7) * 16);
  std::memcpy(schedule.data(), aes.rd_key, schedule.size());
  // OpenSSL's C code keeps the words as big-endian numbers, its assembler as the standard's bytes.
  const bool as_bytes = direction.decryption ? std::equal(key.begin(), key.begin() + 16, schedule.end() - 16)
                                             : std::equal(key.begin(), key.end(), schedule.begin());
  if (as_bytes == direction.swapped)
    for (std::size_t at = 0; at < schedule.size(); at += 4)
      std::reverse(schedule.begin() + static_cast<std::ptrdiff_t>(at),
                   schedule.begin() + static_cast<std::ptrdiff_t>(at + 4));
  return schedule;
}

TEST(AesSchedule, IsReadInEachFormAndSize) {
  for (const unsigned bits : key_sizes)
    for (const Direction direction : directions)
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Bytes key = test::noise(bits / 8, seed);
        const auto found = aes_schedule_at(schedule_of(key, direction));
        ASSERT_TRUE(found) << bits << direction.decryption << direction.swapped;
        EXPECT_EQ(found->key_bits, bits);
        EXPECT_EQ(found->decryption, direction.decryption);
        EXPECT_EQ(found->words_swapped, direction.swapped);
        EXPECT_TRUE(std::equal(key.begin(), key.end(), found->key.begin(), found->key.end()));
      }
}

TEST(AesSchedule, ForgivesNoDamage) {
  for (const unsigned bits : key_sizes)
    for (const Direction direction : directions) {
      const Bytes whole = schedule_of(test::noise(bits / 8, 7), direction);
      EXPECT_FALSE(aes_schedule_at(std::span(whole).first(whole.size() - 1)));
      for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes damaged = whole;
        damaged[at] ^= std::byte{0x10};
        EXPECT_FALSE(aes_schedule_at(damaged)) << bits << " " << at;
      }
    }
}

TEST(AesSchedule, OfAConstantIsNone) {
  for (const unsigned bits : key_sizes)
    for (const Direction direction : directions)
      for (const int value : {0, 0xff, 0x41})
        EXPECT_FALSE(aes_schedule_at(schedule_of(Bytes(bits / 8, static_cast<std::byte>(value)), direction)));
}

std::string memory_with(const Bytes& schedule, std::size_t at, std::size_t size, bool random) {
  const Bytes around = random ? test::noise(size, 99) : Bytes(size);
  std::string memory(reinterpret_cast<const char*>(around.data()), around.size());
  memory.replace(at, schedule.size(), reinterpret_cast<const char*>(schedule.data()), schedule.size());
  return memory;
}

TEST(AesSchedule, IsFoundAtEachMultipleOfFour) {
  for (const unsigned bits : key_sizes)
    for (const Direction direction : directions) {
      const Bytes schedule = schedule_of(test::noise(bits / 8, bits), direction);
      for (std::size_t at = 4096; at < 4096 + 16; at += 4)
        for (const bool random : {false, true}) {
          const auto found = find_with(aes_schedule_detector, memory_with(schedule, at, 16384, random));
          ASSERT_EQ(found.size(), 1U) << bits << " " << at;
          EXPECT_EQ(found[0].begin, at);
          EXPECT_EQ(found[0].size, schedule.size());
          EXPECT_EQ(found[0].form, Form::aes_schedule);
        }
    }
}

TEST(AesSchedule, IsFoundAtTheEndsAndThroughAnyWindows) {
  const Bytes schedule = schedule_of(test::noise(32, 5), directions[2]);
  std::string memory = memory_with(schedule, 0, 20'000, true);
  const std::string text(reinterpret_cast<const char*>(schedule.data()), schedule.size());
  memory.replace(8192 + 12, text.size(), text);
  memory.replace(memory.size() - text.size(), text.size(), text);
  const auto whole = testing_support::summaries(find_with(aes_schedule_detector, memory));
  EXPECT_EQ(whole.size(), 3U);
  for (const std::size_t own : {101U, 4096U, 8199U})
    EXPECT_EQ(testing_support::summaries(find_with(aes_schedule_detector, memory, own)), whole) << own;
}

TEST(AesSchedule, FollowsTheAlignmentOfTheDumpedMemory) {
  const Bytes schedule = schedule_of(test::noise(16, 5), directions[0]);
  const std::string memory = memory_with(schedule, 4096 + 3, 16384, true);
  EXPECT_TRUE(find_with(aes_schedule_detector, memory).empty());
  DumpMap map;
  map.regions.push_back({.bytes = *Extent::make(1000, 15'000),
                         .space = AddressSpace::virtual_memory,
                         .address = 0x10000 + 1000 - 3});
  const RegionIndex regions(map);
  Window window = test::whole_window(std::as_bytes(std::span(memory)));
  window.regions = &regions;
  CandidateSink sink(100);
  aes_schedule_detector.sweep(window, sink);
  ASSERT_EQ(sink.found().size(), 1U);
  EXPECT_EQ(sink.found()[0].begin, 4096U + 3);

  // Words of 32 bits, which are aligned alike to eight bytes and to four more, lie there once.
  map.regions.push_back({.bytes = *Extent::make(1200, 14'000),
                         .space = AddressSpace::virtual_memory,
                         .address = 0x20000 + 1200 + 1});
  const RegionIndex both(map);
  window.regions = &both;
  CandidateSink once(100);
  aes_schedule_detector.sweep(window, once);
  EXPECT_EQ(once.found().size(), 1U);
}

TEST(AesSchedule, OfMemoryWithoutOneSaysNothing) {
  EXPECT_TRUE(find_with(aes_schedule_detector, std::string(1 << 20, '\0')).empty());
  EXPECT_TRUE(find_with(aes_schedule_detector, std::string(1 << 20, '\xaa')).empty());
  const Bytes random = test::noise(8 << 20, 3);
  EXPECT_TRUE(find_with(aes_schedule_detector,
                        std::string_view(reinterpret_cast<const char*>(random.data()), random.size()))
                  .empty());
}

}  // namespace
}  // namespace dumpgate
