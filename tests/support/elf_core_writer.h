// ElfCoreWriter: writes ELF cores, honest and odd ones, after the System V ABI and Linux fs/binfmt_elf.c. It
// shares no code with the reader.
//
//   ElfCoreWriter core({.wide = false});
//   core.note("CORE", 1, pattern(64)).load(0x400000, pattern(4096));
//   const Bytes bytes = core.bytes();

#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/byte_writer.h"

namespace dumpgate::support {

struct ElfCoreShape {
  bool wide = true;  // 64-bit headers
  bool big_endian = false;
  unsigned type = 4;  // ET_CORE
  unsigned machine = 62;
  unsigned version = 1;
  unsigned os_abi = 0;
  unsigned flags = 0;
  std::optional<unsigned> header_size{};  // e_ehsize, when it is to be wrong
  std::size_t table_gap = 0;              // between ELF header and program headers
  std::size_t entry_padding = 0;          // behind each program header
  bool extended_count = false;            // PN_XNUM
  bool sections = false;                  // a section header for each segment, and .shstrtab, as gcore writes
  bool names_last = false;                // .shstrtab behind the section headers
  std::size_t alignment = 8;              // of segments in the file
  unsigned note_alignment = 4;            // between and inside notes
  std::optional<unsigned> note_p_align{};  // what p_align says of it; none: the truth
};

// For the names of parametrised tests.
inline std::ostream& operator<<(std::ostream& out, const ElfCoreShape& shape) {
  return out << (shape.wide ? "64-bit" : "32-bit") << (shape.big_endian ? ", big-endian" : ", little-endian");
}

struct ElfSegment {
  std::uint32_t type = 1;  // PT_LOAD
  std::uint64_t address = 0;
  std::uint64_t physical = 0;
  Bytes content{};
  std::optional<std::uint64_t> memory_size{};  // none: that of the content
  std::optional<std::uint64_t> offset{};       // what p_offset says; none: where the content is
  std::optional<std::uint64_t> size{};         // what p_filesz says
  std::uint64_t alignment = 0;
};

struct ElfSection {
  std::string_view name{};
  std::uint32_t type = 1;  // SHT_PROGBITS
  Bytes content{};
};

class ElfCoreWriter {
 public:
  explicit ElfCoreWriter(ElfCoreShape shape = {}) : shape_(shape), notes_(shape.big_endian) {}

  ElfCoreWriter& segment(ElfSegment segment) {
    segments_.push_back(std::move(segment));
    return *this;
  }
  ElfCoreWriter& load(std::uint64_t address, Bytes content) {
    return segment({.address = address, .content = std::move(content)});
  }
  // Notes go into one PT_NOTE segment, the first.
  ElfCoreWriter& note(std::string_view owner, std::uint32_t type, const Bytes& content) {
    notes_.u32(owner.size() + 1).u32(content.size()).u32(type).text(owner).zeros(1);
    notes_.align(shape_.note_alignment).raw(content).align(shape_.note_alignment);
    return *this;
  }
  ElfCoreWriter& raw_notes(const Bytes& bytes) {
    notes_.raw(bytes);
    return *this;
  }
  // Sections besides those that mirror segments; written after all segments.
  ElfCoreWriter& section(ElfSection section) {
    sections_.push_back(std::move(section));
    return *this;
  }

  // A word of the dumped machine's size, for the content of notes.
  unsigned word_size() const { return shape_.wide ? 8 : 4; }

  Bytes bytes() const {
    std::vector<ElfSegment> segments = segments_;
    if (notes_.size() != 0)
      segments.insert(segments.begin(), {.type = 4,
                                         .content = notes_.bytes(),
                                         .memory_size = 0,
                                         .alignment = shape_.note_p_align.value_or(shape_.note_alignment)});
    const std::size_t table = header_bytes() + shape_.table_gap;
    ByteWriter body(shape_.big_endian);  // everything behind the program headers
    const std::size_t start = table + segments.size() * entry_bytes();
    ByteWriter entries(shape_.big_endian);
    ByteWriter section_entries(shape_.big_endian);
    Bytes names(1);
    for (const ElfSegment& segment : segments) {
      while ((start + body.size()) % shape_.alignment != 0) body.zeros(1);
      const std::uint64_t at = start + body.size();
      body.raw(segment.content);
      program_header(entries, segment, at);
      if (shape_.sections)
        section_header(section_entries, named(names, "load"), segment.type == 4 ? 7 : 1, at,
                       segment.content.size());
    }
    for (const ElfSection& section : sections_) {
      const std::uint64_t at = start + body.size();
      body.raw(section.content);
      section_header(section_entries, named(names, section.name), section.type, at, section.content.size());
    }
    const std::size_t sections = append_sections(body, start, section_entries, names, segments.size());
    ByteWriter file(shape_.big_endian);
    const std::size_t behind = shape_.names_last && sections > 1 ? names.size() : 0;
    const std::size_t sections_at = start + body.size() - behind - sections * section_bytes();
    header(file, table, segments.size(), sections, sections == 0 ? 0 : sections_at);
    file.zeros_until(table).raw(entries.bytes()).raw(body.bytes());
    return std::move(file).bytes();
  }

 private:
  std::size_t header_bytes() const { return shape_.wide ? 64 : 52; }
  std::size_t entry_bytes() const { return (shape_.wide ? 56 : 32) + shape_.entry_padding; }
  std::size_t section_bytes() const { return shape_.wide ? 64 : 40; }

  static std::uint64_t named(Bytes& names, std::string_view name) {
    const std::size_t at = names.size();
    for (const char c : name) names.push_back(static_cast<std::byte>(c));
    names.push_back(std::byte{0});
    return at;
  }

  // The names and then the table, which is last unless names_last. Returns the number of section headers.
  std::size_t append_sections(ByteWriter& body, std::size_t start, ByteWriter& entries, Bytes& names,
                              std::size_t segments) const {
    const bool any = shape_.sections || !sections_.empty();
    if (!any && !shape_.extended_count) return 0;
    const std::uint64_t name = named(names, ".shstrtab");
    const std::size_t count = 1 + entries.size() / section_bytes() + (any ? 1 : 0);
    if (any && !shape_.names_last) {
      section_header(entries, name, 3, start + body.size(), names.size());
      body.raw(names);
    }
    while ((start + body.size()) % 8 != 0) body.zeros(1);
    if (any && shape_.names_last)
      section_header(entries, name, 3, start + body.size() + count * section_bytes(), names.size());
    ByteWriter first(shape_.big_endian);
    section_header(first, 0, 0, 0, 0, shape_.extended_count ? segments : 0);
    body.raw(first.bytes()).raw(entries.bytes());
    if (any && shape_.names_last) body.raw(names);
    return count;
  }

  void word(ByteWriter& out, std::uint64_t value) const { out.number(value, word_size()); }

  void header(ByteWriter& out, std::size_t table, std::size_t segments, std::size_t sections,
              std::size_t sections_at) const {
    out.u8(0x7f).text("ELF").u8(shape_.wide ? 2 : 1).u8(shape_.big_endian ? 2 : 1).u8(1).u8(shape_.os_abi);
    out.zeros(8).u16(shape_.type).u16(shape_.machine).u32(shape_.version);
    word(out, 0);
    word(out, segments == 0 ? 0 : table);
    word(out, sections_at);
    out.u32(shape_.flags).u16(shape_.header_size.value_or(static_cast<unsigned>(header_bytes())));
    out.u16(entry_bytes()).u16(shape_.extended_count ? 0xffff : segments);
    out.u16(section_bytes()).u16(sections).u16(sections > 1 ? sections - 1 : 0);
  }

  void program_header(ByteWriter& out, const ElfSegment& segment, std::uint64_t at) const {
    out.u32(segment.type);
    if (shape_.wide) out.u32(6);
    word(out, segment.offset.value_or(at));
    word(out, segment.address);
    word(out, segment.physical);
    word(out, segment.size.value_or(segment.content.size()));
    word(out, segment.memory_size.value_or(segment.content.size()));
    if (!shape_.wide) out.u32(6);
    word(out, segment.alignment);
    out.zeros(shape_.entry_padding);
  }

  void section_header(ByteWriter& out, std::uint64_t name, unsigned type, std::uint64_t at,
                      std::uint64_t size, std::uint64_t info = 0) const {
    out.u32(name).u32(type);
    word(out, 0);
    word(out, 0);
    word(out, at);
    word(out, size);
    out.u32(0).u32(info);
    word(out, 1);
    word(out, 0);
  }

  ElfCoreShape shape_;
  ByteWriter notes_;
  std::vector<ElfSegment> segments_{};
  std::vector<ElfSection> sections_{};
};

// The content of NT_FILE: mappings of files.
struct ElfMapping {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string_view path{};
};
inline Bytes nt_file(const std::vector<ElfMapping>& mappings, unsigned word_size = 8,
                     bool big_endian = false) {
  ByteWriter out(big_endian);
  out.number(mappings.size(), word_size).number(4096, word_size);
  for (const ElfMapping& mapping : mappings)
    out.number(mapping.start, word_size).number(mapping.end, word_size).number(0, word_size);
  for (const ElfMapping& mapping : mappings) out.text(mapping.path).zeros(1);
  return std::move(out).bytes();
}

}  // namespace dumpgate::support
