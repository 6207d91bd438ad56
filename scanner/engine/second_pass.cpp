#include "scanner/engine/second_pass.h"

#include <tbb/parallel_pipeline.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "scanner/engine/handoff.h"
#include "scanner/engine/pipeline.h"
#include "scanner/engine/window_stream.h"
#include "scanner/io/layers.h"

namespace dumpgate {
namespace {

// Adds runs to units of a fixed size: where one ends and the next begins depends on the runs alone.
void add_to_units(std::deque<RunStore>& units, const RunStore& runs) {
  runs.for_each([&](const NumberRun& run) {
    if (units.empty() || units.back().memory() >= HuntUnit::size) units.emplace_back();
    units.back().add(run);
  });
}

}  // namespace

// A unit and what the hunts say of it. The hunts run apart from each other: one may take longer on a unit
// than all others on all units.
struct SecondPass::Work {
  Work(const LeafState& of, const RunStore& own, const RunStore* before, const RunStore* after,
       const std::atomic<bool>* stop)
      : leaf(&of), pointed(&own == &of.pointed_runs), unit(own, before, after, stop) {}

  const LeafState* leaf;
  bool pointed;
  HuntUnit unit;
  std::vector<std::vector<Finding>> findings{};  // of each hunt
  std::atomic<std::size_t> left = 0;             // hunts that have not ended
  std::atomic<bool> failed = false;
};

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
      state.map.regions.size() * 4 * sizeof(Region) + state.map.parts.size() * 2 * sizeof(Part);
  const bool needed =
      state.spilled || !state.runs.empty() || !state.seam_runs.empty() || !state.pointed_runs.empty();
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
  add_to_units(state.runs, runs);
  kept_ += runs.memory();
}

bool SecondPass::keep_seam(LeafState& state, const RunStore& runs) {
  if (seams_kept_ + runs.memory() > options_.limits.max_memory / 16) return false;
  add_to_units(state.seam_runs, runs);
  seams_kept_ += runs.memory();
  return true;
}

void SecondPass::run(Input& input, Collector& collector) {
  if (options_.progress != nullptr) options_.progress->pass = 2;
  Hunts hunts;
  for (const Hunter* hunter : all_hunters())
    if (auto hunt = hunter->prepare(collector.leads())) hunts.push_back(std::move(hunt));
  if (hunts.empty()) return;
  hunt_kept(hunts, collector);
  hunt_spilled(hunts, input, collector);
  hunt_pointed(hunts, collector);
}

void SecondPass::hunt_spilled(const Hunts& hunts, Input& input, Collector& collector) {
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
  std::deque<Work> work;
  for (const LeafState& leaf : leaves_)
    for (const auto* units : {&leaf.runs, &leaf.seam_runs})
      for (std::size_t i = 0; i < units->size(); ++i)
        work.emplace_back(leaf, (*units)[i], i > 0 ? &(*units)[i - 1] : nullptr,
                          i + 1 < units->size() ? &(*units)[i + 1] : nullptr, options_.stop);
  hunt_all(hunts, work, collector);
}

void SecondPass::hunt_pointed(const Hunts& hunts, Collector& collector) {
  std::deque<Work> work;
  for (const LeafState& leaf : leaves_)
    if (!leaf.pointed_runs.empty())
      work.emplace_back(leaf, leaf.pointed_runs, nullptr, nullptr, options_.stop);
  hunt_all(hunts, work, collector);
}

// Whether the finding was counted already: pointers name memory that the other runs may show too, and of
// which they say no more than that a shielded key lies there.
bool SecondPass::is_counted(const Finding& finding, bool pointed) {
  if (finding.representation != "openssh-shielded") return pointed;
  return !shielded_.emplace(finding.layer, finding.offset, finding.cut).second && pointed;
}

void SecondPass::hunt_all(const Hunts& hunts, std::deque<Work>& work, Collector& collector) {
  for (Work& one : work) {
    one.findings.resize(hunts.size());
    one.left = hunts.size();
    handoff_out(&one);
  }
  const auto hunt_one = [&](Work& one, std::size_t hunt) noexcept {
    handoff_in(&one);
    try {
      if (!one.unit.stopped()) hunts[hunt]->examine(one.unit, one.findings[hunt]);
    } catch (const std::exception&) {
      one.failed = true;
    }
    if (--one.left == 0) one.unit.forget_words();
    handoff_out(&one);
  };
  // Taken one by one in order, so that no more units are under way, with their words, than there are threads.
  const std::size_t tasks = work.size() * hunts.size();
  std::size_t next = 0;
  const auto next_task = [&](tbb::flow_control& control) {
    handoff_in(&next);
    const std::size_t task = next;
    if (task == tasks)
      control.stop();
    else
      ++next;
    handoff_out(&next);
    return task;
  };
  handoff_out(&next);
  on_threads(threads_, [&] {
    tbb::parallel_pipeline(
        threads_, tbb::make_filter<void, std::size_t>(tbb::filter_mode::serial_in_order, next_task) &
                      tbb::make_filter<std::size_t, void>(tbb::filter_mode::parallel, [&](std::size_t task) {
                        handoff_in(&next);
                        hunt_one(work[task / hunts.size()], task % hunts.size());
                      }));
  });
  handoff_in(&next);
  for (Work& one : work) {
    handoff_in(&one);
    for (std::vector<Finding>& found : one.findings)
      for (Finding& each : found) {
        Finding finding = placed(std::move(each), *one.leaf);
        if (!is_counted(finding, one.pointed)) collector.add(std::move(finding));
      }
    const auto gap = [&](GapReason reason, std::string detail) {
      collector.add(Gap{.reason = reason, .layer = one.leaf->layer, .detail = std::move(detail)});
    };
    if (one.failed) gap(GapReason::internal, "the hunt failed");
    if (one.unit.was_stopped()) gap(GapReason::limit, "stopped by a signal");
    if (one.unit.has_left_out()) gap(GapReason::limit, "more numbers or keys than the hunt tries");
  }
}

// Hunts in the units that are complete and have their neighbours, all of them at the `last` call, and drops
// what is not needed any more. The first unit is the neighbour before, examined already, unless it is the
// only call.
void SecondPass::hunt_units(const Hunts& hunts, const LeafState& leaf, std::deque<RunStore>& units, bool last,
                            Collector& collector) {
  std::deque<Work> work;
  const std::size_t end = last ? units.size() : units.size() - 1;
  for (std::size_t i = 1; i < end; ++i)
    work.emplace_back(leaf, units[i], &units[i - 1], i + 1 < units.size() ? &units[i + 1] : nullptr,
                      options_.stop);
  hunt_all(hunts, work, collector);
  while (units.size() > 2) units.pop_front();
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
    if (const auto error = read_leaf(hunts, leaf, *(*again)->stream, collector))
      collector.add(Gap{.reason = gap_reason(error->code),
                        .layer = leaf.layer,
                        .offset = leaf.base,
                        .detail = error->message});
  }
  if (input.changed())
    collector.add(Gap{.reason = GapReason::io, .detail = "the input changed between two readings"});
}

// Forms the runs of one leaf anew and hunts in them as they come.
std::optional<Error> SecondPass::read_leaf(const Hunts& hunts, const LeafState& leaf, ByteStream& stream,
                                           Collector& collector) {
  WindowStream windows(stream, options_.window);
  std::deque<RunStore> units(1);  // the first unit has no neighbour before: an empty one
  const std::size_t enough = std::size_t{threads_} * 4 + 2;
  const PipelineSteps steps{.read = [&](Slot& slot) -> Result<bool> {
                              if (stopped())
                                return Error{ErrorCode::limit, "stopped by a signal", std::nullopt};
                              auto more = windows.next(slot.buffer, slot.window);
                              slot.window.regions = leaf.regions.get();
                              slot.window.signatures = options_.signatures;
                              return more;
                            },
                            .examine =
                                [&](Slot& slot) {
                                  slot.read_alignment();
                                  gather_runs(slot.window, slot.runs);
                                },
                            .collect =
                                [&](Slot& slot) {
                                  if (units.size() == 1 && !slot.runs.empty()) units.emplace_back();
                                  add_to_units(units, slot.runs);
                                  if (units.size() >= enough)
                                    hunt_units(hunts, leaf, units, false, collector);
                                  for (Gap& gap : slot.gaps) collector.add(placed(std::move(gap), leaf));
                                }};
  auto error = run_pipeline(steps, anchors_, threads_);
  hunt_units(hunts, leaf, units, true, collector);
  return error;
}

}  // namespace dumpgate
