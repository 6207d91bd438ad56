// Runs detectors over bytes: in one window, or cut into many as the engine does it.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scanner/detect/anchor_scan.h"
#include "scanner/detect/signature.h"
#include "tests/support/windows.h"

namespace dumpgate::testing_support {

inline const SignatureSet& builtin_signatures() {
  static const SignatureSet set = [] {
    auto built = SignatureSet::builtin();
    EXPECT_TRUE(built) << (built ? "" : built.error().message);
    return built ? std::move(*built) : SignatureSet();
  }();
  return set;
}

// Compiling takes longer than most scans of a test.
inline const AnchorScan& scan_for(std::span<const Detector* const> detectors) {
  static std::map<std::vector<const Detector*>, std::unique_ptr<AnchorScan>> scans;
  auto& scan = scans[{detectors.begin(), detectors.end()}];
  if (!scan) {
    auto compiled = AnchorScan::compile(detectors);
    EXPECT_TRUE(compiled);
    scan = std::move(*compiled);
  }
  return *scan;
}

// What `detectors` find in `bytes`, seen through windows of `own` bytes; offsets are those in `bytes`. 0: one
// window.
inline std::vector<Candidate> find_through_windows(std::span<const Detector* const> detectors,
                                                   std::string_view bytes, std::size_t own = 0) {
  const AnchorScan& scan = scan_for(detectors);
  AnchorScan::Scratch scratch(scan);
  std::vector<Candidate> found;
  const std::size_t step = own == 0 ? std::max<std::size_t>(bytes.size(), 1) : own;
  test::through_windows(std::as_bytes(std::span(bytes)), step, [&](Window& window) {
    window.signatures = &builtin_signatures();
    CandidateSink sink(1'000'000);
    EXPECT_TRUE(scan.scan(window, scratch, sink));
    for (Candidate& each : sink.found()) {
      EXPECT_LE(each.begin + each.size, window.bytes.size());
      if (each.payload.empty() && each.form != Form::none) {
        each.payload = secret_copy(window.bytes.subspan(each.begin, each.size));
      }
      each.begin += window.offset;
      found.push_back(std::move(each));
    }
  });
  return found;
}

inline std::vector<Candidate> find_with(const Detector& detector, std::string_view bytes,
                                        std::size_t own = 0) {
  const Detector* const list[] = {&detector};
  return find_through_windows(list, bytes, own);
}

// Everything of a candidate that a report could show, to compare two runs.
inline auto summary(const Candidate& each) {
  return std::tuple(each.begin, each.size, each.signature, each.representation, each.evidence, each.form,
                    each.cut, each.encrypted, each.payload, each.detail);
}
inline auto summaries(const std::vector<Candidate>& found) {
  std::vector<decltype(summary(found.front()))> all;
  all.reserve(found.size());
  for (const Candidate& each : found) all.push_back(summary(each));
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace dumpgate::testing_support
