#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/dump_maps.h"
#include "tests/support/minidump_writer.h"

namespace dumpgate {
namespace {

using namespace dumpgate::support;

constexpr unsigned amd64 = 9;
constexpr unsigned x86 = 0;
constexpr unsigned power_pc = 3;

Bytes bytes_of(const Bytes& file, const Region& region) {
  const auto bytes = std::span(file).subspan(region.bytes.begin(), region.bytes.size());
  return {bytes.begin(), bytes.end()};
}

// Whether the reader knows that what was placed last, and is only pointed at, belongs to the dump.
template <typename Write>
void expect_promise(Write write) {
  for (const bool big_endian : {false, true}) {
    MinidumpWriter dump(big_endian);
    write(dump);
    const Bytes file = dump.bytes();
    const DumpMap map = map_of(file);
    EXPECT_EQ(map.promised_end, file.size());
    EXPECT_TRUE(is_clean(map, file.size()));
    expect_every_cut_is_noticed(file);
  }
}

class MinidumpOrders : public ::testing::TestWithParam<bool> {};

TEST_P(MinidumpOrders, RegionsHoldTheMemoryOfBothLists) {
  MinidumpWriter dump(GetParam());
  dump.system_info(amd64, u"Service Pack 1");
  dump.memory_list({{0x1000, pattern(40, 1)}, {0x7ff000000010, pattern(24, 2)}});
  dump.memory64_list({{0x20000, pattern(64, 3)}, {0x30000, pattern(32, 4)}});
  const Bytes file = dump.bytes();
  const DumpMap map = map_of(file);
  EXPECT_EQ(map.format, "minidump");
  EXPECT_EQ(map.order, GetParam() ? ByteOrder::big : ByteOrder::little);
  EXPECT_EQ(map.word_bits, 64U);
  ASSERT_EQ(map.regions.size(), 4U);
  EXPECT_EQ(map.regions[0].address, 0x1000U);
  EXPECT_EQ(bytes_of(file, map.regions[0]), pattern(40, 1));
  EXPECT_EQ(map.regions[1].address, 0x7ff000000010U);
  EXPECT_EQ(bytes_of(file, map.regions[2]), pattern(64, 3));
  EXPECT_EQ(map.regions[3].address, 0x30000U);
  EXPECT_EQ(bytes_of(file, map.regions[3]), pattern(32, 4));
  EXPECT_TRUE(is_clean(map, file.size()));
}

TEST_P(MinidumpOrders, EveryCutIsNoticed) {
  MinidumpWriter dump(GetParam(), 12);
  dump.thread_list({{0x7000, pattern(48, 1)}}, pattern(60));
  dump.module_list({{0x400000, 0x1000, u"C:\\x.exe", pattern(20), pattern(12)}});
  dump.memory_list({{0x1000, pattern(40)}});
  dump.exception(pattern(30));
  dump.system_info(amd64, u"x");
  dump.stream(0xfff0, pattern(13));
  dump.memory64_list({{0x20000, pattern(33)}});
  expect_every_cut_is_noticed(dump.bytes());
}

INSTANTIATE_TEST_SUITE_P(LittleAndBig, MinidumpOrders, ::testing::Bool());

TEST(Minidump, HeadTooShortToTellIsTruncated) {
  const Bytes file = MinidumpWriter().bytes();
  for (const std::size_t size : {1U, 3U})
    EXPECT_TRUE(has_gap(map_of(std::span(file).first(size)), GapReason::truncated));
}

TEST(Minidump, UnknownVersionIsCorruptAndReadingGoesOn) {
  MinidumpWriter dump;
  dump.memory_list({{0x1000, pattern(40)}});
  Bytes file = dump.bytes();
  file[4] = std::byte{0};
  const DumpMap map = map_of(file);
  EXPECT_TRUE(has_gap(map, GapReason::corrupt));
  EXPECT_EQ(map.regions.size(), 1U);
}

TEST(Minidump, DirectoryOfZerosIsCorrupt) {
  EXPECT_TRUE(has_gap(map_of(MinidumpWriter().bytes()), GapReason::corrupt))
      << "as a killed writer leaves it";
}

TEST(Minidump, PaddingAfterTheCountIsTolerated) {
  MinidumpWriter dump;
  dump.memory_list({{0x1000, pattern(40)}, {0x2000, pattern(8)}}, true);
  const Bytes file = dump.bytes();
  const DumpMap map = map_of(file);
  ASSERT_EQ(map.regions.size(), 2U);
  EXPECT_EQ(map.regions[1].address, 0x2000U);
  EXPECT_TRUE(is_clean(map, file.size()));
}

TEST(Minidump, SevenThousandRangesAreRead) {
  std::vector<MinidumpMemory> ranges;
  ranges.reserve(8000);
  for (std::uint64_t i = 0; i < 7170; ++i) ranges.push_back({.address = 0x1000 * i, .content = pattern(11)});
  MinidumpWriter dump;
  dump.memory_list(ranges);
  const Bytes file = dump.bytes();
  EXPECT_EQ(map_of(file).regions.size(), ranges.size());
}

TEST(Minidump, EveryStreamIsShownKnownOrNotAndAlsoTwice) {
  MinidumpWriter dump;
  dump.stream(0x47670009, pattern(10));
  dump.stream(0xabcd, pattern(10));
  dump.memory_list({{0x1000, pattern(8)}});
  dump.memory_list({{0x2000, pattern(8)}});
  const DumpMap map = map_of(dump.bytes());
  EXPECT_THAT(part_names(map),
              ::testing::ElementsAre("minidump header", "stream directory", "LinuxMapsStream",
                                     "stream 0xabcd", "MemoryListStream", "MemoryListStream"));
  EXPECT_EQ(map.regions.size(), 2U);
}

TEST(Minidump, StacksAreMemory) {
  MinidumpWriter dump;
  dump.thread_list({{0x7000, pattern(48, 1)}, {0x9000, pattern(16, 2)}}, pattern(60));
  const DumpMap map = map_of(dump.bytes());
  ASSERT_EQ(map.regions.size(), 2U);
  EXPECT_EQ(map.regions[1].address, 0x9000U);
}

TEST(Minidump, RegionsAreNamedAfterModules) {
  MinidumpWriter dump;
  dump.module_list({{0x10000, 0x2000, u"C:\\Windows\\\u00fc\U0001f511.dll", {}, {}}});
  dump.memory_list({{0x10100, pattern(16)}, {0x30000, pattern(16)}, {0x11ff8, pattern(16)}});
  const DumpMap map = map_of(dump.bytes());
  ASSERT_EQ(map.regions.size(), 3U);
  EXPECT_EQ(map.mappings.at(map.regions[0].mapping), "C:\\\\Windows\\\\\u00fc\U0001f511.dll");
  EXPECT_EQ(map.mappings.at(map.regions[1].mapping), "");
  EXPECT_EQ(map.mappings.at(map.regions[2].mapping), "") << "it ends outside";
}

TEST(Minidump, ProcessorSaysWordSizeAndOrder) {
  const auto map_for = [](unsigned architecture) {
    MinidumpWriter dump;
    dump.system_info(architecture);
    return map_of(dump.bytes());
  };
  EXPECT_EQ(map_for(amd64).word_bits, 64U);
  EXPECT_EQ(map_for(x86).word_bits, 32U);
  EXPECT_EQ(map_for(power_pc).order, ByteOrder::big)
      << "Xbox 360: little-endian headers over big-endian memory";
}

TEST(Minidump, Memory64SumsThatOverflowAreCorrupt) {
  MinidumpWriter dump;
  const ByteWriter list =
      dump.writer().u64(3).u64(4096).u64(0x1000).u64(16).u64(0x2000).u64(~0ULL - 100).u64(0x3000).u64(16);
  dump.stream(9, list.bytes());
  const DumpMap map = map_of(dump.bytes());
  EXPECT_TRUE(has_gap(map, GapReason::corrupt));
  EXPECT_EQ(map.regions.size(), 1U) << "what comes before is known, what comes after is not";
}

TEST(Minidump, ListsThatDoNotFitTheirStreamAreCorrupt) {
  for (const std::uint32_t type : {3U, 4U, 5U, 8U, 24U}) {
    MinidumpWriter dump;
    dump.stream(type, dump.writer().u32(1000).zeros(40).bytes());
    EXPECT_TRUE(has_gap(map_of(dump.bytes()), GapReason::corrupt)) << type;
  }
  for (const std::uint32_t type : {9U, 12U, 14U, 16U, 17U}) {
    MinidumpWriter dump;
    dump.stream(type, dump.writer().u32(16).u32(48).u32(1000).u32(1000).zeros(40).bytes());
    EXPECT_TRUE(has_gap(map_of(dump.bytes()), GapReason::corrupt)) << type;
  }
}

TEST(Minidump, StreamsTooShortForTheirStructureAreCorrupt) {
  for (const std::uint32_t type : {3U, 6U, 7U, 9U, 12U, 14U, 16U, 0x43500001U, 0x4767000aU}) {
    MinidumpWriter dump;
    dump.stream(type, pattern(2));
    EXPECT_TRUE(has_gap(map_of(dump.bytes()), GapReason::corrupt)) << type;
  }
}

TEST(Minidump, CountsThatNoFileCanHoldCostNothing) {
  MinidumpWriter dump;
  dump.stream(4, dump.writer().u32(0xffffffff).zeros(40).bytes());
  Bytes file = dump.bytes();
  std::fill_n(file.begin() + 8, 4, std::byte{0xff});  // number of streams
  EXPECT_FALSE(is_clean(map_of(file), file.size()));
}

TEST(Minidump, MemoryForTablesIsBounded) {
  std::vector<MinidumpMemory> ranges;
  ranges.reserve(8000);
  for (std::uint64_t i = 0; i < 5000; ++i) ranges.push_back({.address = 0x1000 * i, .content = pattern(4)});
  MinidumpWriter dump;
  dump.memory_list(ranges);
  const DumpMap map = map_of(dump.bytes(), {.table_memory = 65'536});
  EXPECT_TRUE(has_gap(map, GapReason::limit));
  EXPECT_LE(map.regions.size() * sizeof(Region), 65'536U);
}

TEST(Minidump, ReadingTheSameListManyTimesIsBounded) {
  MinidumpWriter dump(false, 3000);
  const Bytes names = dump.writer().u32(2000).zeros(24'000).bytes();
  const std::uint64_t at = dump.place(names);
  for (int i = 0; i < 3000; ++i) dump.entry(24, names.size(), at);
  const DumpMap map = map_of(dump.bytes(), {.table_memory = 1 << 20});
  EXPECT_TRUE(has_gap(map, GapReason::limit));
}

TEST(Minidump, OutOfAPipesReachIsAGap) {
  MinidumpWriter dump;
  dump.memory_list({{0x1000, pattern(8000)}});
  const Bytes file = dump.bytes();
  BytesView pipe(file);
  pipe.refuse_from(4096);
  EXPECT_TRUE(has_gap(read_map(pipe, {}), GapReason::limit));
}

TEST(MinidumpPromise, ThreadContextsAndBackingStores) {
  expect_promise([](MinidumpWriter& dump) {
    // Thread_Ex, its stack elsewhere; the pieces come after the list.
    const std::uint64_t list = dump.place(Bytes(4 + 64));
    const std::uint64_t stack = dump.place(pattern(9));
    const std::uint64_t context = dump.place(pattern(10));
    const std::uint64_t store = dump.place(pattern(11));
    ByteWriter thread = dump.writer();
    thread.u32(1).zeros(24).u64(0x1000).u32(9).u32(stack).u32(10).u32(context).u64(0x2000).u32(11).u32(store);
    dump.overwrite(list, thread.bytes());
    dump.entry(8, thread.size(), list);
  });
}

TEST(MinidumpPromise, RecordsOfModules) {
  for (const bool code_view : {true, false}) {
    expect_promise([&](MinidumpWriter& dump) {
      const std::uint64_t list = dump.place(Bytes(4 + 108));
      const std::uint64_t record = dump.place(pattern(21));
      ByteWriter module = dump.writer();
      module.u32(1).u64(0x400000).u32(4096).zeros(8).u32(0).zeros(52);
      module.u32(code_view ? 21 : 0).u32(code_view ? record : 0);
      module.u32(code_view ? 0 : 21).u32(code_view ? 0 : record).zeros(16);
      dump.overwrite(list, module.bytes());
      dump.entry(4, module.size(), list);
    });
  }
}

TEST(MinidumpPromise, StringsOfModulesHandlesThreadsAndSystem) {
  expect_promise([](MinidumpWriter& dump) {
    const std::uint64_t list = dump.place(Bytes(12 + 24));
    const ByteWriter head = dump.writer().u32(12).u32(24).u32(1).zeros(20);
    dump.overwrite(list, ByteWriter(head).u32(dump.string(u"unloaded.dll")).bytes());
    dump.entry(14, 36, list);
  });
  expect_promise([](MinidumpWriter& dump) {
    const std::uint64_t list = dump.place(Bytes(16));
    dump.overwrite(list, dump.writer().u32(1).u32(7).u64(dump.string(u"worker")).bytes());
    dump.entry(24, 16, list);
  });
  expect_promise([](MinidumpWriter& dump) {
    const std::uint64_t info = dump.place(Bytes(56));
    const ByteWriter head = dump.writer().u16(amd64).zeros(22);
    dump.overwrite(info, ByteWriter(head).u32(dump.string(u"Service Pack 3")).bytes());
    dump.entry(7, 56, info);
  });
}

TEST(MinidumpPromise, NamesAndDetailsOfHandles) {
  expect_promise([](MinidumpWriter& dump) {
    const std::uint64_t list = dump.place(Bytes(16 + 40));
    const std::uint64_t name = dump.string(u"File");
    const std::uint64_t first = dump.place(Bytes(12 + 5));
    const std::uint64_t second = dump.place(dump.writer().u32(0).u32(2).u32(9).raw(pattern(9)).bytes());
    dump.overwrite(first, dump.writer().u32(second).u32(1).u32(5).raw(pattern(5)).bytes());
    ByteWriter handles = dump.writer();
    handles.u32(16).u32(40).u32(1).u32(0).u64(4).u32(name).u32(0).zeros(16).u32(first).u32(0);
    dump.overwrite(list, handles.bytes());
    dump.entry(12, handles.size(), list);
  });
}

TEST(Minidump, EndlessDetailsOfAHandleAreCorrupt) {
  MinidumpWriter dump;
  const std::uint64_t loop = dump.place(Bytes(12));
  dump.overwrite(loop, dump.writer().u32(loop).bytes());
  dump.stream(12, dump.writer().u32(16).u32(40).u32(1).zeros(4).zeros(32).u32(loop).zeros(4).bytes());
  EXPECT_TRUE(has_gap(map_of(dump.bytes()), GapReason::corrupt));
}

TEST(MinidumpPromise, LinkMapsOfLinuxInBothLayouts) {
  for (const bool padded : {false, true}) {
    expect_promise([&](MinidumpWriter& dump) {
      dump.system_info(amd64);
      const std::uint64_t debug = dump.place(Bytes((padded ? 40 : 36) + 32));
      const std::uint64_t maps = dump.place(Bytes(padded ? 48 : 40));
      ByteWriter links = dump.writer();
      for (const std::u16string_view name : {u"/lib/a", u"/lib/b"}) {
        links.u64(0x1000).u32(dump.string(name)).zeros(padded ? 4 : 0).u64(0x2000);
      }
      dump.overwrite(maps, links.bytes());
      dump.overwrite(debug, dump.writer().u32(1).u32(maps).u32(2).bytes());
      dump.entry(0x4767000a, (padded ? 40 : 36) + 32, debug);
    });
  }
}

TEST(MinidumpPromise, AnnotationsOfCrashpad) {
  // Each kind of annotation in turn comes last in the file.
  for (const int last : {0, 1, 2, 3}) {
    expect_promise([&](MinidumpWriter& dump) {
      const std::uint64_t info = dump.place(Bytes(52));
      const std::uint64_t links = dump.place(Bytes(16));
      const std::uint64_t module = dump.place(Bytes(28));
      const std::uint64_t list = dump.place(Bytes(16));
      const auto text = [&](int which) { return which == last ? dump.utf8_string("value") : 0; };
      const auto pair = [&](int which) {
        return which == last ? dump.writer().u32(1).u32(0).u32(text(which)).bytes() : Bytes();
      };
      ByteWriter head = dump.writer();
      head.u32(1).zeros(32).u32(last == 0 ? 12 : 0).u32(last == 0 ? list : 0).u32(16).u32(links);
      dump.overwrite(info, head.bytes());
      dump.overwrite(links, dump.writer().u32(1).u32(0).u32(28).u32(module).bytes());
      ByteWriter lists = dump.writer().u32(1);
      lists.u32(last == 1 ? 8 : 0).u32(last == 1 ? list : 0);
      lists.u32(last == 2 ? 12 : 0).u32(last == 2 ? list : 0);
      lists.u32(last == 3 ? 16 : 0).u32(last == 3 ? list : 0);
      dump.overwrite(module, lists.bytes());
      if (last == 0 || last == 2) dump.overwrite(list, pair(last));
      if (last == 1) dump.overwrite(list, dump.writer().u32(1).u32(text(1)).bytes());
      if (last == 3)
        dump.overwrite(list, dump.writer()
                                 .u32(1)
                                 .u32(0)
                                 .u32(1)
                                 .u32(dump.place(dump.writer().u32(5).text("value").bytes()))
                                 .bytes());
      dump.entry(0x43500001, 52, info);
    });
  }
}

}  // namespace
}  // namespace dumpgate
