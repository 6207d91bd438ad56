#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/dump_maps.h"
#include "tests/support/effort.h"
#include "tests/support/elf_core_writer.h"

namespace dumpgate {
namespace {

using namespace dumpgate::support;

const std::string& mapping_at(const DumpMap& map, std::uint64_t address) {
  for (const Region& region : map.regions)
    if (region.address == address) return map.mappings.at(region.mapping);
  return map.mappings.front();
}

class ElfCoreShapes : public ::testing::TestWithParam<ElfCoreShape> {};

TEST_P(ElfCoreShapes, RegionsHoldTheMemoryOfTheSegments) {
  const Bytes code = pattern(96, 1);
  const Bytes heap = pattern(160, 2);
  const Bytes file = ElfCoreWriter(GetParam())
                         .note("CORE", 1, pattern(20))
                         .load(0x400000, code)
                         .load(0x7fff0008, heap)
                         .bytes();
  const DumpMap map = map_of(file);
  EXPECT_EQ(map.format, "elf-core");
  EXPECT_EQ(map.word_bits, GetParam().wide ? 64U : 32U);
  EXPECT_EQ(map.order, GetParam().big_endian ? ByteOrder::big : ByteOrder::little);
  ASSERT_EQ(map.regions.size(), 2U);
  EXPECT_EQ(map.regions[0].address, 0x400000U);
  EXPECT_EQ(map.regions[1].address, 0x7fff0008U);
  EXPECT_EQ(map.regions[1].space, AddressSpace::virtual_memory);
  const Extent bytes = map.regions[1].bytes;
  EXPECT_TRUE(std::ranges::equal(std::span(file).subspan(bytes.begin(), bytes.size()), heap));
  EXPECT_EQ(map.promised_end, file.size());
  EXPECT_TRUE(is_clean(map, file.size()));
}

TEST_P(ElfCoreShapes, EveryCutIsNoticed) {
  ElfCoreWriter core(GetParam());
  core.note("CORE", 1, pattern(20))
      .note("CORE", 0x46494c45,
            nt_file({{0x1000, 0x2000, "/bin/x"}}, core.word_size(), GetParam().big_endian));
  core.load(0x1000, pattern(33)).segment({.address = 0x9000, .memory_size = 4096}).load(0x5000, pattern(7));
  expect_every_cut_is_noticed(core.bytes());
}

INSTANTIATE_TEST_SUITE_P(
    AllHeaders, ElfCoreShapes,
    ::testing::Values(ElfCoreShape{}, ElfCoreShape{.big_endian = true}, ElfCoreShape{.wide = false},
                      ElfCoreShape{.wide = false, .big_endian = true}, ElfCoreShape{.sections = true},
                      ElfCoreShape{.wide = false, .sections = true},
                      ElfCoreShape{.sections = true, .names_last = true},
                      ElfCoreShape{.wide = false, .big_endian = true, .sections = true, .names_last = true},
                      // QEMU 7.2: a wrong e_ehsize, and the table where e_phoff says.
                      ElfCoreShape{.header_size = 8, .table_gap = 128}, ElfCoreShape{.entry_padding = 8},
                      // FreeBSD's kernel and VirtualBox.
                      ElfCoreShape{.version = 0, .os_abi = 255}));

TEST(ElfCore, ExecutablesAndLibrariesAreNoDumps) {
  for (const unsigned type : {1U, 2U, 3U})
    EXPECT_EQ(map_of(ElfCoreWriter({.type = type}).load(0, pattern(64)).bytes()).format, "raw");
}

TEST(ElfCore, HeadTooShortToTellIsTruncated) {
  const Bytes file = ElfCoreWriter().load(0, pattern(64)).bytes();
  for (const std::size_t size : {1U, 4U, 17U})
    EXPECT_TRUE(has_gap(map_of(std::span(file).first(size)), GapReason::truncated));
}

TEST(ElfCore, DamagedIdentificationIsCorrupt) {
  for (const std::size_t at : {4U, 5U}) {
    Bytes file = ElfCoreWriter().load(0, pattern(64)).bytes();
    file[at] = std::byte{7};
    const DumpMap map = map_of(file);
    EXPECT_EQ(map.format, "elf-core");
    EXPECT_TRUE(has_gap(map, GapReason::corrupt));
  }
}

TEST(ElfCore, MoreThan65534SegmentsAreCountedInASectionHeader) {
  constexpr std::size_t count = 70'000;
  ElfCoreWriter core({.extended_count = true});
  for (std::size_t i = 0; i < count; ++i) core.load(0x10000 + i * 4096, pattern(8));
  const Bytes file = core.bytes();
  const DumpMap map = map_of(file);
  EXPECT_EQ(map.regions.size(), count);
  EXPECT_TRUE(is_clean(map, file.size()));
  // Linux writes that section header last.
  EXPECT_FALSE(is_clean(map_of(std::span(file).first(file.size() - 1)), file.size() - 1));
}

TEST(ElfCore, ExtendedCountWithoutSectionHeaderIsCorrupt) {
  Bytes file = ElfCoreWriter({.extended_count = true}).load(0x1000, pattern(64)).bytes();
  std::fill_n(file.begin() + 40, 8, std::byte{0});  // e_shoff
  EXPECT_TRUE(has_gap(map_of(file), GapReason::corrupt));
}

TEST(ElfCore, TwoCountsOfSegmentsAreCorrupt) {
  const Bytes file = ElfCoreWriter({.extended_count = true}).load(0x1000, pattern(64)).bytes();
  EXPECT_TRUE(has_gap(map_of(file), GapReason::corrupt));
}

TEST(ElfCore, SegmentsMayBeUnsortedOverlapRepeatAndBeEmpty) {
  ElfCoreWriter core;
  const Bytes memory = pattern(256);
  core.segment({.address = 0x3000, .content = memory});
  const std::uint64_t at = 64 + 5 * 56 + (8 - (64 + 5 * 56) % 8) % 8;
  core.segment({.address = 0x1000, .memory_size = 16, .offset = at + 128, .size = 16});
  core.segment({.address = 0x1000, .memory_size = 16, .offset = at + 128, .size = 16});
  core.segment({.address = 0x2000, .memory_size = 32, .offset = at, .size = 32});
  core.segment({.address = 0x9000, .memory_size = 0});
  const Bytes file = core.bytes();
  const DumpMap map = map_of(file);
  ASSERT_EQ(map.regions.size(), 3U) << "the repeated one once";
  EXPECT_TRUE(std::ranges::is_sorted(map.regions, {}, [](const Region& r) { return r.bytes.begin(); }));
  EXPECT_TRUE(is_clean(map, file.size()));
  const RegionIndex index(map);
  EXPECT_EQ(index.locate(at + 130)->address, 0x1002U);
  EXPECT_EQ(index.locate(at + 200)->address, 0x30c8U);
}

TEST(ElfCore, MemoryThatWasNotDumpedIsOneGapAndDoesNotHold) {
  const Bytes file = ElfCoreWriter()
                         .segment({.address = 0x1000, .content = pattern(100), .memory_size = 4096})
                         .segment({.address = 0x8000, .memory_size = 8192})
                         .load(0x20000, pattern(10))
                         .bytes();
  const DumpMap map = map_of(file);
  ASSERT_EQ(map.gaps.size(), 1U);
  EXPECT_EQ(map.gaps[0].reason, GapReason::absent);
  EXPECT_EQ(map.gaps[0].length, 4096U - 100U + 8192U);
  EXPECT_THAT(map.gaps[0].detail, ::testing::StartsWith("2 segments"));
  EXPECT_TRUE(is_clean(map, file.size()));
}

TEST(ElfCore, MoreBytesThanMemoryIsOnlyALabel) {
  const Bytes file =
      ElfCoreWriter().segment({.address = 0x1000, .content = pattern(100), .memory_size = 10}).bytes();
  const DumpMap map = map_of(file);
  ASSERT_EQ(map.regions.size(), 1U);
  EXPECT_EQ(map.regions[0].bytes.size(), 100U);
  EXPECT_TRUE(is_clean(map, file.size()));
}

TEST(ElfCore, ExtentsThatOverflowAreCorruptAndReadingGoesOn) {
  const Bytes file = ElfCoreWriter()
                         .segment({.address = 0x1000, .offset = ~0ULL - 4, .size = 100})
                         .segment({.address = ~0ULL - 4, .content = pattern(100)})
                         .load(0x5000, pattern(10))
                         .bytes();
  const DumpMap map = map_of(file);
  EXPECT_EQ(map.regions.size(), 1U);
  EXPECT_EQ(std::ranges::count(map.gaps, GapReason::corrupt, &Gap::reason), 2);
}

TEST(ElfCore, DamageOfOneKindIsOneGap) {
  ElfCoreWriter core;
  for (int i = 0; i < 1000; ++i) core.segment({.address = 0x1000, .offset = ~0ULL - 4, .size = 100});
  const DumpMap map = map_of(core.bytes());
  ASSERT_EQ(map.gaps.size(), 1U);
  EXPECT_THAT(map.gaps[0].detail, ::testing::HasSubstr("1000 times"));
}

TEST(ElfCore, TablesThatCannotBeAreCorrupt) {
  Bytes small_entries = ElfCoreWriter().load(0x1000, pattern(64)).bytes();
  small_entries[54] = std::byte{16};  // e_phentsize
  EXPECT_TRUE(has_gap(map_of(small_entries), GapReason::corrupt));
  EXPECT_TRUE(has_gap(map_of(ElfCoreWriter().bytes()), GapReason::corrupt)) << "no program headers at all";
}

TEST(ElfCore, SectionsArePromisedUnlessTheyHaveNoBytes) {
  ElfCoreWriter core;
  core.load(0x1000, pattern(64));
  core.section({.name = ".extra", .content = pattern(40)});
  const Bytes file = core.bytes();
  EXPECT_EQ(map_of(file).promised_end, file.size());
  // A section of no bits (.bss) may claim any size.
  ElfCoreWriter bss;
  bss.load(0x1000, pattern(64)).section({.name = ".bss", .type = 8, .content = pattern(8)});
  Bytes claims = bss.bytes();
  const std::size_t size_field = claims.size() - 2 * std::size_t{64} + 32;
  claims[size_field + 5] = std::byte{1};
  EXPECT_TRUE(is_clean(map_of(claims), claims.size()));
}

TEST(ElfCore, MemoryOfAXenGuestIsUnsupported) {
  ElfCoreWriter core;
  core.section({.name = ".note.Xen", .type = 7, .content = pattern(16)});
  core.section({.name = ".xen_pages", .content = pattern(4096)});
  const DumpMap map = map_of(core.bytes());
  EXPECT_EQ(map.format, "elf-core");
  EXPECT_TRUE(has_gap(map, GapReason::unsupported));
}

// Counts what is read, which is the cost of a layer that has to be decoded again for each step back.
class CountedView final : public ByteView {
 public:
  explicit CountedView(ByteView& view) : view_(view) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    steps_back += offset < next_ ? 1U : 0U;
    auto got = view_.read_at(offset, out);
    if (got) {
      read += *got;
      next_ = offset + *got;
    }
    return got;
  }
  std::optional<std::uint64_t> size() const override { return view_.size(); }

  std::uint64_t read = 0;
  unsigned steps_back = 0;

 private:
  ByteView& view_;
  std::uint64_t next_ = 0;
};

TEST(ElfCore, SectionHeadersAndTheirNamesAreNotReadInTurns) {
  constexpr std::uint64_t names_at = 0x80000;
  constexpr std::uint64_t sections_at = 0x100000;
  constexpr std::uint64_t count = 400;
  Bytes file = ElfCoreWriter().bytes();
  file.resize(sections_at + count * 64);
  const auto put = [&](std::uint64_t at, const Bytes& bytes) {
    std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(40, ByteWriter().u64(sections_at).bytes());
  put(56, ByteWriter().u16(0).u16(64).u16(count).u16(1).bytes());  // e_phnum to e_shstrndx
  put(sections_at + 64 + 24, ByteWriter().u64(names_at).u64(16).bytes());
  BytesView plain(file);
  CountedView view(plain);
  const DumpMap map = read_map(view, {});
  EXPECT_TRUE(has_gap(map, GapReason::corrupt)) << "no program headers";
  EXPECT_LE(view.steps_back, 8U);
  EXPECT_LE(view.read, 1U << 20);
}

TEST(ElfCore, WhatIsReadAheadOfScatteredTablesIsCharged) {
  // Notes 64 KiB apart: each read brings as much.
  ElfCoreWriter core;
  for (int i = 0; i < 64; ++i) core.note("CORE", 1, Bytes(70'000));
  const Bytes file = core.load(0x1000, pattern(8)).bytes();
  BytesView plain(file);
  CountedView view(plain);
  const DumpMap map = read_map(view, {.table_memory = 65'536});
  EXPECT_TRUE(has_gap(map, GapReason::limit));
  EXPECT_LE(view.read, 17U * 65'536U);
}

TEST(ElfCore, NotesAreNamedAndCounted) {
  const Bytes file = ElfCoreWriter()
                         .note("CORE", 1, pattern(336))
                         .note("LINUX", 0x202, pattern(832))
                         .note("CORE", 0x53494749, pattern(128))
                         .note("FreeBSD", 10, pattern(9))
                         .note("VBCPU", 5, pattern(3))
                         .note("V\x1b[31m", 0x77, pattern(3))
                         .load(0x1000, pattern(8))
                         .bytes();
  EXPECT_THAT(
      part_names(map_of(file)),
      ::testing::ElementsAre("ELF header", "program headers", "NT_PRSTATUS", "NT_X86_XSTATE", "NT_SIGINFO",
                             "NT_PROCSTAT_VMMAP", "VBCPU 0x5", "note of another owner, type 0x77"));
}

TEST(ElfCore, NotesMayBeAlignedToEightOrOnlySaySo) {
  for (const unsigned real : {4U, 8U}) {
    const Bytes file = ElfCoreWriter({.note_alignment = real, .note_p_align = 8})
                           .note("CORE", 1, pattern(20))
                           .note("CORE", 3, pattern(12))
                           .note("CORE", 6, pattern(4))
                           .load(0x1000, pattern(8))
                           .bytes();
    const DumpMap map = map_of(file);
    EXPECT_THAT(part_names(map), ::testing::IsSupersetOf({"NT_PRSTATUS", "NT_PRPSINFO", "NT_AUXV"}));
    EXPECT_TRUE(is_clean(map, file.size()));
  }
}

TEST(ElfCore, ZerosBehindTheLastNoteAreNoDamageAndOtherBytesAre) {
  const Bytes filled =
      ElfCoreWriter().note("CORE", 1, pattern(20)).raw_notes(Bytes(100)).load(0x1000, pattern(8)).bytes();
  EXPECT_TRUE(is_clean(map_of(filled), filled.size()));
  const Bytes damaged =
      ElfCoreWriter().note("CORE", 1, pattern(20)).raw_notes(pattern(100)).load(0x1000, pattern(8)).bytes();
  EXPECT_TRUE(has_gap(map_of(damaged), GapReason::corrupt));
}

TEST(ElfCore, RegionsAreNamedAfterTheFilesThatWereMapped) {
  for (const bool wide : {true, false}) {
    ElfCoreWriter core({.wide = wide});
    core.note(
        "CORE", 0x46494c45,
        nt_file({{0x1000, 0x3000, "/usr/lib/libx.so"}, {0x8000, 0x9000, "/tmp/\x1b]0;"}}, wide ? 8 : 4));
    core.load(0x1000, pattern(0x1000))
        .load(0x2000, pattern(16))
        .load(0x8000, pattern(16))
        .load(0x9000, pattern(16));
    core.load(0x2ff8, pattern(16));
    const DumpMap map = map_of(core.bytes());
    EXPECT_EQ(mapping_at(map, 0x1000), "/usr/lib/libx.so");
    EXPECT_EQ(mapping_at(map, 0x2000), "/usr/lib/libx.so");
    EXPECT_EQ(mapping_at(map, 0x8000), "") << "no path has such a name";
    EXPECT_EQ(mapping_at(map, 0x9000), "[anonymous]") << "NT_FILE lists every mapped file";
    EXPECT_EQ(mapping_at(map, 0x2ff8), "") << "only half of it lies in the file";
  }
}

TEST(ElfCore, ManyMappingsWithLongNamesAreRead) {
  std::vector<std::string> paths(3000);
  std::vector<ElfMapping> mappings;
  ElfCoreWriter core;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    paths[i] = "/opt/" + std::string(200, '~') + std::to_string(i);
    mappings.push_back({.start = 0x1000 * (i + 1), .end = 0x1000 * (i + 2), .path = paths[i]});
    core.load(0x1000 * (i + 1), pattern(8));
  }
  core.note("CORE", 0x46494c45, nt_file(mappings));
  const DumpMap map = map_of(core.bytes());
  for (std::size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(mapping_at(map, 0x1000 * (i + 1)), paths[i]);
}

TEST(ElfCore, MappingListThatClaimsTooMuchIsCorrupt) {
  Bytes list = nt_file({{0x1000, 0x3000, "/bin/x"}});
  list[3] = std::byte{1};
  const Bytes file = ElfCoreWriter().note("CORE", 0x46494c45, list).load(0x1000, pattern(16)).bytes();
  EXPECT_TRUE(has_gap(map_of(file), GapReason::corrupt));
}

TEST(ElfCore, StackIsWhereTheKernelPutTheRandomBytes) {
  const Bytes vector = ByteWriter().u64(25).u64(0x7ffc0010).u64(33).u64(0x7fff0000).u64(0).u64(0).bytes();
  const Bytes file = ElfCoreWriter()
                         .note("CORE", 6, vector)
                         .load(0x1000, pattern(64))
                         .load(0x7ffc0000, pattern(64))
                         .load(0x7fff0000, pattern(64))
                         .bytes();
  const DumpMap map = map_of(file);
  EXPECT_EQ(mapping_at(map, 0x1000), "");
  EXPECT_EQ(mapping_at(map, 0x7ffc0000), "[stack]");
  EXPECT_EQ(mapping_at(map, 0x7fff0000), "[vdso]");
}

TEST(ElfCore, MachinesHavePhysicalAddresses) {
  const ElfSegment both{.address = 0xffff880000001000, .physical = 0x1000, .content = pattern(64)};
  const DumpMap vmcore = map_of(ElfCoreWriter().segment(both).bytes());
  ASSERT_EQ(vmcore.regions.size(), 1U);
  EXPECT_EQ(vmcore.regions[0].space, AddressSpace::physical_memory);
  EXPECT_EQ(vmcore.regions[0].address, 0x1000U);

  const ElfSegment zero{.address = 0, .physical = 0, .content = pattern(64)};
  for (const std::string_view owner : {"QEMU", "VBCORE", "VMCOREINFO"}) {
    const DumpMap map = map_of(ElfCoreWriter().note(owner, 0, pattern(8)).segment(zero).bytes());
    EXPECT_EQ(map.regions.at(0).space, AddressSpace::physical_memory) << owner;
  }
  const ElfSegment same{.address = 0x4000, .physical = 0x4000, .content = pattern(64)};
  EXPECT_EQ(map_of(ElfCoreWriter().segment(same).bytes()).regions.at(0).space, AddressSpace::virtual_memory);
}

TEST(ElfCore, SegmentWithoutPhysicalAddressStaysVirtual) {
  const DumpMap map =
      map_of(ElfCoreWriter()
                 .segment({.address = 0xffffc90000000000, .physical = ~0ULL, .content = pattern(64)})
                 .segment({.address = 0xffff880000001000, .physical = 0x1000, .content = pattern(64)})
                 .bytes());
  ASSERT_EQ(map.regions.size(), 2U);
  EXPECT_EQ(map.regions[0].space, AddressSpace::virtual_memory);
  EXPECT_EQ(map.regions[0].address, 0xffffc90000000000U);
  EXPECT_EQ(map.regions[1].space, AddressSpace::physical_memory);
}

TEST(ElfCore, IncompleteMarkOfMakedumpfileCountsOnlyInKernelDumps) {
  const Bytes kernel =
      ElfCoreWriter({.flags = 1}).note("VMCOREINFO", 0, pattern(8)).load(0x1000, pattern(64)).bytes();
  EXPECT_TRUE(has_gap(map_of(kernel), GapReason::truncated));
  const Bytes process = ElfCoreWriter({.machine = 8, .flags = 1}).load(0x1000, pattern(64)).bytes();
  EXPECT_TRUE(is_clean(map_of(process), process.size())) << "EF_MIPS_NOREORDER";
}

TEST(ElfCore, WideHeadersOfA32BitMachineDoNotWidenItsWords) {
  EXPECT_EQ(map_of(ElfCoreWriter({.machine = 3}).load(0x1000, pattern(64)).bytes()).word_bits, 32U);
}

TEST(ElfCore, MemoryForTablesIsBounded) {
  ElfCoreWriter core;
  for (std::size_t i = 0; i < 5000; ++i) core.load(0x10000 + i * 4096, pattern(8));
  const DumpMap map = map_of(core.bytes(), {.table_memory = 65'536});
  EXPECT_TRUE(has_gap(map, GapReason::limit));
  EXPECT_GT(map.regions.size(), 1000U);
  EXPECT_LE(map.regions.size() * sizeof(Region), 65'536U);
}

// A core of any number of segments that is made while it is read.
class EndlessCore final : public ByteView {
 public:
  explicit EndlessCore(std::uint64_t segments)
      : head_(ElfCoreWriter().load(0, pattern(8)).bytes()), segments_(segments) {
    const Bytes count = ByteWriter().u16(0xffff).bytes();
    std::ranges::copy(count, head_.begin() + 56);
    const Bytes table = ByteWriter().u64(table_at).bytes();
    std::ranges::copy(table, head_.begin() + 32);
    const Bytes sections = ByteWriter().u64(section_at).bytes();
    std::ranges::copy(sections, head_.begin() + 40);
    section_ = ByteWriter().zeros(44).u32(segments).zeros(16).bytes();
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const std::uint64_t at = offset + done;
      const auto [piece, begin] = piece_at(at);
      const auto from = std::span(piece).subspan(std::min<std::size_t>(at - begin, piece.size()));
      const std::size_t count = std::min(from.size(), out.size() - done);
      if (count == 0) break;
      std::ranges::copy(from.first(count), out.begin() + static_cast<std::ptrdiff_t>(done));
      done += count;
    }
    return done;
  }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  static constexpr std::uint64_t section_at = 64;
  static constexpr std::uint64_t table_at = 128;

  std::pair<Bytes, std::uint64_t> piece_at(std::uint64_t at) const {
    if (at < section_at) return {Bytes(head_.begin(), head_.begin() + section_at), 0};
    if (at < table_at) return {section_, section_at};
    const std::uint64_t index = (at - table_at) / 56;
    if (index >= segments_) return {Bytes(4096), at};
    const std::uint64_t memory = table_at + segments_ * 56 + index * 8;
    return {ByteWriter().u32(1).u32(6).u64(memory).u64(index << 12U).u64(0).u64(8).u64(8).u64(1).bytes(),
            table_at + index * 56};
  }

  Bytes head_;
  Bytes section_;
  std::uint64_t segments_;
};

TEST(ElfCore, AMillionSegmentsFitTheDefaultLimits) {
  // Never fewer than an ordinary header could count itself: the count stands elsewhere (PN_XNUM).
  constexpr std::size_t million = effort(1'048'576, 0x1'0000);
  EndlessCore core(million);
  const DumpMap map = read_map(core, {});
  EXPECT_EQ(map.regions.size(), million);
  EXPECT_TRUE(map.gaps.empty());
}

TEST(ElfCore, TableBeyondTheLimitsIsAGapAndNotASilentStop) {
  EndlessCore core(effort(4'000'000, 200'000));
  const DumpMap map = read_map(core, {.table_memory = effort(8U << 20, 400U << 10)});
  EXPECT_TRUE(has_gap(map, GapReason::limit));
}

TEST(ElfCore, SectionHeadersOutOfAPipesReachAreNoGap) {
  const Bytes file =
      ElfCoreWriter({.sections = true}).note("CORE", 1, pattern(8)).load(0x1000, pattern(5000)).bytes();
  BytesView pipe(file);
  pipe.refuse_from(4096);
  const DumpMap map = read_map(pipe, {});
  EXPECT_TRUE(is_clean(map, file.size()));
  EXPECT_EQ(map.promised_end, file.size());
}

TEST(ElfCore, SegmentCountOutOfAPipesReachIsAGap) {
  const Bytes file = ElfCoreWriter({.extended_count = true}).load(0x1000, pattern(5000)).bytes();
  BytesView pipe(file);
  pipe.refuse_from(4096);
  EXPECT_FALSE(is_clean(read_map(pipe, {}), file.size()));
}

TEST(ElfCore, BrokenDiskIsAGap) {
  const Bytes file = ElfCoreWriter().load(0x1000, pattern(5000)).bytes();
  BytesView disk(file);
  disk.refuse_from(0, ErrorCode::io);
  EXPECT_TRUE(has_gap(read_map(disk, {}), GapReason::io));
}

}  // namespace
}  // namespace dumpgate
