// Hunter: finds one kind of private key by its relation to a public number. It works on number runs, after
// all public keys of the dump are known (the second pass). The one rule: a hunter reports nothing that
// arithmetic on the whole numbers did not confirm, so every hit is evidence `proof`.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/hunt/leads.h"
#include "scanner/hunt/number_runs.h"
#include "scanner/hunt/word_index.h"
#include "scanner/proof/finding.h"

namespace dumpgate {

// A piece of the dump's number runs, cut by the bytes alone. A relation to a known number needs only the
// unit's own runs; one between two numbers of the dump may look at the neighbours, so that it reaches as far
// at a unit's end as inside it.
//
// Several hunts may look at one unit at once; forget_words is for when all of them have ended. A hunt that
// does not try all it should says so here, and the dump is held.
class HuntUnit {
 public:
  static constexpr std::size_t size = 1 << 20;  // bytes of runs

  // `stop` may be null; a signal sets it.
  explicit HuntUnit(const RunStore& own, const RunStore* before = nullptr, const RunStore* after = nullptr,
                    const std::atomic<bool>* stop = nullptr)
      : own_(&own), before_(before), after_(after), stop_(stop) {}

  const RunStore& own() const { return *own_; }
  // each_run calls f(NumberRun) for the unit's own runs, until a stop.
  template <typename F>
  void each_run(F&& f) {
    own_->for_each([&](const NumberRun& run) {
      if (!stopped()) f(run);
    });
  }
  // The unit's runs and its neighbours', which may be null.
  std::array<const RunStore*, 3> near() const { return {before_, own_, after_}; }
  // The numbers of the unit and of its neighbours; made at the first call.
  const WordIndex& words() {
    std::call_once(made_, [this] { words_.emplace({before_, own_, after_}); });
    return *words_;
  }
  // forget_words gives the index's memory back: there may be many units. words() may not follow.
  void forget_words() { words_.reset(); }

  // Whether to leave the rest of the unit: asked now and then by a hunt that may take long on it.
  bool stopped() {
    if (stop_ == nullptr || !stop_->load()) return false;
    was_stopped_ = true;
    return true;
  }
  bool was_stopped() const { return was_stopped_; }
  // A limit was reached, by what the runs and leads are and not by time.
  void leave_out() { has_left_out_ = true; }
  bool has_left_out() const { return has_left_out_; }

 private:
  const RunStore* own_;
  const RunStore* before_;
  const RunStore* after_;
  const std::atomic<bool>* stop_;
  std::atomic<bool> was_stopped_ = false;
  std::atomic<bool> has_left_out_ = false;
  std::once_flag made_{};
  std::optional<WordIndex> words_{};
};

// NumberSearch: one hunt's look-ups among the numbers of a unit and of its neighbours. Where they take too
// long they end, and the unit says so: each hunt's alone, so that what it finds depends on no other. One
// thread; the unit outlives it.
class NumberSearch {
 public:
  explicit NumberSearch(HuntUnit& unit) : unit_(unit) {}

  // Whether `needle`, of at least 16 bytes, lies there as it is.
  bool holds(std::span<const std::byte> needle) {
    const bool found = unit_.words().find(needle, places_).has_value();
    if (places_ > WordIndex::most_places) unit_.leave_out();
    return found;
  }

 private:
  HuntUnit& unit_;
  std::uint64_t places_ = 0;
};

// What is looked for, prepared once for a set of leads. const means shared by all threads.
class Hunt {
 public:
  virtual ~Hunt() = default;
  // examine adds a finding for each hit whose private number lies in unit.own(); offset and length are in the
  // runs' layer, everything about layers and addresses is left to the engine. Findings depend only on the
  // runs, and come in their order.
  virtual void examine(HuntUnit& unit, std::vector<Finding>& findings) const = 0;
};

class Hunter {
 public:
  virtual ~Hunter() = default;
  virtual std::string_view name() const noexcept = 0;
  // The representations it recognises, as reports name them: "limbs-le64".
  virtual std::span<const std::string_view> representations(const PublicKey& key) const noexcept = 0;
  // prepare returns nothing when there is nothing to look for: no lead of its kind, and the kind needs one.
  virtual std::unique_ptr<Hunt> prepare(const LeadSet& leads) const = 0;
};

// The hunters, one for each file of scanner/hunt/hunters/; the build lists the folder.
std::span<const Hunter* const> all_hunters();

}  // namespace dumpgate
