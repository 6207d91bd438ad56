// dumpgate entropy: shows where an input looks random, block by block.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/entropy_map.h"
#include "scanner/cli/leaf_visit.h"
#include "scanner/cli/output_file.h"
#include "scanner/cli/settings.h"

namespace dumpgate {
namespace {

constexpr std::uint64_t smallest_block = 256;  // in tables and pictures whose blocks we choose
constexpr std::uint64_t page = 4096;           // the block of CSV, unless another is asked for
constexpr std::size_t table_rows = 64;
constexpr std::size_t most_leaves = 32;  // in one picture
constexpr std::size_t lines_at_once = std::size_t{64} * 1024;

// What is shown, and how fine.
struct Request {
  std::string format{};
  std::uint64_t block = 0;  // 0: chosen by us
};

// Takes the statistics of each leaf. Tables and CSV are written as they come; a picture needs all of them.
class Gatherer final : public LeafVisitor {
 public:
  Gatherer(const Request& request, OutputFile& output) : request_(request), output_(output) {}

  void begin(const LeafContent& leaf) override {
    leaf_ = EntropyLeaf{.layer = leaf.layer, .base = leaf.base};
    index_ = std::make_unique<RegionIndex>(leaf.map);
    const bool csv = request_.format == "csv";
    const bool rows = request_.format == "table" && request_.block == 0;
    const std::uint64_t chosen = csv ? page : smallest_block;
    series_.emplace(
        request_.block != 0 ? request_.block : chosen,
        csv    ? 0
        : rows ? table_rows
               : most_cells,
        [this](std::uint64_t offset, const BlockStatistics& statistics) { take(offset, statistics); });
  }

  void bytes(std::span<const std::byte> piece) override { series_->add(piece); }

  void end(LeafContent& leaf, std::uint64_t size) override {
    series_->finish();
    leaf_.bytes = size;
    leaf_.block = series_->block();
    if (request_.format == "table") {
      output_.put((std::exchange(first_, false) ? "" : "\n") + entropy_table(leaf_));
    } else if (request_.format == "svg" && map_.leaves.size() < most_leaves) {
      leaf_.areas = areas_of(leaf, size);
      map_.leaves.push_back(std::move(leaf_));
    } else if (request_.format == "svg") {
      ++map_.left_out;
    } else {
      flush();
    }
    index_.reset();
  }

  EntropyMap& map() { return map_; }

 private:
  void take(std::uint64_t offset, const BlockStatistics& statistics) {
    EntropyBlock block{.offset = leaf_.base + offset, .statistics = statistics, .is = classify(statistics)};
    if (const auto place = index_->locate(offset)) {
      if (place->space != AddressSpace::none) block.address = place->address;
      block.mapping = place->mapping;
    }
    if (request_.format != "csv") {
      leaf_.blocks.push_back(std::move(block));
      return;
    }
    lines_ += entropy_csv_row(leaf_.layer, block);
    if (lines_.size() > lines_at_once) flush();
  }

  void flush() {
    output_.put(lines_);
    lines_.clear();
  }

  const Request& request_;
  OutputFile& output_;
  EntropyLeaf leaf_{};
  std::unique_ptr<RegionIndex> index_{};
  std::optional<BlockSeries> series_{};
  EntropyMap map_{};
  std::string lines_{};  // of CSV, not yet written
  bool first_ = true;
};

class EntropyCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("INPUT", input_, "dump file; '-' is standard input").required();
    app.add_option("--block", block_,
                   "bytes of a block, like 64KiB; default: 4KiB for csv, else what gives 64 rows or 4,096 "
                   "cells. Blocks are doubled when more than 4,096 would be shown other than as csv");
    app.add_option("-f,--format", request_.format, "what to print")
        .one_of({"table", "csv", "svg"})
        .shows_default("table");
    app.add_option("-o,--output", output_, "file to write; default: standard output");
    app.footer(
        "Exit codes: 0 shown whole, 2 usage, 3 some of the input could not be read, 4 internal error.");
  }

  int run() override {
    if (request_.format.empty()) request_.format = "table";
    if (!block_.empty()) {
      const auto size = parse_size(block_);
      if (!size || *size == 0 || *size > most_block)
        return fail(size ? "--block: 1 byte to 1 TiB" : size.error().message);
      request_.block = *size;
    }
    const auto input = open_input(input_, &stop_requested);
    if (!input) return fail(input.error().message, exit_hold);
    OutputFile output;
    if (const auto opened = output.open(output_, input_); !opened) return fail(opened.error().message);
    if (request_.format == "csv") output.put(entropy_csv_header());
    Gatherer gatherer(request_, output);
    const LeafVisit visit = visit_leaves(**input, Limits{}, stop_requested, gatherer);
    if (request_.format == "svg") {
      gatherer.map().input = input_;
      gatherer.map().bytes_in = visit.bytes_in;
      output.put(entropy_picture(gatherer.map()));
    }
    output.close();
    for (const Gap& gap : visit.gaps)
      if (gap.reason != GapReason::absent) write_stderr("dumpgate: " + describe(gap) + "\n");
    return visit.whole() ? 0 : exit_hold;
  }

 private:
  static constexpr std::uint64_t most_block = 1ULL << 40;

  static int fail(const std::string& message, int code = exit_usage) {
    write_stderr("dumpgate: " + printable(message) + "\n");
    return code;
  }

  std::string input_{};
  std::string block_{};
  std::string output_{};
  Request request_{};
};

constinit const CommandEntry entropy_instance{
    "entropy", "show where a dump looks random: table, CSV or picture", &make_command<EntropyCommand>};

}  // namespace

constinit const CommandEntry& entropy_command = entropy_instance;

}  // namespace dumpgate
