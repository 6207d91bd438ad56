#include "scanner/engine/pipeline.h"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <deque>
#include <exception>
#include <mutex>
#include <vector>

#include "scanner/engine/handoff.h"
#include "scanner/engine/scan.h"

namespace dumpgate {
namespace {

void examine_safely(const PipelineSteps& steps, Slot& slot) noexcept {
  slot.findings.clear();
  slot.leads.clear();
  slot.shield_pointers.clear();
  slot.prekeys.clear();
  slot.gaps.clear();
  slot.runs.clear();
  slot.factors.clear();
  try {
    steps.examine(slot);
  } catch (const std::exception&) {
    slot.gaps.push_back({.reason = GapReason::internal,
                         .offset = slot.window.offset + slot.window.own_begin,
                         .length = slot.window.own_end - slot.window.own_begin,
                         .detail = "the examination of a window failed"});
  }
}

// The slots that no window is in. The one given back last is taken next: its buffer is still in the cache of
// the core that asks, because a core that ends a window reads the next one. There is always one, as no more
// windows are on their way than there are slots.
class FreeSlots {
 public:
  explicit FreeSlots(std::deque<Slot>& slots) {
    for (Slot& slot : slots) free_.push_back(&slot);
  }

  Slot& take() {
    const std::lock_guard lock(mutex_);
    Slot* const slot = free_.back();
    free_.pop_back();
    return *slot;
  }

  void give_back(Slot& slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(&slot);
  }

 private:
  std::mutex mutex_{};
  std::vector<Slot*> free_{};
};

// The serial filters of one run. oneTBB runs each on one thread at a time; handoff_* tell ThreadSanitizer so.
struct SerialEnds {
  std::optional<Error> error{};
  char input = 0;
  char output = 0;
};

Slot* read_one(const PipelineSteps& steps, FreeSlots& slots, SerialEnds& ends, tbb::flow_control& control) {
  handoff_in(&ends.input);
  Slot& slot = slots.take();
  handoff_in(&slot);
  bool more = false;
  try {
    const auto got = steps.read(slot);
    if (!got)
      ends.error = got.error();
    else
      more = *got;
  } catch (const std::exception&) {
    ends.error = Error{ErrorCode::internal, "reading failed", std::nullopt};
  }
  handoff_out(&slot);
  if (!more) slots.give_back(slot);
  handoff_out(&ends.input);
  if (more) return &slot;
  control.stop();
  return nullptr;
}

void collect_one(const PipelineSteps& steps, Slot& slot, FreeSlots& slots, SerialEnds& ends) {
  handoff_in(&ends.output);
  handoff_in(&slot);
  try {
    steps.collect(slot);
  } catch (const std::exception&) {
    ends.error = Error{ErrorCode::internal, "collecting results failed", std::nullopt};
  }
  handoff_out(&slot);
  slots.give_back(slot);
  handoff_out(&ends.output);
}

}  // namespace

void load_threading() {
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism, 1);
  tbb::task_arena arena(1);
  arena.execute([] {});
}

void on_threads(unsigned threads, const std::function<void()>& work) {
  // A control of fewer threads than there are processors would hold for every other scan of the program too.
  std::optional<tbb::global_control> more;
  if (threads > static_cast<unsigned>(tbb::info::default_concurrency()))
    more.emplace(tbb::global_control::max_allowed_parallelism, threads);
  tbb::task_arena arena(static_cast<int>(threads));
  arena.execute(work);
}

std::optional<Error> run_pipeline(const PipelineSteps& steps, const AnchorScan& anchors, unsigned threads) {
  const std::size_t live = std::size_t{threads} * 2 + 1;
  std::deque<Slot> slots;
  while (slots.size() < live) slots.emplace_back(anchors);
  FreeSlots free_slots(slots);
  SerialEnds ends;
  handoff_out(&ends.input);
  handoff_out(&ends.output);
  for (Slot& slot : slots) handoff_out(&slot);

  on_threads(threads, [&] {
    tbb::parallel_pipeline(
        live,
        tbb::make_filter<void, Slot*>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& control) {
          return read_one(steps, free_slots, ends, control);
        }) & tbb::make_filter<Slot*, Slot*>(tbb::filter_mode::parallel, [&](Slot* slot) {
          handoff_in(slot);
          examine_safely(steps, *slot);
          handoff_out(slot);
          return slot;
        }) & tbb::make_filter<Slot*, void>(tbb::filter_mode::serial_in_order, [&](Slot* slot) {
          collect_one(steps, *slot, free_slots, ends);
        }));
  });
  handoff_in(&ends.input);
  handoff_in(&ends.output);
  return ends.error;
}

}  // namespace dumpgate
