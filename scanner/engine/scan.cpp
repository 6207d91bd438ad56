#include "scanner/engine/scan.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "scanner/base/hex.h"
#include "scanner/detect/anchor_scan.h"
#include "scanner/detect/detector.h"
#include "scanner/dump/format.h"
#include "scanner/engine/collector.h"
#include "scanner/engine/pipeline.h"
#include "scanner/engine/pointed_shields.h"
#include "scanner/engine/second_pass.h"
#include "scanner/engine/stitches.h"
#include "scanner/engine/window_stream.h"
#include "scanner/hunt/factor_join.h"
#include "scanner/hunt/rsa_targets.h"
#include "scanner/io/digest.h"

namespace dumpgate {
namespace {

// A window yields at most this many candidates; more is a gap. Honest dumps stay far below.
constexpr std::size_t candidates_per_window = 8192;

// An input of more parts than this (members of ever other codecs) is held: each part costs a start of the
// pipeline.
constexpr std::size_t most_leaves = 10'000;

std::string joined(const std::string& path, const std::string& format) {
  return path.empty() ? format : path + "!" + format;
}

std::uint64_t covered(const DumpMap& map) {
  std::uint64_t bytes = 0;
  std::uint64_t end = 0;
  for (const Region& region : map.regions) {
    const std::uint64_t begin = std::max(region.bytes.begin(), end);
    if (region.bytes.end() > begin) bytes += region.bytes.end() - begin;
    end = std::max(end, region.bytes.end());
  }
  return bytes;
}

// The examination of one input: the first pass leaf by leaf, then the second.
class Examination {
 public:
  Examination(Input& input, const ScanOptions& options, const AnchorScan& anchors)
      : input_(input), options_(options), anchors_(anchors), second_(options, anchors) {
    for (const NamedPublicKey& key : options.protect) collector_.add(key);
    collector_.name_secrets(options.site_key);
  }

  ScanRecord run() {
    ScanRecord record;
    record.input = input_.name();
    record.signatures_sha256 = options_.signatures->sha256();
    Sha256 hash;
    LayerWalk walk(input_, options_.limits, [&](std::span<const std::byte> bytes) { hash.update(bytes); });
    const bool read_whole = first_pass(walk, record);
    if (options_.progress != nullptr) options_.progress->bytes_in = walk.bytes_in();
    for (const Gap& gap : walk.gaps()) collector_.add(gap);
    record.bytes_in = walk.bytes_in();
    record.layers = walk.layers();
    if (read_whole) {
      record.size = walk.bytes_in();
      record.sha256 = to_hex(hash.finish());
    }
    if (options_.hunt) second_.run(input_, collector_);
    collector_.settle();
    record.public_keys = collector_.public_keys_seen();
    record.findings = collector_.take_findings();
    record.protected_keys = protected_keys(record.findings);
    record.gaps = collector_.take_gaps();
    record.examined = read_whole && !stopped();
    return record;
  }

 private:
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  // Whether every byte of the input was read.
  bool first_pass(LayerWalk& walk, ScanRecord& record) {
    for (;;) {
      const auto leaf = walk.next();
      if (!leaf) {
        collector_.add(Gap{.reason = gap_reason(leaf.error().code), .detail = leaf.error().message});
        return false;
      }
      if (!leaf->has_value()) break;
      if (record.images.size() >= most_leaves) {
        collector_.add(Gap{
            .reason = GapReason::limit, .layer = (*leaf)->path, .detail = "more parts than are examined"});
        return false;
      }
      examine_leaf(walk, **leaf, record);
      if (stopped()) {
        collector_.add(Gap{.reason = GapReason::limit, .detail = "stopped by a signal"});
        return false;
      }
    }
    return std::ranges::none_of(walk.gaps(), [](const Gap& gap) { return gap.reason == GapReason::io; });
  }

  void examine_leaf(LayerWalk& walk, const Leaf& leaf, ScanRecord& record) {
    LeafState& state = second_.begin_leaf();
    if (leaf.tail)
      state.map.format = "raw";
    else
      state.map = read_map(*leaf.view, options_.limits);
    state.layer = joined(leaf.path, state.map.format);
    state.base = leaf.base;
    state.regions = std::make_unique<RegionIndex>(state.map);
    join_.forget();
    pointed_.begin_layer();

    WindowStream windows(*leaf.stream, options_.window);
    Stitches stitches(state.map, options_.limits.max_memory / 8);
    const auto error = run_pipeline(steps(walk, windows, stitches, state), anchors_, second_.threads());
    if (error)
      collector_.add(Gap{.reason = gap_reason(error->code),
                         .layer = state.layer,
                         .offset = state.base + windows.position(),
                         .detail = error->message});
    examine_stitches(stitches, state);
    close_leaf(state, windows.position(), record);
  }

  PipelineSteps steps(LayerWalk& walk, WindowStream& windows, Stitches& stitches, LeafState& state) {
    return {.read = [this, &walk, &windows, &state](Slot& slot) -> Result<bool> {
              if (stopped()) return false;
              auto more = windows.next(slot.buffer, slot.window);
              slot.window.regions = state.regions.get();
              slot.window.signatures = options_.signatures;
              if (options_.progress != nullptr) options_.progress->bytes_in = walk.bytes_in();
              return more;
            },
            .examine =
                [this](Slot& slot) {
                  examine_window(slot);
                  if (options_.tap != nullptr) options_.tap->see(slot.window);
                  if (!options_.hunt) return;
                  gather_runs(slot.window, slot.runs);
                  slot.factors = factor_candidates(slot.runs);
                },
            .collect =
                [this, &stitches, &state](Slot& slot) {
                  stitches.show(slot.window);
                  collect(slot, state);
                  if (options_.progress != nullptr) {
                    options_.progress->bytes_examined += slot.window.own_end - slot.window.own_begin;
                    options_.progress->findings = collector_.findings();
                  }
                }};
  }

  void examine_window(Slot& slot) const {
    slot.window.site_key = options_.site_key;
    slot.read_alignment();
    CandidateSink sink(candidates_per_window);
    const auto scanned = anchors_.scan(slot.window, slot.scratch, sink);
    const auto gap = [&](GapReason reason, std::string detail) {
      slot.gaps.push_back({.reason = reason,
                           .offset = slot.window.offset + slot.window.own_begin,
                           .length = slot.window.own_end - slot.window.own_begin,
                           .detail = std::move(detail)});
    };
    if (!scanned) gap(GapReason::internal, "the matcher failed");
    if (sink.full()) gap(GapReason::limit, "more candidates in one window than are examined");
    for (const Candidate& candidate : sink.found()) {
      if (stopped()) return gap(GapReason::limit, "stopped by a signal");
      Judgement judgement = prove(slot.window, candidate);
      if (judgement.finding) slot.findings.push_back(std::move(*judgement.finding));
      std::ranges::move(judgement.leads, std::back_inserter(slot.leads));
      if (judgement.shield_pointers) slot.shield_pointers.push_back(*judgement.shield_pointers);
      if (candidate.form == Form::shield_prekey) slot.prekeys.push_back(slot.window.offset + candidate.begin);
    }
  }

  void collect(Slot& slot, LeafState& state) {
    if (options_.hunt) {
      join_.take(std::move(slot.factors), {slot.findings, slot.leads, slot.gaps});
      second_.keep(state, slot.runs);
      pointed_.take(slot.window, std::move(slot.shield_pointers), slot.prekeys,
                    {slot.leads, state.pointed_runs, slot.gaps});
    }
    for (Finding& finding : slot.findings) collector_.add(placed(std::move(finding), state));
    for (const Lead& lead : slot.leads) collector_.add(lead);
    for (Gap& gap : slot.gaps) collector_.add(placed(std::move(gap), state));
  }

  // Windows that put together what is neighbouring memory and lies apart in the file.
  void examine_stitches(Stitches& stitches, LeafState& state) {
    Slot slot(anchors_);
    RunStore seam_runs;
    bool left_out = stitches.overflowed();
    while (!stopped() && stitches.next(slot.buffer, slot.window)) {
      slot.findings.clear();
      slot.leads.clear();
      slot.gaps.clear();
      slot.window.signatures = options_.signatures;
      examine_window(slot);
      show_seam(stitches, slot.window);
      for (Finding& finding : slot.findings)
        if (stitches.spans_seam(finding.offset, finding.length))
          collector_.add(placed(std::move(finding), state));
      for (const Lead& lead : slot.leads) collector_.add(lead);
      for (Gap& gap : slot.gaps) collector_.add(placed(std::move(gap), state));
      if (!options_.hunt) continue;
      slot.runs.clear();
      seam_runs.clear();
      gather_runs(slot.window, slot.runs);
      slot.runs.for_each([&](const NumberRun& run) {
        if (stitches.spans_seam(run.offset, run.length(run.words.size() * 8))) seam_runs.add(run);
      });
      left_out = !second_.keep_seam(state, seam_runs) || left_out;
    }
    if (left_out)
      collector_.add(Gap{.reason = GapReason::limit,
                         .layer = state.layer,
                         .detail = "more memory is split across the file than can be put together"});
  }

  void show_seam(const Stitches& stitches, const Window& window) const {
    if (options_.tap == nullptr) return;
    Window before = window;
    before.own_end = stitches.seam();
    options_.tap->see_seam(before);
  }

  void close_leaf(LeafState& state, std::uint64_t bytes, ScanRecord& record) {
    if (state.map.promised_end > bytes)
      collector_.add(Gap{.reason = GapReason::truncated,
                         .layer = state.layer,
                         .offset = state.base + bytes,
                         .length = state.map.promised_end - bytes,
                         .detail = "the dump ends before its headers say"});
    for (const Gap& gap : state.map.gaps) collector_.add(placed(gap, state));
    record.bytes_examined += bytes;
    record.images.push_back({.layer = state.layer,
                             .base = state.base,
                             .bytes = bytes,
                             .regions = state.map.regions.size(),
                             .region_bytes = covered(state.map),
                             .word_bits = state.map.word_bits,
                             .big_endian = state.map.order == ByteOrder::big});
    second_.end_leaf(state);
  }

  // The names of the RSA keys that are looked for by pairs of factors alone.
  std::set<std::string> sought_by_pairs() const {
    std::set<std::string> names;
    for (const auto& [limbs, targets] : rsa_targets(collector_.leads()))
      for (const KnownKey* known : targets.together) names.insert(known->key.sha256);
    return names;
  }

  std::vector<ProtectedKeyRecord> protected_keys(const std::vector<Finding>& findings) const {
    const std::set<std::string> by_pairs = sought_by_pairs();
    std::vector<ProtectedKeyRecord> records;
    for (const NamedPublicKey& key : options_.protect) {
      std::set<std::string> forms{"der", "openssh", "pem"};
      const bool paired = by_pairs.contains(key.key.sha256);
      if (options_.hunt)
        for (const Hunter* hunter : all_hunters())
          for (const std::string_view form : hunter->representations(key.key))
            forms.insert(std::string(form) + (paired ? " (p with q)" : ""));
      const bool found = std::ranges::any_of(
          findings, [&](const Finding& f) { return f.public_key_sha256 == key.key.sha256; });
      records.push_back({key.name, key.key.sha256, found, {forms.begin(), forms.end()}});
    }
    return records;
  }

  Input& input_;
  const ScanOptions& options_;
  const AnchorScan& anchors_;
  Collector collector_{};
  FactorJoin join_{};
  PointedShields pointed_{};
  SecondPass second_;
};

}  // namespace

ScanRecord scan(Input& input, const ScanOptions& options) {
  try {
    // The detectors are the program's own: their anchors are compiled once, for all inputs and threads.
    static const auto anchors = AnchorScan::compile(all_detectors());
    if (anchors) return Examination(input, options, **anchors).run();
    ScanRecord record;
    record.input = input.name();
    record.gaps.push_back({.reason = GapReason::internal, .detail = anchors.error().message});
    return record;
  } catch (const std::exception&) {
    // Out of memory, or a defect. Nothing is known, so nothing may leave.
    ScanRecord record;
    record.input = input.name();
    record.gaps.push_back({.reason = GapReason::internal, .detail = "the examination failed"});
    return record;
  }
}

}  // namespace dumpgate
