// ElfNotes: the notes of one segment of an ELF core, one after another. System V ABI, chapter 5; names from
// the kernels' headers. The one rule: an owner's name is shown only if it is on a list, because in a damaged
// or lying dump any bytes may stand there, a key's too.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/base/extent.h"
#include "scanner/dump/map_builder.h"

namespace dumpgate {

struct NoteSegment {
  Extent bytes{};
  std::uint64_t alignment = 4;  // of notes and their parts in bytes: 4 or 8
};

struct ElfNote {
  std::string owner{};  // at most 64 bytes, as the dump has them
  std::uint32_t type = 0;
  Extent whole{};
  Extent content{};

  std::string name() const;    // to show: "NT_PRSTATUS", "QEMU 0x0", "note of another owner, type 0x1"
  bool marks_machine() const;  // only dumps of whole machines have it
};

// Reads through `build`, which outlives it.
class ElfNotes {
 public:
  ElfNotes(MapBuilder& build, const NoteSegment& segment) : build_(build), segment_(segment) {}

  // Nothing at the end, and at what is no note, which damaged() tells apart.
  std::optional<ElfNote> next();
  bool damaged() const { return damaged_; }
  std::uint64_t position() const { return segment_.bytes.begin() + at_; }  // in the layer

 private:
  MapBuilder& build_;
  NoteSegment segment_;
  std::uint64_t at_ = 0;  // relative to the segment
  bool damaged_ = false;
};

}  // namespace dumpgate
