// ELF cores: of processes (Linux, the BSDs, gcore) and of machines (/proc/vmcore, QEMU, VirtualBox). System V
// ABI, chapters 4 and 5; Linux fs/binfmt_elf.c for PN_XNUM and the notes. The one rule: tables lie where
// e_phoff and e_phentsize say, not where they usually lie, and a program header is believed about nothing but
// labels.
//
// Addresses are virtual, unless the dump is one of a machine: its notes say so (VMCOREINFO, QEMU, VBCORE), or
// a segment has a physical address other than 0 and its virtual one, which cores of processes never have.
//
// A section header table that cannot be read ahead of a pipe is no gap: the writers of cores (gdb, BFD) put
// it last, with nothing behind it, and its end is promised by the ELF header alone.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/dump/elf_notes.h"
#include "scanner/dump/format.h"
#include "scanner/dump/map_builder.h"

namespace dumpgate {
namespace {

constexpr std::array<std::byte, 4> elf_core_magic{std::byte{0x7f}, std::byte{'E'}, std::byte{'L'},
                                                  std::byte{'F'}};
constexpr std::size_t ident_size = 16;
constexpr std::size_t type_end = 18;  // of e_type
constexpr std::uint16_t type_core = 4;
constexpr std::uint16_t extended_count = 0xffff;  // PN_XNUM: the count is in section header 0
constexpr std::uint32_t incomplete_flag = 1;      // DUMP_ELF_INCOMPLETE of makedumpfile, in e_flags
constexpr std::uint64_t no_address = ~0ULL;       // p_paddr of vmalloc segments

// p_type and sh_type.
constexpr std::uint32_t segment_unused = 0;
constexpr std::uint32_t segment_load = 1;
constexpr std::uint32_t segment_note = 4;
constexpr std::uint32_t section_unused = 0;
constexpr std::uint32_t section_no_bits = 8;

struct Header {
  std::uint16_t machine = 0;
  std::uint64_t segments_at = 0;
  std::uint64_t sections_at = 0;
  std::uint32_t flags = 0;
  std::uint16_t segment_size = 0;  // of one program header
  std::uint16_t segments = 0;
  std::uint16_t section_size = 0;  // of one section header
  std::uint16_t sections = 0;
  std::uint16_t names_section = 0;
};

struct Segment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;
  std::uint64_t physical = 0;
  std::uint64_t size = 0;         // in the file
  std::uint64_t memory_size = 0;  // in memory
  std::uint64_t alignment = 0;
};

struct Section {
  std::uint32_t name = 0;
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t info = 0;
};

constexpr std::uint32_t note_auxv = 6;
constexpr std::uint32_t note_file = 0x46494c45;

class CoreReader {
 public:
  CoreReader(ByteView& view, const Limits& limits) : build_("elf-core", view, limits) {}

  DumpMap read();

 private:
  bool read_header();
  std::uint64_t word(ByteCursor& cursor) const { return wide_ ? *cursor.u64() : *cursor.u32(); }
  std::size_t word_size() const { return wide_ ? 8 : 4; }

  std::uint64_t segment_count();
  void read_segments();
  Segment parse_segment(ByteCursor cursor) const;
  void add_segment(const Segment& segment);
  void add_load(const Segment& segment, Extent bytes);
  void settle_addresses();

  void read_sections();
  Section parse_section(ByteCursor cursor) const;
  std::optional<Section> section(std::uint64_t index);
  bool holds_xen_pages(std::uint64_t count, std::vector<std::uint32_t> names);

  void read_notes(const NoteSegment& segment);
  bool well_formed(const NoteSegment& segment);
  void read_files(Extent content);
  void read_auxiliary_vector(Extent content);
  void name_region_of(std::uint64_t address, std::string_view name);

  MapBuilder build_;
  bool wide_ = true;
  Header header_{};
  std::vector<NoteSegment> notes_{};
  bool vmcoreinfo_ = false;  // the core is one of a Linux kernel
  bool machine_ = false;     // the core is one of a machine
  bool has_auxv_ = false;
  std::vector<std::uint64_t> physical_{};  // of the first regions, as far as any has one
  std::uint64_t incomplete_segments_ = 0;
};

bool CoreReader::read_header() {
  const auto ident = build_.bytes(0, ident_size, "ELF header");
  if (!ident) return false;
  const auto file_class = std::to_integer<unsigned>((*ident)[4]);
  const auto data = std::to_integer<unsigned>((*ident)[5]);
  if (file_class < 1 || file_class > 2 || data < 1 || data > 2) {
    build_.damage(GapReason::corrupt, 4, "unknown ELF class or byte order");
    return false;
  }
  wide_ = file_class == 2;
  build_.set_order(data == 2 ? ByteOrder::big : ByteOrder::little);
  build_.set_word_bits(wide_ ? 64 : 32);
  const auto record = build_.record(0, wide_ ? 64 : 52, "ELF header");
  if (!record) return false;
  ByteCursor cursor = record->cursor();
  build_.add_part("ELF header", *Extent::make(0, cursor.left()));
  (void)cursor.seek(type_end);
  header_.machine = *cursor.u16();
  (void)cursor.skip(4 + word_size());  // e_version, which some kernels leave 0, and e_entry
  header_.segments_at = word(cursor);
  header_.sections_at = word(cursor);
  header_.flags = *cursor.u32();
  (void)cursor.skip(2);  // e_ehsize, which QEMU gets wrong
  header_.segment_size = *cursor.u16();
  header_.segments = *cursor.u16();
  header_.section_size = *cursor.u16();
  header_.sections = *cursor.u16();
  header_.names_section = *cursor.u16();
  // 64-bit headers are also used for 32-bit machines with much memory.
  constexpr std::uint16_t machine_386 = 3;
  constexpr std::uint16_t machine_arm = 40;
  if (header_.machine == machine_386 || header_.machine == machine_arm) build_.set_word_bits(32);
  return true;
}

Section CoreReader::parse_section(ByteCursor cursor) const {
  Section section;
  section.name = *cursor.u32();
  section.type = *cursor.u32();
  (void)cursor.skip(2 * word_size());  // sh_flags, sh_addr
  section.offset = word(cursor);
  section.size = word(cursor);
  (void)cursor.skip(4);  // sh_link
  section.info = *cursor.u32();
  return section;
}

// section reads one section header; nothing, and no gap, when it cannot be read.
std::optional<Section> CoreReader::section(std::uint64_t index) {
  const std::size_t size = wide_ ? 64 : 40;
  if (header_.section_size < size) return std::nullopt;
  const auto place = Extent::make(header_.sections_at + index * header_.section_size, size);
  if (!place || place->begin() < header_.sections_at) return std::nullopt;
  const auto bytes = build_.try_bytes(place->begin(), size);
  if (!bytes) return std::nullopt;
  return parse_section(ByteCursor(*bytes, build_.order()));
}

std::uint64_t CoreReader::segment_count() {
  if (header_.segments != extended_count) return header_.segments;
  if (header_.sections_at == 0) {
    build_.damage(GapReason::corrupt, header_.segments_at, "the number of program headers is missing");
    return extended_count;
  }
  (void)build_.promise(header_.sections_at, header_.section_size, "section header 0");
  const auto first = section(0);
  if (!first) {
    build_.damage(GapReason::truncated, header_.sections_at, "the number of program headers cannot be read");
    return extended_count;
  }
  // A number that fits the ELF header stands there.
  if (first->info < extended_count)
    build_.damage(GapReason::corrupt, header_.sections_at, "two numbers of program headers");
  return first->info;
}

Segment CoreReader::parse_segment(ByteCursor cursor) const {
  Segment segment;
  segment.type = *cursor.u32();
  if (wide_) (void)cursor.skip(4);  // p_flags
  segment.offset = word(cursor);
  segment.address = word(cursor);
  segment.physical = word(cursor);
  segment.size = word(cursor);
  segment.memory_size = word(cursor);
  if (!wide_) (void)cursor.skip(4);
  segment.alignment = word(cursor);
  return segment;
}

void CoreReader::read_segments() {
  const std::uint64_t count = segment_count();
  if (count == 0) return;
  const std::size_t size = wide_ ? 56 : 32;
  if (header_.segment_size < size || header_.segments_at < ident_size) {
    build_.damage(GapReason::corrupt, header_.segments_at,
                  "the ELF header describes no table of program headers");
    return;
  }
  const auto table = build_.promise(header_.segments_at, count * header_.segment_size, "program headers");
  if (!table) return;
  build_.add_part("program headers", *table);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto entry = build_.record(table->begin() + i * header_.segment_size, size, "program headers");
    if (!entry) return;
    add_segment(parse_segment(entry->cursor()));
  }
}

void CoreReader::add_segment(const Segment& segment) {
  if (segment.type == segment_unused) return;
  const bool load = segment.type == segment_load;
  if (load && segment.memory_size > segment.size) {
    build_.absent(segment.memory_size - segment.size);
    ++incomplete_segments_;
  }
  if (segment.size == 0) return;
  const auto bytes = build_.promise(segment.offset, segment.size, "a segment");
  if (!bytes) return;
  if (load) return add_load(segment, *bytes);
  if (segment.type != segment_note) return build_.add_part("segment " + hex_address(segment.type), *bytes);
  if (build_.charge(sizeof(NoteSegment) * 2, bytes->begin(), "more note segments than may be kept"))
    notes_.push_back({.bytes = *bytes, .alignment = segment.alignment == 8 ? 8U : 4U});
}

void CoreReader::add_load(const Segment& segment, Extent bytes) {
  if (segment.size - 1 > no_address - segment.address)
    return build_.damage(GapReason::corrupt, segment.offset, "a segment reaches beyond the address space");
  if (!build_.add_region(bytes, AddressSpace::virtual_memory, segment.address)) return;
  if (segment.physical == 0 && physical_.empty()) return;
  const std::size_t missing = build_.regions().size() - physical_.size();
  if (!build_.charge(missing * sizeof(std::uint64_t) * 2, bytes.begin(), "more segments than may be kept"))
    return;
  physical_.resize(build_.regions().size());
  physical_.back() = segment.physical;
  if (segment.physical != segment.address && segment.physical != no_address && segment.physical != 0)
    machine_ = true;
}

void CoreReader::settle_addresses() {
  if (!machine_) return;
  std::vector<Region>& regions = build_.regions();
  physical_.resize(regions.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (physical_[i] == no_address) continue;
    regions[i].space = AddressSpace::physical_memory;
    regions[i].address = physical_[i];
  }
}

// A Xen dump has its memory in sections (xen/docs/misc/dump-core-format.txt). `names`: places in the section
// that holds them. The table and the names may lie far apart, so neither is read while the other is.
bool CoreReader::holds_xen_pages(std::uint64_t count, std::vector<std::uint32_t> names) {
  if (header_.names_section >= count) return false;
  const auto holder = section(header_.names_section);
  if (!holder) return false;
  constexpr std::string_view wanted{".xen_pages\0", 11};
  std::ranges::sort(names);
  return std::ranges::any_of(names, [&](std::uint32_t at) {
    const auto place = Extent::make(holder->offset, at);
    const auto name = place ? build_.try_bytes(place->end(), wanted.size()) : Error{};
    return name && std::ranges::equal(*name, std::as_bytes(std::span(wanted)));
  });
}

void CoreReader::read_sections() {
  if (header_.sections_at == 0) return;
  std::uint64_t count = header_.sections;
  if (count == 0) {
    const auto first = section(0);
    count = first ? first->size : 1;
  }
  const auto table = count > (1ULL << 32) ? std::nullopt
                                          : build_.promise(header_.sections_at, count * header_.section_size,
                                                           "section headers");
  if (!table)
    return build_.damage(GapReason::corrupt, header_.sections_at, "impossible number of section headers");
  build_.add_part("section headers", *table);
  constexpr std::size_t named_sections = 64;  // a Xen dump has about ten
  std::vector<std::uint32_t> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto next = section(i);
    if (!next) break;
    if (names.size() < named_sections) names.push_back(next->name);
    if (next->type != section_unused && next->type != section_no_bits)
      (void)build_.promise(next->offset, next->size, "a section");
  }
  if (header_.segments != 0) return;
  if (holds_xen_pages(count, std::move(names)))
    build_.damage(GapReason::unsupported, header_.sections_at,
                  "memory of a Xen guest, whose pages are in no known order");
}

bool CoreReader::well_formed(const NoteSegment& segment) {
  ElfNotes notes(build_, segment);
  while (notes.next()) {
  }
  return !notes.damaged();
}

void CoreReader::read_notes(const NoteSegment& given) {
  NoteSegment segment = given;
  // Some writers say 8 and mean 4.
  if (segment.alignment == 8 && !well_formed(segment)) segment.alignment = 4;
  ElfNotes notes(build_, segment);
  while (const auto note = notes.next()) {
    build_.add_part(note->name(), note->whole);
    if (build_.parts_full()) return;
    if (note->marks_machine()) machine_ = true;
    if (note->owner == "VMCOREINFO") vmcoreinfo_ = true;
    if (note->owner != "CORE") continue;
    if (note->type == note_file) read_files(note->content);
    if (note->type == note_auxv && !std::exchange(has_auxv_, true)) read_auxiliary_vector(note->content);
  }
  if (notes.damaged())
    build_.damage(GapReason::corrupt, notes.position(), "a note runs past the end of its segment");
}

// NT_FILE: count, page size, count times {start, end, page offset}, then count names that end with a zero
// byte.
void CoreReader::read_files(Extent content) {
  const std::size_t entry_size = 3 * word_size();
  const std::uint64_t entries_at = 2 * word_size();
  const auto head = build_.try_bytes(content.begin(), 2 * word_size());
  if (!head || content.size() < entries_at) return;
  ByteCursor head_cursor(*head, build_.order());
  const std::uint64_t count = word(head_cursor);
  if (count > (content.size() - entries_at) / entry_size)
    return build_.damage(GapReason::corrupt, content.begin(), "NT_FILE claims more mappings than it holds");
  build_.names().rest_is("[anonymous]");
  std::uint64_t names_at = content.begin() + entries_at + count * entry_size;
  std::string names;     // read and not yet used
  std::size_t used = 0;  // of them
  const std::uint64_t batch = MapBuilder::read_limit / entry_size;
  for (std::uint64_t i = 0; i < count;) {
    const std::uint64_t now = std::min(batch, count - i);
    const auto entries = build_.try_bytes(content.begin() + entries_at + i * entry_size,
                                          static_cast<std::size_t>(now * entry_size));
    if (!entries) return;
    std::vector<std::byte> kept(entries->begin(), entries->end());
    ByteCursor cursor(kept, build_.order());
    for (const std::uint64_t end = i + now; i < end; ++i) {
      while (names.find('\0', used) == std::string::npos) {
        names.erase(0, std::exchange(used, 0));
        const std::uint64_t left = content.end() - names_at;
        const auto more = build_.try_bytes(
            names_at, static_cast<std::size_t>(std::min<std::uint64_t>(left, MapBuilder::read_limit)));
        if (left == 0 || !more || names.size() >= MapBuilder::read_limit) return;
        names.append(reinterpret_cast<const char*>(more->data()), more->size());
        names_at += more->size();
      }
      const std::string_view name = names.c_str() + used;
      used += name.size() + 1;
      const std::uint64_t start = word(cursor);
      const std::uint64_t end_address = word(cursor);
      (void)cursor.skip(word_size());
      build_.names().add(start, end_address, name);
    }
  }
}

// Two entries of Linux's auxiliary vector point into areas without a file: the 16 random bytes lie on the
// first thread's stack.
void CoreReader::read_auxiliary_vector(Extent content) {
  constexpr std::uint64_t at_random = 25;
  constexpr std::uint64_t at_sysinfo_ehdr = 33;
  const std::uint64_t size = std::min<std::uint64_t>(content.size(), MapBuilder::read_limit);
  const auto bytes = build_.try_bytes(content.begin(), static_cast<std::size_t>(size));
  if (!bytes) return;
  ByteCursor cursor(*bytes, build_.order());
  while (cursor.left() >= 2 * word_size()) {
    const std::uint64_t key = word(cursor);
    const std::uint64_t value = word(cursor);
    if (key == 0) return;
    if (key == at_random) name_region_of(value, "[stack]");
    if (key == at_sysinfo_ehdr) name_region_of(value, "[vdso]");
  }
}

void CoreReader::name_region_of(std::uint64_t address, std::string_view name) {
  for (const Region& region : build_.regions())
    if (address >= region.address && address - region.address < region.bytes.size())
      return build_.names().add(region.address, region.address + region.bytes.size(), name);
}

DumpMap CoreReader::read() {
  if (!read_header()) return build_.finish({});
  read_segments();
  read_sections();
  if (header_.segments == 0)
    build_.damage(GapReason::corrupt, header_.segments_at, "a core without program headers");
  for (const NoteSegment& segment : notes_) read_notes(segment);
  settle_addresses();
  // Elsewhere the bit belongs to the processor's ABI; the kernel leaves e_flags of its own dumps zero.
  if (vmcoreinfo_ && (header_.flags & incomplete_flag) != 0)
    build_.damage(GapReason::truncated, 0, "marked as incomplete by makedumpfile, which ran out of space");
  return build_.finish(std::to_string(incomplete_segments_) +
                       " segments hold less than their memory: the rest was not dumped");
}

class ElfCoreFormat final : public DumpFormat {
 public:
  std::string_view name() const noexcept override { return "elf-core"; }

  Probe probe(std::span<const std::byte> head) const noexcept override {
    const Probe start = probe_magic(head, elf_core_magic);
    if (start != Probe::yes) return start;
    if (head.size() < type_end) return Probe::cut;
    const auto is_core = [&](ByteOrder order) {
      return load<std::uint16_t>(head.data() + ident_size, order) == type_core;
    };
    // A damaged byte-order field must not turn a core into something unknown.
    const auto data = std::to_integer<unsigned>(head[5]);
    const bool yes = (data != 2 && is_core(ByteOrder::little)) || (data != 1 && is_core(ByteOrder::big));
    return yes ? Probe::yes : Probe::no;
  }

  DumpMap read(ByteView& view, const Limits& limits) const override {
    return CoreReader(view, limits).read();
  }
};

constinit const ElfCoreFormat elf_core_instance;

}  // namespace

extern const DumpFormat& elf_core_format;
constinit const DumpFormat& elf_core_format = elf_core_instance;

}  // namespace dumpgate
