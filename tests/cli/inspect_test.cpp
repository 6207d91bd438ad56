// dumpgate inspect: every byte is accounted for once, names are harmless, and what is missing is said.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scanner/cli/command.h"
#include "scanner/cli/inspection.h"
#include "tests/support/run_program.h"

namespace dumpgate {
namespace {

using testing::HasSubstr;
using testing::Not;

DumpMap sample_map(std::size_t regions) {
  DumpMap map;
  map.format = "elf-core";
  map.mappings = {"", "/lib/evil\x1b[31m\n.so"};
  for (std::size_t i = 0; i < regions; ++i)
    map.regions.push_back({.bytes = *Extent::make(1000 + i * 10, 10),
                           .space = AddressSpace::virtual_memory,
                           .address = 0x1000 + i * 10,
                           .mapping = static_cast<std::uint32_t>(i % 2)});
  map.parts.push_back({"ELF header", *Extent::make(0, 64)});
  return map;
}

Inspection inspected(DumpMap map, std::uint64_t size) {
  Inspection inspection;
  inspection.input = "core";
  LeafContent leaf{.layer = "gzip!elf-core", .map = std::move(map)};
  inspection.end(leaf, size);
  inspection.visit.bytes_in = size;
  return inspection;
}

TEST(Coverage, CountsEachByteOnce) {
  DumpMap map;
  const auto extent = [](std::uint64_t begin, std::uint64_t size) { return *Extent::make(begin, size); };
  map.regions = {{.bytes = extent(10, 20)}, {.bytes = extent(20, 20)}, {.bytes = extent(80, 100)}};
  map.parts = {{"a", extent(0, 15)}, {"b", extent(5, 3)}, {"beyond", extent(500, 10)}};
  const Coverage coverage = coverage_of(map, 100);
  EXPECT_EQ(coverage.regions, 30U + 20U);
  EXPECT_EQ(coverage.parts, 10U);
  EXPECT_EQ(coverage.outside, 40U);
}

TEST(InspectionText, FoldsLongTablesUnlessAllIsWanted) {
  const Inspection inspection = inspected(sample_map(500), 6000);
  const std::string folded = inspection_text(inspection, false);
  const std::string all = inspection_text(inspection, true);
  EXPECT_THAT(folded, HasSubstr(" more; --all shows them"));
  EXPECT_LT(std::ranges::count(folded, '\n'), 60);
  EXPECT_THAT(all, Not(HasSubstr("more; --all")));
  EXPECT_GE(std::ranges::count(all, '\n'), 500);
}

TEST(InspectionText, MakesNamesHarmless) {
  const std::string text = inspection_text(inspected(sample_map(4), 2000), true);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("/lib/evil\\x1b[31m\\n.so"));
}

TEST(InspectionJson, HoldsEveryRegionAndAddsUp) {
  Inspection inspection = inspected(sample_map(500), 6000);
  inspection.visit.gaps.push_back({.reason = GapReason::truncated, .layer = "gzip", .offset = 7});
  const auto json = nlohmann::json::parse(inspection_json(inspection));
  EXPECT_EQ(json["whole"], false);
  EXPECT_EQ(json["gaps"][0]["reason"], "truncated");
  EXPECT_TRUE(json["gaps"][0]["length"].is_null());
  const auto& image = json["images"][0];
  EXPECT_EQ(image["layer"], "gzip!elf-core");
  EXPECT_EQ(image["regions"].size(), 500U);
  EXPECT_EQ(image["regions"][1]["address"], "0x100a");
  EXPECT_EQ(image["parts"][0]["name"], "ELF header");
  const auto& coverage = image["coverage"];
  EXPECT_EQ(coverage["regions"].get<int>() + coverage["parts"].get<int>() + coverage["outside"].get<int>(),
            image["bytes"].get<int>());
}

TEST(InspectCommand, ReadsWhatScanReads) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in", std::string(100'000, 'x'));
  const ProgramRun plain = run_program("inspect " + path);
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, HasSubstr("image raw: 100000 bytes"));
  EXPECT_THAT(plain.out, HasSubstr("gaps: none"));
  ASSERT_EQ(run_shell("gzip -k " + path).code, 0);
  const ProgramRun packed = run_program("inspect -f json - <" + path + ".gz");
  EXPECT_EQ(packed.code, 0) << packed.err;
  const auto json = nlohmann::json::parse(packed.out);
  EXPECT_EQ(json["layers"][0]["path"], "gzip");
  EXPECT_EQ(json["layers"][0]["bytes_out"], 100'000);
  EXPECT_EQ(json["images"][0]["bytes"], 100'000);
  EXPECT_EQ(json["whole"], true);
}

TEST(InspectCommand, EndsWithHoldWhenSomethingCouldNotBeRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in", std::string(100'000, 'x'));
  ASSERT_EQ(run_shell("gzip -k " + path + " && head -c 90 " + path + ".gz >" + path + ".cut").code, 0);
  const ProgramRun cut = run_program("inspect " + path + ".cut");
  EXPECT_EQ(cut.code, exit_hold);
  EXPECT_THAT(cut.out, HasSubstr("Not read whole"));
  EXPECT_EQ(run_program("inspect " + directory.file("absent")).code, exit_hold);
  EXPECT_EQ(run_program("inspect " + directory.write("empty", "")).code, exit_hold);
  EXPECT_EQ(run_program("inspect").code, exit_usage);
}

}  // namespace
}  // namespace dumpgate
