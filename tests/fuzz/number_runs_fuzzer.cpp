// Any bytes as memory that holds numbers: every run lies in the window, no run is longer than it may be, each
// layout reads it within itself, and a window cut in two gathers what the whole one does.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "scanner/detect/word_alignment.h"
#include "scanner/hunt/layouts.h"
#include "scanner/hunt/number_runs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace dumpgate;

void check(bool holds) {
  if (!holds) std::abort();
}

RunStore gathered(std::span<const std::byte> bytes, std::size_t begin, std::size_t end) {
  Window window;
  window.bytes = bytes;
  window.own_begin = begin;
  window.own_end = end;
  WordAlignment alignment;
  alignment.read(window);
  window.alignment = &alignment;
  RunStore runs;
  gather_runs(window, runs);
  return runs;
}

std::vector<std::uint64_t> places(const RunStore& runs) {
  std::vector<std::uint64_t> all;
  runs.for_each([&](const NumberRun& run) { all.push_back(run.offset); });
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const RunStore whole = gathered(bytes, 0, size);
  LayoutReader reader({256, 384, 521, 1024});
  whole.for_each([&](const NumberRun& run) {
    check(run.words.size() >= shortest_run && run.words.size() <= longest_run);
    check(run.offset <= size && run.length(run.words.size() * 8) <= size - run.offset);
    reader.each(run, [&](const NumberView& view) {
      check(!view.limbs.empty());
      if (!view.exact) check(view.place(0, view.limbs.size()) == run.offset);
    });
  });
  RunStore parts = gathered(bytes, 0, size / 2);
  parts.append(gathered(bytes, size / 2, size));
  // Longer stretches than the whole input's half are kept by their ends, which the halves see alike.
  check(places(parts).size() == places(whole).size());
  return 0;
}
