// dumpgate entropy: bounded tables, exact CSV, pictures that are well-formed whatever names a dump brings,
// and no success when something could not be read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "scanner/cli/command.h"
#include "scanner/cli/entropy_map.h"
#include "tests/support/run_program.h"

namespace dumpgate {
namespace {

constexpr std::size_t kib = 1024;

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string random_text(std::size_t size) {
  std::mt19937_64 engine(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(engine() >> 56U);
  return text;
}

// 64 KiB each of zeros, text and random bytes.
std::string sample() {
  std::string text(64 * kib, '\0');
  while (text.size() < 128 * kib) text += "She sells sea shells by the sea shore.\n";
  text.resize(128 * kib);
  return text + random_text(64 * kib);
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

// Whether Python's parser, which others wrote, takes it.
void expect_well_formed(const std::string& svg) {
  const TemporaryDirectory directory;
  const ProgramRun run =
      run_shell("python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' " +
                directory.write("x.svg", svg));
  EXPECT_EQ(run.code, 0) << run.err;
}

TEST(EntropyCommand, RefusesToOverwriteItsInputByAnyName) {
  const TemporaryDirectory directory;
  const std::string text = sample();
  const std::string input = directory.write("in", text);
  const std::string symbolic = directory.file("symbolic");
  const std::string hard = directory.file("hard");
  ASSERT_EQ(run_shell("ln -s " + input + " " + symbolic + " && ln " + input + " " + hard).code, 0);
  for (const std::string& output : {input, symbolic, hard})
    for (const std::string& arguments :
         {"entropy -o " + output + " " + input, "entropy -o " + input + " " + output,
          "entropy -o " + output + " - <" + input}) {
      const ProgramRun run = run_program(arguments);
      EXPECT_EQ(run.code, 2) << arguments;
      EXPECT_THAT(run.err, HasSubstr("would overwrite the input"));
      EXPECT_EQ(read_whole(input), text) << arguments;
    }
}

TEST(EntropyCommand, EmptiesAnOutputFileThatWasThere) {
  const TemporaryDirectory directory;
  const std::string output = directory.write("out", std::string(100'000, 'x'));
  EXPECT_EQ(run_program("entropy -o " + output + " " + directory.write("in", sample())).code, 0);
  EXPECT_EQ(read_whole(output), run_program("entropy " + directory.file("in")).out);
}

TEST(EntropyCommand, PrintsATableOfBoundedLength) {
  const TemporaryDirectory directory;
  for (const std::size_t size :
       {std::size_t{300}, std::size_t{5000}, std::size_t{16'385}, std::size_t{3'000'000}}) {
    const ProgramRun run = run_program("entropy " + directory.write("in", random_text(size)));
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_LE(lines_in(run.out), 2U + 64) << size;
    EXPECT_GE(lines_in(run.out), 2U + std::min<std::size_t>((size + 255) / 256, 32)) << size;
  }
}

TEST(EntropyCommand, TellsTheClassesApart) {
  const TemporaryDirectory directory;
  const ProgramRun run = run_program("entropy --block 64KiB --format csv " + directory.write("in", sample()));
  ASSERT_EQ(run.code, 0) << run.err;
  std::istringstream lines(run.out);
  std::string header;
  std::string zero;
  std::string text;
  std::string random;
  std::getline(lines, header);
  std::getline(lines, zero);
  std::getline(lines, text);
  std::getline(lines, random);
  EXPECT_EQ(header + "\n", entropy_csv_header());
  EXPECT_THAT(zero, StartsWith("\"raw\",0,65536,,\"\",zero,0.0000,"));
  EXPECT_THAT(text, StartsWith("\"raw\",65536,65536,,\"\",text,"));
  EXPECT_THAT(random, StartsWith("\"raw\",131072,65536,,\"\",random,7.99"));
}

TEST(EntropyCommand, WritesACsvRowForEachBlockHoweverFine) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in", random_text(100'001));
  EXPECT_EQ(lines_in(run_program("entropy -f csv --block 16 " + path).out), 1U + 6251);
  EXPECT_EQ(lines_in(run_program("entropy -f csv " + path).out), 1U + 25);
}

TEST(EntropyCommand, LooksInsideLayersAndAtPipes) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in", sample());
  const ProgramRun plain = run_program("entropy -f csv --block 4KiB " + path);
  const ProgramRun piped = run_program("entropy -f csv --block 4KiB - <" + path);
  EXPECT_EQ(piped.out, plain.out);
  ASSERT_EQ(run_shell("gzip -k " + path).code, 0);
  const ProgramRun packed = run_program("entropy -f csv --block 4KiB " + path + ".gz");
  EXPECT_EQ(packed.code, 0) << packed.err;
  // Besides the content there is the file's name, out of the gzip header.
  std::size_t rows = 0;
  for (std::size_t at = packed.out.find("\"gzip!raw\""); at != std::string::npos;
       at = packed.out.find("\"gzip!raw\"", at + 1))
    ++rows;
  EXPECT_EQ(rows, 192U / 4);
  EXPECT_THAT(packed.out, HasSubstr("\"gzip!raw\",131072,4096,,\"\",random,"));
}

TEST(EntropyCommand, WritesAPictureToAFileOfItsOwner) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in<&>.bin", sample());
  const std::string picture = directory.file("out.svg");
  const ProgramRun run = run_program("entropy -f svg -o '" + picture + "' '" + path + "'");
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(std::filesystem::status(picture).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string svg = read_whole(picture);
  expect_well_formed(svg);
  EXPECT_THAT(svg, HasSubstr("in&lt;&amp;&gt;.bin"));
  EXPECT_THAT(svg, HasSubstr("random</tspan> 33.3 %"));
}

TEST(EntropyCommand, SaysWhenSomethingCouldNotBeRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in", sample());
  ASSERT_EQ(run_shell("gzip -k " + path + " && head -c 40000 " + path + ".gz > " + path + ".cut.gz").code, 0);
  const ProgramRun cut = run_program("entropy " + path + ".cut.gz");
  EXPECT_EQ(cut.code, exit_hold);
  EXPECT_THAT(cut.err, HasSubstr("truncated"));
  EXPECT_THAT(cut.out, HasSubstr("random"));  // what could be read is shown
  EXPECT_EQ(run_program("entropy " + directory.file("absent")).code, exit_hold);
  EXPECT_EQ(run_program("entropy " + directory.file("")).code, exit_hold);
  EXPECT_EQ(run_program("entropy " + path + " >/dev/full").code, exit_internal);
  EXPECT_EQ(run_program("entropy -f svg -o /dev/full " + path).code, exit_internal);
}

TEST(EntropyCommand, RefusesWhatMakesNoSense) {
  for (const std::string arguments :
       {"--block 0 x", "--block ten x", "--block 2TiB x", "-f png x", "", "-o /nonexistent/x /dev/null"})
    EXPECT_NE(run_program("entropy " + arguments).code, 0) << arguments;
  EXPECT_EQ(run_program("entropy --block 0 x").code, exit_usage);
  EXPECT_EQ(run_program("entropy -f png x").code, exit_usage);
}

EntropyMap hostile_map() {
  EntropyMap map{.input = "</title><script>alert(1)</script>\x1b[2J\xff\"'&", .bytes_in = 8192};
  EntropyLeaf leaf{.layer = "elf-core", .bytes = 8192, .block = 4096};
  for (std::uint64_t at = 0; at < 8192; at += 4096) {
    EntropyBlock block{.offset = at, .address = 0x7fff00000000 + at, .mapping = "]]><a href='x'>\x01"};
    block.statistics.bytes = 4096;
    leaf.blocks.push_back(block);
  }
  leaf.areas.push_back({0, 5000, "/lib/<b>&amp;\xe2\x80\xae\n.so"});
  leaf.areas.push_back({5000, 8192, std::string(5000, '<')});
  map.leaves.push_back(leaf);
  return map;
}

TEST(EntropyPicture, IsWellFormedWhateverTheNames) {
  const std::string svg = entropy_picture(hostile_map());
  expect_well_formed(svg);
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("\x1b")));
  expect_well_formed(entropy_picture(EntropyMap{.input = "nothing"}));
  EntropyMap many{.input = "many", .left_out = 7};
  for (int i = 0; i < 5; ++i) many.leaves.push_back(EntropyLeaf{.layer = "raw"});
  expect_well_formed(entropy_picture(many));
}

TEST(EntropyPicture, DoesNotGrowWithTheDump) {
  EntropyMap map{.input = "large", .bytes_in = 1ULL << 40U};
  EntropyLeaf leaf{.layer = "elf-core", .bytes = 1ULL << 40U, .block = 1ULL << 28U};
  for (std::uint64_t i = 0; i < most_cells; ++i)
    leaf.blocks.push_back(
        {.offset = i << 28U, .is = static_cast<BlockClass>(i % block_classes), .address = i << 28U});
  for (std::uint64_t i = 0; i < 100'000; ++i)
    leaf.areas.push_back({i << 23U, (i + 1) << 23U, "mapping " + std::to_string(i)});
  map.leaves.push_back(std::move(leaf));
  const std::string svg = entropy_picture(map);
  EXPECT_LT(svg.size(), 300'000U);
  expect_well_formed(svg);
}

TEST(EntropyCsv, QuotesNames) {
  EntropyBlock block{.offset = 1, .address = 16, .mapping = "a,\"b\"\n"};
  block.statistics.bytes = 1;
  EXPECT_THAT(entropy_csv_row("raw", block), StartsWith("\"raw\",1,1,0x10,\"a,\"\"b\"\"\\n\",zero,"));
}

TEST(EntropyAreas, CoverAllBytesOnce) {
  LeafContent leaf;
  leaf.base = 100;
  leaf.map.mappings = {"", "[heap]"};
  const auto region = [](std::uint64_t begin, std::uint64_t size, std::uint32_t mapping) {
    return Region{.bytes = *Extent::make(begin, size), .mapping = mapping};
  };
  leaf.map.regions = {region(10, 10, 0), region(20, 10, 0), region(25, 15, 1), region(26, 2, 0),
                      region(90, 50, 1)};
  const auto areas = areas_of(leaf, 100);
  std::vector<std::string> seen;
  std::uint64_t at = 100;
  for (const EntropyArea& area : areas) {
    EXPECT_EQ(area.begin, at);
    at = area.end;
    seen.push_back(area.name);
  }
  EXPECT_EQ(at, 200U);
  EXPECT_EQ(seen, (std::vector<std::string>{"headers, notes, streams", "anonymous memory", "[heap]",
                                            "headers, notes, streams", "[heap]"}));
  EXPECT_TRUE(areas_of(LeafContent{}, 100).empty());
}

}  // namespace
}  // namespace dumpgate
