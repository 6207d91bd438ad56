#include "scanner/engine/second_pass.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "scanner/engine/handoff.h"
#include "scanner/engine/pipeline.h"
#include "scanner/engine/window_stream.h"
#include "scanner/io/layers.h"

namespace dumpgate {
namespace {

constexpr std::size_t store_size = 1 << 20;  // bytes of runs in one unit of work

struct Work {
  const LeafState* leaf = nullptr;
  const RunStore* runs = nullptr;
  std::vector<Finding> findings{};
  bool failed = false;
};

void hunt_one(const std::vector<std::unique_ptr<Hunt>>& hunts, Work& work) noexcept {
  try {
    for (const auto& hunt : hunts) hunt->examine(*work.runs, work.findings);
  } catch (const std::exception&) {
    work.failed = true;
  }
}

}  // namespace

Finding placed(Finding finding, const LeafState& state) {
  if (const auto place = state.regions->locate(finding.offset)) {
    if (place->space != AddressSpace::none) {
      finding.address_space = place->space == AddressSpace::virtual_memory ? "virtual" : "physical";
      finding.address = place->address;
    }
    finding.mapping = place->mapping;
  }
  finding.layer = state.layer;
  finding.offset += state.base;
  return finding;
}

Gap placed(Gap gap, const LeafState& state) {
  gap.layer = state.layer;
  gap.offset += state.base;
  return gap;
}

SecondPass::SecondPass(const ScanOptions& options, const AnchorScan& anchors)
    : options_(options), anchors_(anchors) {
  threads_ = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

LeafState& SecondPass::begin_leaf() { return leaves_.emplace_back(); }

void SecondPass::end_leaf(LeafState& state) {
  const std::size_t size =
      state.map.regions.size() * 3 * sizeof(Region) + state.map.parts.size() * 2 * sizeof(Part);
  const bool needed = state.spilled || !state.runs.empty() || !state.seam_runs.empty();
  // Without its map a leaf's later findings have no addresses; the spilled ones need it for alignment.
  if (needed && (state.spilled || mapped_ + size <= options_.limits.max_memory / 8)) {
    mapped_ += size;
    return;
  }
  state.regions.reset();
  state.map = DumpMap{.format = state.map.format};
  state.regions = std::make_unique<RegionIndex>(state.map);
}

void SecondPass::keep(LeafState& state, const RunStore& runs) {
  if (state.spilled || runs.empty()) return;
  if (kept_ + runs.memory() > options_.limits.max_memory / 4) {
    for (const RunStore& store : state.runs) kept_ -= store.memory();
    state.runs.clear();
    state.spilled = true;
    return;
  }
  if (state.runs.empty() || state.runs.back().memory() >= store_size) state.runs.emplace_back();
  state.runs.back().append(runs);
  kept_ += runs.memory();
}

void SecondPass::run(Input& input, Collector& collector) {
  if (options_.progress != nullptr) options_.progress->pass = 2;
  Hunts hunts;
  for (const Hunter* hunter : all_hunters())
    if (auto hunt = hunter->prepare(collector.leads())) hunts.push_back(std::move(hunt));
  if (hunts.empty()) return;
  hunt_kept(hunts, collector);
  if (std::ranges::none_of(leaves_, &LeafState::spilled)) return;
  if (input.view() != nullptr) {
    read_again(hunts, input, collector);
    return;
  }
  for (const LeafState& leaf : leaves_)
    if (leaf.spilled)
      collector.add(Gap{.reason = GapReason::limit,
                        .layer = leaf.layer,
                        .offset = leaf.base,
                        .detail = "more numbers to try than memory holds, and a pipe cannot be read again: "
                                  "give the file, or more --max-memory"});
}

void SecondPass::hunt_kept(const Hunts& hunts, Collector& collector) {
  std::vector<Work> work;
  for (const LeafState& leaf : leaves_) {
    for (const RunStore& store : leaf.runs) work.push_back({.leaf = &leaf, .runs = &store});
    if (!leaf.seam_runs.empty()) work.push_back({.leaf = &leaf, .runs = &leaf.seam_runs});
  }
  for (Work& one : work) handoff_out(&one);
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism, threads_);
  tbb::task_arena arena(static_cast<int>(threads_));
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, work.size(), [&](std::size_t i) {
      handoff_in(&work[i]);
      hunt_one(hunts, work[i]);
      handoff_out(&work[i]);
    });
  });
  for (Work& one : work) {
    handoff_in(&one);
    for (Finding& finding : one.findings) collector.add(placed(std::move(finding), *one.leaf));
    if (one.failed)
      collector.add(
          Gap{.reason = GapReason::internal, .layer = one.leaf->layer, .detail = "the hunt failed"});
  }
}

void SecondPass::read_again(const Hunts& hunts, Input& input, Collector& collector) {
  LayerWalk walk(input, options_.limits, [](std::span<const std::byte>) {});
  for (const LeafState& leaf : leaves_) {
    const auto again = walk.next();
    if (!again || !again->has_value()) {
      collector.add(Gap{.reason = GapReason::io,
                        .layer = leaf.layer,
                        .offset = leaf.base,
                        .detail = "the input changed between two readings"});
      return;
    }
    if (!leaf.spilled) continue;
    WindowStream windows(*(*again)->stream, options_.window);
    const PipelineSteps steps{.read = [&](Slot& slot) -> Result<bool> {
                                if (options_.stop != nullptr && options_.stop->load())
                                  return Error{ErrorCode::limit, "stopped by a signal", std::nullopt};
                                auto more = windows.next(slot.buffer, slot.window);
                                slot.window.regions = leaf.regions.get();
                                slot.window.signatures = options_.signatures;
                                return more;
                              },
                              .examine =
                                  [&](Slot& slot) {
                                    gather_runs(slot.window, slot.runs);
                                    for (const auto& hunt : hunts) hunt->examine(slot.runs, slot.findings);
                                  },
                              .collect =
                                  [&](Slot& slot) {
                                    for (Finding& finding : slot.findings)
                                      collector.add(placed(std::move(finding), leaf));
                                    for (Gap& gap : slot.gaps) collector.add(placed(std::move(gap), leaf));
                                  }};
    if (const auto error = run_pipeline(steps, anchors_, threads_))
      collector.add(Gap{.reason = gap_reason(error->code),
                        .layer = leaf.layer,
                        .offset = leaf.base,
                        .detail = error->message});
  }
  if (input.changed())
    collector.add(Gap{.reason = GapReason::io, .detail = "the input changed between two readings"});
}

}  // namespace dumpgate
