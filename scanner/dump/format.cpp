#include "scanner/dump/format.h"

#include <vector>

namespace dumpgate {

DumpMap read_map(ByteView& view, const Limits& limits) {
  DumpMap raw;
  raw.format = "raw";
  std::vector<std::byte> head(probe_size);
  const auto got = view.read_at(0, head);
  if (!got) {
    raw.gaps.push_back({.reason = gap_reason(got.error().code), .detail = got.error().message});
    return raw;
  }
  head.resize(*got);
  for (const DumpFormat* format : all_formats()) {
    switch (format->probe(head)) {
      case Probe::yes:
        return format->read(view, limits);
      case Probe::cut:
        raw.gaps.push_back({.reason = GapReason::truncated,
                            .detail = "ends inside the header of a dump: " + std::string(format->name())});
        return raw;
      case Probe::no:
        break;
    }
  }
  return raw;
}

}  // namespace dumpgate
