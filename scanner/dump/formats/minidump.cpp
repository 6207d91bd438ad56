// Minidumps (MDMP) of Windows, Breakpad, Crashpad and Wine, in either byte order. Microsoft minidumpapiset.h;
// Breakpad minidump_format.h; Crashpad minidump_extensions.h. The one rule: every stream is visited, known or
// not, and everything that a known stream points at is promised; no stream is dropped because a list is long.
//
// An address (RVA) of 0 means "none" in these structures: the header is there.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/base/utf16.h"
#include "scanner/dump/format.h"
#include "scanner/dump/map_builder.h"
#include "scanner/dump/minidump_streams.h"

namespace dumpgate {
namespace {

constexpr std::array<std::byte, 4> magic_little{std::byte{'M'}, std::byte{'D'}, std::byte{'M'},
                                                std::byte{'P'}};
constexpr std::array<std::byte, 4> magic_big{std::byte{'P'}, std::byte{'M'}, std::byte{'D'}, std::byte{'M'}};
constexpr std::size_t header_size = 32;
constexpr std::size_t directory_entry_size = 12;
constexpr std::uint16_t version = 0xa793;  // the low half; the high half is the writer's

// A part of the file, as MINIDUMP_LOCATION_DESCRIPTOR says it.
struct Location {
  std::uint64_t size = 0;
  std::uint64_t at = 0;
};

class MinidumpReader {
 public:
  MinidumpReader(ByteView& view, const Limits& limits) : build_("minidump", view, limits) {}

  DumpMap read();

 private:
  enum class Text : std::uint8_t { utf16, utf8 };

  void read_directory(std::uint64_t at, std::uint64_t count);
  void read_stream(std::uint32_t type, Location stream);

  void read_threads(Location stream, std::size_t entry_size);
  void read_modules(Location stream);
  void read_memory(Location stream);
  void read_memory64(Location stream);
  void read_exception(Location stream);
  void read_system(Location stream);
  void read_handles(Location stream);
  void read_handle_details(std::uint64_t at);
  void read_unloaded_modules(Location stream);
  void read_sized_list(Location stream);
  void read_memory_info(Location stream);
  void read_thread_names(Location stream);
  void read_linux_debug(Location stream);
  void read_mac_crash(Location stream);
  void read_crashpad(Location stream);
  void read_crashpad_module(Location info);
  void read_dictionary(Location dictionary);
  void read_string_list(Location list);
  void read_annotations(Location list);

  // start reads the first `size` bytes of something that is at least so long.
  std::optional<Record> start(Location whole, std::size_t size);
  // each calls `visit` with a cursor over each of `count` entries of `entry_size` bytes, the first at `at`.
  template <typename Visit>
  void each(std::uint64_t at, std::uint64_t count, std::size_t entry_size, Visit visit);
  // counted does so for a list that begins with a 32-bit count; some writers put 4 bytes of padding after it.
  template <typename Visit>
  void counted(Location list, std::size_t entry_size, Visit visit);
  // within checks that a list of entries fits the stream it is in.
  bool within(Location stream, std::uint64_t header, std::uint64_t count, std::uint64_t entry_size);

  Location location(ByteCursor& cursor) const;
  void promise(Location location, std::string_view what);
  void add_memory(Location location, std::uint64_t address);
  std::string read_text(std::uint64_t at, Text kind);

  MapBuilder build_;
  bool has_system_ = false;
};

// MINIDUMP_SYSTEM_INFO.ProcessorArchitecture; those from 0x8000 on are Breakpad's.
unsigned word_bits_of(std::uint16_t architecture) {
  switch (architecture) {
    case 6:       // IA64
    case 7:       // ALPHA64
    case 9:       // AMD64
    case 12:      // ARM64
    case 0x8002:  // PPC64
    case 0x8003:  // ARM64, as Breakpad wrote it first
    case 0x8004:  // MIPS64
    case 0x8006:  // RISC-V 64
    case 0xffff:  // unknown
      return 64;
    default:
      return 32;
  }
}

std::optional<Record> MinidumpReader::start(Location whole, std::size_t size) {
  if (whole.size >= size) return build_.record(whole.at, size, "a structure");
  build_.damage(GapReason::corrupt, whole.at, "a structure is too short for what it should hold");
  return std::nullopt;
}

template <typename Visit>
void MinidumpReader::each(std::uint64_t at, std::uint64_t count, std::size_t entry_size, Visit visit) {
  const auto all = build_.promise(at, count * entry_size, "a list");
  if (!all) return;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto entry = build_.record(at + i * entry_size, entry_size, "a list");
    if (!entry) return;
    visit(entry->cursor());
  }
}

template <typename Visit>
void MinidumpReader::counted(Location list, std::size_t entry_size, Visit visit) {
  const auto head_record = start(list, 4);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  const std::uint64_t count = *head.u32();
  const std::uint64_t padding = list.size == 8 + count * entry_size ? 4 : 0;
  (void)within(list, 4 + padding, count, entry_size);
  each(list.at + 4 + padding, count, entry_size, visit);
}

bool MinidumpReader::within(Location stream, std::uint64_t header, std::uint64_t count,
                            std::uint64_t entry_size) {
  if (header <= stream.size && (entry_size == 0 || count <= (stream.size - header) / entry_size)) return true;
  build_.damage(GapReason::corrupt, stream.at, "a list reaches beyond its stream");
  return false;
}

Location MinidumpReader::location(ByteCursor& cursor) const {
  Location location;
  location.size = cursor.u32().value_or(0);
  location.at = cursor.u32().value_or(0);
  return location;
}

void MinidumpReader::promise(Location location, std::string_view what) {
  if (location.at != 0) (void)build_.promise(location.at, location.size, what);
}

void MinidumpReader::add_memory(Location location, std::uint64_t address) {
  if (location.at == 0 || location.size == 0) return;
  const auto bytes = build_.promise(location.at, location.size, "memory");
  if (!bytes) return;
  if (location.size - 1 > ~0ULL - address)
    return build_.damage(GapReason::corrupt, location.at, "memory reaches beyond the address space");
  (void)build_.add_region(*bytes, AddressSpace::virtual_memory, address);
}

// read_text reads a MINIDUMP_STRING or a MinidumpUTF8String: a length in bytes, the text, and a terminator
// that the length leaves out. It returns the text of UTF-16 strings, which are used as names, up to a bound.
std::string MinidumpReader::read_text(std::uint64_t at, Text kind) {
  if (at == 0) return {};
  const auto head_record = build_.record(at, 4, "a string");
  if (!head_record) return {};
  ByteCursor head = head_record->cursor();
  const std::uint64_t size = *head.u32();
  (void)build_.promise(at + 4, size + (kind == Text::utf16 ? 2 : 1), "a string");
  if (kind == Text::utf8) return {};
  const auto shown = std::min<std::uint64_t>(size, MapBuilder::read_limit);
  const auto bytes = build_.try_bytes(at + 4, static_cast<std::size_t>(shown));
  return bytes ? utf8_of_utf16(*bytes, build_.order()) : std::string();
}

// MINIDUMP_THREAD and MINIDUMP_THREAD_EX: id, suspend count, priorities (16 bytes), TEB, stack, context and,
// of the latter, backing store.
void MinidumpReader::read_threads(Location stream, std::size_t entry_size) {
  counted(stream, entry_size, [&](ByteCursor entry) {
    (void)entry.skip(24);
    const std::uint64_t stack = *entry.u64();
    add_memory(location(entry), stack);
    promise(location(entry), "a thread context");
    if (entry.left() < 16) return;
    const std::uint64_t store = *entry.u64();
    add_memory(location(entry), store);
  });
}

void MinidumpReader::read_modules(Location stream) {
  counted(stream, 108, [&](ByteCursor entry) {
    const std::uint64_t base = *entry.u64();
    const std::uint64_t size = *entry.u32();
    (void)entry.skip(8);  // checksum, time
    const std::string name = read_text(*entry.u32(), Text::utf16);
    (void)entry.skip(52);  // VS_FIXEDFILEINFO
    promise(location(entry), "a CodeView record");
    promise(location(entry), "a miscellaneous record");
    if (size <= ~0ULL - base) build_.names().add(base, base + size, name);
  });
}

void MinidumpReader::read_memory(Location stream) {
  counted(stream, 16, [&](ByteCursor entry) {
    const std::uint64_t address = *entry.u64();
    add_memory(location(entry), address);
  });
}

// The ranges of Memory64List follow one another from one place on, so each begins where the sum of those
// before says.
void MinidumpReader::read_memory64(Location stream) {
  const auto head_record = start(stream, 16);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  const std::uint64_t count = *head.u64();
  std::uint64_t at = *head.u64();
  if (!within(stream, 16, count, 16)) return;
  bool overflow = false;
  each(stream.at + 16, count, 16, [&](ByteCursor entry) {
    const std::uint64_t address = *entry.u64();
    const std::uint64_t size = *entry.u64();
    overflow = overflow || !build_.promise(at, size, "Memory64ListStream");
    if (overflow) return;
    add_memory({.size = size, .at = at}, address);
    at += size;
  });
}

void MinidumpReader::read_exception(Location stream) {
  const auto entry_record = start(stream, 168);
  if (!entry_record) return;
  ByteCursor entry = entry_record->cursor();
  (void)entry.skip(160);
  promise(location(entry), "an exception context");
}

void MinidumpReader::read_system(Location stream) {
  const auto info_record = start(stream, 28);
  if (!info_record) return;
  ByteCursor info = info_record->cursor();
  const std::uint16_t architecture = *info.u16();
  (void)info.skip(22);  // up to PlatformId
  const std::uint32_t service_pack = *info.u32();
  (void)read_text(service_pack, Text::utf16);
  if (std::exchange(has_system_, true)) return;
  build_.set_word_bits(word_bits_of(architecture));
  constexpr std::uint16_t power_pc = 3;  // big-endian also where the headers are not (Xbox 360)
  if (architecture == power_pc) build_.set_machine_order(ByteOrder::big);
}

void MinidumpReader::read_handles(Location stream) {
  const auto head_record = start(stream, 16);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  const std::uint64_t header = *head.u32();
  const std::uint64_t entry_size = *head.u32();
  const std::uint64_t count = *head.u32();
  if (!within(stream, header, count, entry_size)) return;
  if (count != 0 && (entry_size < 32 || entry_size > MapBuilder::read_limit))
    return build_.damage(GapReason::corrupt, stream.at, "a list with entries of an impossible size");
  each(stream.at + header, count, static_cast<std::size_t>(entry_size), [&](ByteCursor entry) {
    (void)entry.skip(8);
    const std::uint32_t type_name = *entry.u32();
    const std::uint32_t object_name = *entry.u32();
    (void)entry.skip(16);
    const std::uint32_t details = entry.u32().value_or(0);
    (void)read_text(type_name, Text::utf16);
    (void)read_text(object_name, Text::utf16);
    read_handle_details(details);
  });
}

// MINIDUMP_HANDLE_OBJECT_INFORMATION: a chain of {next, type, size} with that much content behind each.
void MinidumpReader::read_handle_details(std::uint64_t at) {
  constexpr unsigned chain_limit = 256;
  for (unsigned i = 0; at != 0; ++i) {
    if (i == chain_limit) return build_.damage(GapReason::corrupt, at, "endless details of a handle");
    const auto head_record = build_.record(at, 12, "details of a handle");
    if (!head_record) return;
    ByteCursor head = head_record->cursor();
    const std::uint32_t next = *head.u32();
    (void)head.skip(4);
    (void)build_.promise(at + 12, *head.u32(), "details of a handle");
    at = next;
  }
}

void MinidumpReader::read_unloaded_modules(Location stream) {
  const auto head_record = start(stream, 12);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  const std::uint64_t header = *head.u32();
  const std::uint64_t entry_size = *head.u32();
  const std::uint64_t count = *head.u32();
  if (!within(stream, header, count, entry_size)) return;
  if (count != 0 && (entry_size < 24 || entry_size > MapBuilder::read_limit))
    return build_.damage(GapReason::corrupt, stream.at, "a list with entries of an impossible size");
  each(stream.at + header, count, static_cast<std::size_t>(entry_size), [&](ByteCursor entry) {
    (void)entry.skip(20);
    (void)read_text(*entry.u32(), Text::utf16);
  });
}

// Lists of {header size, entry size, count} that point at nothing.
void MinidumpReader::read_sized_list(Location stream) {
  const auto head_record = start(stream, 12);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  const std::uint64_t header = *head.u32();
  const std::uint64_t entry_size = *head.u32();
  (void)within(stream, header, *head.u32(), entry_size);
}

void MinidumpReader::read_memory_info(Location stream) {
  const auto head_record = start(stream, 16);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  const std::uint64_t header = *head.u32();
  const std::uint64_t entry_size = *head.u32();
  (void)within(stream, header, *head.u64(), entry_size);
}

void MinidumpReader::read_thread_names(Location stream) {
  counted(stream, 12, [&](ByteCursor entry) {
    (void)entry.skip(4);
    (void)read_text(*entry.u64(), Text::utf16);
  });
}

// MDRawDebug32 and MDRawDebug64: version, link maps, their number, three words; then the dynamic section,
// whose entries are two words. A link map is {address, name, dynamic}. Whether 64-bit writers padded, the
// size of the stream tells.
void MinidumpReader::read_linux_debug(Location stream) {
  const auto head_record = start(stream, 12);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  (void)head.skip(4);
  const std::uint64_t maps = *head.u32();
  const std::uint64_t count = *head.u32();
  if (maps == 0) return;
  const std::size_t word = build_.word_bits() / 8;
  const bool padded = word == 8 && stream.size % 16 == 40 % 16;
  each(maps, count, 2 * word + (padded ? 8 : 4), [&](ByteCursor entry) {
    (void)entry.skip(word);
    (void)read_text(*entry.u32(), Text::utf16);
  });
}

// MINIDUMP_MAC_CRASH_INFO: type, number of records, size of their fixed part, 20 locations.
void MinidumpReader::read_mac_crash(Location stream) {
  const auto head_record = start(stream, 172);
  if (!head_record) return;
  ByteCursor head = head_record->cursor();
  (void)head.skip(4);
  const std::uint32_t count = *head.u32();
  (void)head.skip(4);
  for (std::uint32_t i = 0; i < std::min(count, 20U); ++i) promise(location(head), "a crash record");
}

// MinidumpCrashpadInfo: version, two UUIDs, simple annotations, module list.
void MinidumpReader::read_crashpad(Location stream) {
  const auto info_record = start(stream, 52);
  if (!info_record) return;
  ByteCursor info = info_record->cursor();
  (void)info.skip(36);
  read_dictionary(location(info));
  const Location modules = location(info);
  if (modules.at == 0 || modules.size == 0) return;
  promise(modules, "Crashpad's module list");
  counted(modules, 12, [&](ByteCursor entry) {
    (void)entry.skip(4);
    read_crashpad_module(location(entry));
  });
}

// MinidumpModuleCrashpadInfo: version, three lists.
void MinidumpReader::read_crashpad_module(Location module) {
  if (module.at == 0 || module.size == 0) return;
  promise(module, "Crashpad's module");
  const auto info_record = start(module, module.size < 28 ? 20 : 28);
  if (!info_record) return;
  ByteCursor info = info_record->cursor();
  (void)info.skip(4);
  read_string_list(location(info));
  read_dictionary(location(info));
  read_annotations(location(info));
}

void MinidumpReader::read_dictionary(Location dictionary) {
  if (dictionary.at == 0 || dictionary.size == 0) return;
  promise(dictionary, "Crashpad's annotations");
  counted(dictionary, 8, [&](ByteCursor entry) {
    (void)read_text(*entry.u32(), Text::utf8);
    (void)read_text(*entry.u32(), Text::utf8);
  });
}

void MinidumpReader::read_string_list(Location list) {
  if (list.at == 0 || list.size == 0) return;
  promise(list, "Crashpad's annotations");
  counted(list, 4, [&](ByteCursor entry) { (void)read_text(*entry.u32(), Text::utf8); });
}

// MinidumpAnnotation: name, type, the value as a length and bytes.
void MinidumpReader::read_annotations(Location list) {
  if (list.at == 0 || list.size == 0) return;
  promise(list, "Crashpad's annotations");
  counted(list, 12, [&](ByteCursor entry) {
    (void)read_text(*entry.u32(), Text::utf8);
    (void)entry.skip(4);
    const std::uint64_t value = *entry.u32();
    if (value == 0) return;
    const auto head = build_.record(value, 4, "Crashpad's annotations");
    if (head) (void)build_.promise(value + 4, *head->cursor().u32(), "Crashpad's annotations");
  });
}

void MinidumpReader::read_stream(std::uint32_t type, Location stream) {
  switch (type) {
    case 3:
      return read_threads(stream, 48);
    case 4:
      return read_modules(stream);
    case 5:
      return read_memory(stream);
    case 6:
      return read_exception(stream);
    case 7:
      return read_system(stream);
    case 8:
      return read_threads(stream, 64);
    case 9:
      return read_memory64(stream);
    case 12:
      return read_handles(stream);
    case 14:
      return read_unloaded_modules(stream);
    case 16:
      return read_memory_info(stream);
    case 17:
    case 18:
      return read_sized_list(stream);
    case 24:
      return read_thread_names(stream);
    case 0x43500001:
      return read_crashpad(stream);
    case 0x4767000a:
      return read_linux_debug(stream);
    case 0x4d7a0001:
      return read_mac_crash(stream);
    default:
      return;
  }
}

// System information comes first, wherever it stands: other streams depend on the size of a word.
void MinidumpReader::read_directory(std::uint64_t at, std::uint64_t count) {
  constexpr std::uint32_t system_info = 7;
  bool any = false;
  for (const bool system : {true, false}) {
    each(at, count, directory_entry_size, [&](ByteCursor entry) {
      const std::uint32_t type = *entry.u32();
      const Location stream = location(entry);
      if (stream.size == 0 || (type == system_info) != system) return;
      any = true;
      const auto bytes = build_.promise(stream.at, stream.size, "a stream");
      if (!bytes) return;
      build_.add_part(minidump_stream_name(type), *bytes);
      read_stream(type, stream);
    });
  }
  if (!any) build_.damage(GapReason::corrupt, at, "a minidump without streams");
}

DumpMap MinidumpReader::read() {
  const auto magic = build_.bytes(0, magic_little.size(), "minidump header");
  if (!magic) return build_.finish({});
  build_.set_order(std::ranges::equal(*magic, magic_big) ? ByteOrder::big : ByteOrder::little);
  const auto header_record = build_.record(0, header_size, "minidump header");
  if (!header_record) return build_.finish({});
  ByteCursor header = header_record->cursor();
  build_.add_part("minidump header", *Extent::make(0, header_size));
  (void)header.skip(4);
  if ((*header.u32() & 0xffffU) != version)
    build_.damage(GapReason::corrupt, 4, "unknown version of the minidump format");
  const std::uint64_t count = *header.u32();
  const std::uint64_t directory = *header.u32();
  if (const auto extent = build_.promise(directory, count * directory_entry_size, "stream directory"))
    build_.add_part("stream directory", *extent);
  read_directory(directory, count);
  return build_.finish({});
}

class MinidumpFormat final : public DumpFormat {
 public:
  std::string_view name() const noexcept override { return "minidump"; }

  Probe probe(std::span<const std::byte> head) const noexcept override {
    return std::max(probe_magic(head, magic_little), probe_magic(head, magic_big));
  }

  DumpMap read(ByteView& view, const Limits& limits) const override {
    return MinidumpReader(view, limits).read();
  }
};

constinit const MinidumpFormat minidump_instance;

}  // namespace

extern const DumpFormat& minidump_format;
constinit const DumpFormat& minidump_format = minidump_instance;

}  // namespace dumpgate
