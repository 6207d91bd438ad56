// SecondPass: the hunt, after the first pass has seen every public key. The number runs of the first pass are
// kept for it within a share of --max-memory. When they do not fit, a file is read again and the hunters look
// at each window; a pipe cannot be read again, so there it is a gap.

#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "scanner/detect/anchor_scan.h"
#include "scanner/dump/region.h"
#include "scanner/engine/collector.h"
#include "scanner/engine/scan.h"
#include "scanner/hunt/hunter.h"
#include "scanner/hunt/number_runs.h"

namespace dumpgate {

// What is remembered of one leaf.
struct LeafState {
  std::string layer{};  // path with the format as its last part
  std::uint64_t base = 0;
  DumpMap map{};
  std::unique_ptr<RegionIndex> regions{};
  std::deque<RunStore> runs{};       // in order, cut into units of work
  std::deque<RunStore> seam_runs{};  // that cross a seam of memory split across the file, in units
  RunStore pointed_runs{};  // what pointers say is a shielded key; may be in `runs` too; never dropped
  bool spilled = false;     // the runs were more than memory allows, and were dropped
};

// The finding with its layer, its offset in that layer and its address.
Finding placed(Finding finding, const LeafState& state);
// The gap, found at an offset of the leaf, with its layer and its offset in that layer.
Gap placed(Gap gap, const LeafState& state);

class SecondPass {
 public:
  SecondPass(const ScanOptions& options, const AnchorScan& anchors);

  unsigned threads() const { return threads_; }
  LeafState& begin_leaf();
  // end_leaf gives back what the second pass will not need of the leaf.
  void end_leaf(LeafState& state);
  void keep(LeafState& state, const RunStore& runs);
  // keep_seam keeps runs that cross a seam; false when those of all leaves are more than memory allows, and
  // they were left out.
  bool keep_seam(LeafState& state, const RunStore& runs);
  // run hunts for all leads of the collector and adds what it finds. Units that a stop leaves out are gaps.
  void run(Input& input, Collector& collector);

 private:
  using Hunts = std::vector<std::unique_ptr<Hunt>>;
  struct Work;
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }
  void hunt_kept(const Hunts& hunts, Collector& collector);
  void hunt_spilled(const Hunts& hunts, Input& input, Collector& collector);
  // Comes last: what was found in the runs of the memory itself is no second key.
  void hunt_pointed(const Hunts& hunts, Collector& collector);
  void hunt_all(const Hunts& hunts, std::deque<Work>& work, Collector& collector);
  bool is_counted(const Finding& finding, bool pointed);
  void hunt_units(const Hunts& hunts, const LeafState& leaf, std::deque<RunStore>& units, bool last,
                  Collector& collector);
  void read_again(const Hunts& hunts, Input& input, Collector& collector);
  std::optional<Error> read_leaf(const Hunts& hunts, const LeafState& leaf, ByteStream& stream,
                                 Collector& collector);

  const ScanOptions& options_;
  const AnchorScan& anchors_;
  unsigned threads_ = 1;
  std::size_t kept_ = 0;        // bytes of runs
  std::size_t seams_kept_ = 0;  // bytes of runs that cross seams
  std::size_t mapped_ = 0;      // bytes of maps of leaves that ended
  std::deque<LeafState> leaves_{};
  std::set<std::tuple<std::string, std::uint64_t, bool>> shielded_{};  // found: layer, offset, whether cut
};

}  // namespace dumpgate
