// Any bytes through the armour, OpenSSH and SSH detectors: candidates lie in the window, the fast scan equals
// the naive one, and a hint never carries bytes. Every second input is seen in the middle of its own context.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "scanner/detect/anchor_scan.h"
#include "scanner/detect/signature.h"

namespace dumpgate {
extern const Detector& armour_detector;
extern const Detector& openssh_detector;
extern const Detector& ssh_public_detector;
}  // namespace dumpgate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

const dumpgate::AnchorScan& shared_scan() {
  static const dumpgate::Detector* const detectors[] = {
      &dumpgate::armour_detector, &dumpgate::openssh_detector, &dumpgate::ssh_public_detector};
  static const auto scan = dumpgate::AnchorScan::compile(detectors);
  check(scan.has_value());
  return **scan;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto signatures = dumpgate::SignatureSet::builtin();
  static dumpgate::AnchorScan::Scratch scratch(shared_scan());
  check(signatures.has_value());
  dumpgate::Window window;
  window.bytes = std::as_bytes(std::span(data, size));
  window.own_begin = size % 2 == 0 ? 0 : size / 4;
  window.own_end = size - window.own_begin;
  window.signatures = &*signatures;
  dumpgate::CandidateSink fast(10'000);
  dumpgate::CandidateSink naive(10'000);
  check(shared_scan().scan(window, scratch, fast).has_value());
  shared_scan().scan_naive(window, naive);
  check(fast.found().size() == naive.found().size());
  for (const dumpgate::Candidate& each : fast.found()) {
    check(each.size > 0 && each.begin < size && each.size <= size - each.begin);
    check(each.evidence != dumpgate::Evidence::hint || each.payload.empty());
  }
  return 0;
}
