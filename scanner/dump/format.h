// DumpFormat: one dump format. It reads headers and tables through a view and returns a DumpMap; it never
// sees the bulk of the dump. Damage becomes gaps in the map, never a refusal: a dump whose headers are broken
// is still examined to its last byte, without addresses.

#pragma once

#include <span>
#include <string_view>

#include "scanner/base/result.h"
#include "scanner/dump/region.h"
#include "scanner/io/byte_stream.h"
#include "scanner/io/limits.h"
#include "scanner/io/probe.h"

namespace dumpgate {

class DumpFormat {
 public:
  virtual ~DumpFormat() = default;
  virtual std::string_view name() const noexcept = 0;  // "elf-core"
  virtual Probe probe(std::span<const std::byte> head) const noexcept = 0;
  // read returns what the headers say. An Error from the view (pipe: ErrorCode::limit) becomes a gap in the
  // map. Memory is bounded by limits.table_memory whatever the headers claim.
  virtual DumpMap read(ByteView& view, const Limits& limits) const = 0;
};

// The formats, one for each file of scanner/dump/formats/; the build lists the folder.
std::span<const DumpFormat* const> all_formats();

// read_map asks every format for the head and lets the one that answers read the map; a map named "raw"
// without regions when none does. A head that is a cut-off header of some format gives a gap `truncated`.
DumpMap read_map(ByteView& view, const Limits& limits);

}  // namespace dumpgate
