// Dumps of real software, which no repository can hold. They are looked for beside the source tree (or where
// the environment variable DUMPGATE_SHARED says) and listed in dumps/MANIFEST.tsv: path, kind, ...

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "scanner/io/input.h"
#include "scanner/io/layers.h"
#include "tests/support/byte_writer.h"
#include "tests/support/dump_maps.h"
#include "tests/support/effort.h"

namespace dumpgate {
namespace {

using namespace dumpgate::support;
namespace fs = std::filesystem;

struct Sample {
  fs::path path{};
  std::string kind{};
};

// Samples that are known to be cut or damaged by their authors, or too small for what they claim.
const std::set<std::string> not_whole{
    "vmcore-amd64-full.bz2", "aarch64-freebsd-multithread.core", "x86-32-freebsd-multithread.core",
    "x86-32-freebsd.core",   "x86-32-linux-multithread.core",    "x86-32-linux.core",
    "x86-32-netbsd.core",    "x86-32-netbsd-multithread.core",   "x86-64-freebsd-multithread.core",
    "x86-64-freebsd.core",   "x86-64-linux-multithread.core",    "x86-64-linux.core",
    "x86-64-netbsd.core",    "x86-64-netbsd-multithread.core",   "linux_executable_stack.dmp",
    "invalid-range.dmp",     "invalid-record-count.dmp",
};

std::vector<Sample> samples() {
  const char* variable = std::getenv("DUMPGATE_SHARED");
  const fs::path dumps =
      (variable != nullptr ? fs::path(variable) : fs::path(DUMPGATE_SOURCE_DIR) / ".." / "shared") / "dumps";
  std::vector<Sample> found;
  std::ifstream manifest(dumps / "MANIFEST.tsv");
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream fields(line);
    std::string path;
    std::string kind;
    if (std::getline(fields, path, '\t') && std::getline(fields, kind, '\t') && path != "path")
      found.push_back({.path = dumps / path, .kind = kind});
  }
  return found;
}

// The name of the format that a kind of the manifest must be opened with; empty for kinds that are not ours.
std::string format_of(const Sample& sample) {
  if (sample.kind.starts_with("elf-core") || sample.path.filename() == "vmcore-amd64-full.bz2")
    return "elf-core";
  return sample.kind == "minidump" ? "minidump" : "";
}

bool is_plain(const Sample& sample) {
  return sample.kind == "elf-core" || sample.kind == "elf-core(go)" || sample.kind == "minidump";
}

Bytes content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::uint64_t length_of(ByteStream& stream) {
  std::vector<std::byte> buffer(1 << 20);
  std::uint64_t length = 0;
  for (;;) {
    const auto got = stream.read(buffer);
    if (!got || *got == 0) return length;
    length += *got;
  }
}

TEST(RealDumps, OpenWithTheirFormatAndAreWholeUnlessKnownNotToBe) {
  const std::vector<Sample> all = samples();
  if (all.empty()) GTEST_SKIP() << "no real dumps beside the source tree";
  std::size_t opened = 0;
  for (const Sample& sample : all) {
    const std::string format = format_of(sample);
    if (format.empty()) continue;
    SCOPED_TRACE(sample.path.string());
    const auto input = open_input(sample.path.string());
    ASSERT_TRUE(input) << input.error().message;
    LayerWalk walk(**input, {}, [](std::span<const std::byte>) {});
    const auto leaf = walk.next();
    ASSERT_TRUE(leaf && leaf->has_value());
    const DumpMap map = read_map(*(*leaf)->view, {});
    const std::uint64_t size = length_of(*(*leaf)->stream);
    EXPECT_EQ(map.format, format);
    ++opened;
    const bool whole = !not_whole.contains(sample.path.filename().string());
    EXPECT_EQ(is_clean(map, size), whole);
    if (!whole) continue;
    for (const Region& region : map.regions) EXPECT_LE(region.bytes.end(), size);
    for (const Part& part : map.parts) EXPECT_LE(part.bytes.end(), size);
  }
  EXPECT_GE(opened, 100U);
}

TEST(RealDumps, AreNoticedWhenCutAnywhere) {
  const std::vector<Sample> all = samples();
  if (all.empty()) GTEST_SKIP() << "no real dumps beside the source tree";
  for (const Sample& sample : all) {
    if (!is_plain(sample)) continue;
    SCOPED_TRACE(sample.path.string());
    Bytes bytes = content_of(sample.path);
    const DumpMap whole = map_of(bytes);
    // An editor added a line feed to some of Breakpad's samples: no structure explains it.
    if (bytes.size() == whole.promised_end + 1 && bytes.back() == std::byte{'\n'}) bytes.pop_back();
    EXPECT_GE(whole.promised_end, bytes.size());
    const std::size_t step = bytes.size() / effort(150, 12) + 1;
    for (std::size_t size = 1; size<bytes.size(); size += bytes.size() - size> effort(40, 12) ? step : 1)
      EXPECT_FALSE(is_clean(map_of(std::span(bytes).first(size)), size)) << "cut to " << size;
  }
}

}  // namespace
}  // namespace dumpgate
