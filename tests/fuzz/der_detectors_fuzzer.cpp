// Every detector and every proof on any bytes, by the plain search so that the matcher's own code is left
// out. A candidate lies in the window, and a finding's digests are digests.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scanner/detect/detector.h"
#include "scanner/detect/signature.h"
#include "scanner/proof/prove.h"

namespace {

using namespace dumpgate;

const SignatureSet& signatures() {
  static const auto set = SignatureSet::builtin();
  return set.value();
}

bool is_digest(const std::string& text) {
  return text.empty() ||
         (text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos);
}

void judge(const Window& window, CandidateSink& sink) {
  for (const auto& candidate : sink.found()) {
    if (candidate.begin > window.bytes.size()) std::abort();
    if (candidate.size > window.bytes.size() - candidate.begin) std::abort();
    const auto judgement = prove(window, candidate);
    if (!judgement.finding) continue;
    if (!is_digest(judgement.finding->public_key_sha256) || !is_digest(judgement.finding->encoding_sha256)) {
      std::abort();
    }
    if (judgement.finding->evidence == Evidence::proof && judgement.finding->relation.empty()) std::abort();
  }
}

// All detectors and proofs, where the input's addresses are those of the map, or unknown.
void examine(std::span<const std::byte> input, const RegionIndex* regions) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const Window window{
      .bytes = input, .own_end = input.size(), .regions = regions, .signatures = &signatures()};
  CandidateSink sink(1000);
  for (const Detector* const detector : all_detectors()) {
    const auto anchors = detector->anchors();
    for (std::size_t which = 0; which < anchors.size(); ++which) {
      for (auto at = text.find(anchors[which]); at != std::string_view::npos;
           at = text.find(anchors[which], at + 1)) {
        detector->at(window, at, which, sink);
      }
    }
    detector->sweep(window, sink);
  }
  judge(window, sink);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  examine(input, nullptr);
  // Memory of a machine that its first byte describes. So many addresses lie in it that pointers do too.
  if (size < 2) return 0;
  DumpMap map{.order = (data[0] & 1U) != 0 ? ByteOrder::big : ByteOrder::little,
              .word_bits = (data[0] & 2U) != 0 ? 32U : 64U};
  const std::uint64_t address = data[0] >> 2U;
  map.regions.push_back(
      {.bytes = *Extent::make(1, size - 1), .space = AddressSpace::virtual_memory, .address = address});
  const RegionIndex regions(map);
  examine(input, &regions);
  return 0;
}
