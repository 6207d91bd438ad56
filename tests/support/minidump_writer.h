// MinidumpWriter: writes minidumps piece by piece, after Microsoft's minidumpapiset.h and the headers of
// Breakpad and Crashpad. It shares no code with the reader. The directory lies in front, with room for a
// number of streams; what is not used stays an UnusedStream, as Windows leaves it.
//
//   MinidumpWriter dump;
//   dump.memory_list({{0x7000, pattern(64)}});
//   const Bytes bytes = dump.bytes();

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/byte_writer.h"

namespace dumpgate::support {

struct MinidumpMemory {
  std::uint64_t address = 0;
  Bytes content{};
};

struct MinidumpModule {
  std::uint64_t base = 0;
  std::uint64_t size = 0;
  std::u16string_view name{};
  Bytes code_view{};
  Bytes misc{};
};

class MinidumpWriter {
 public:
  explicit MinidumpWriter(bool big_endian = false, unsigned slots = 8)
      : directory_(big_endian), body_(big_endian) {
    body_.text("MDMP").u32(0x0001a793).u32(slots).u32(header_size).zeros(16).zeros(slots * entry_size);
    if (big_endian) {
      const Bytes magic = ByteWriter().text("PMDM").bytes();
      body_.put(0, magic);
    }
  }

  ByteWriter writer() const { return ByteWriter(body_.big_endian()); }

  // place appends bytes at the next multiple of 4 and returns where: their RVA.
  std::uint64_t place(const Bytes& bytes) {
    body_.align(4);
    const std::uint64_t at = body_.size();
    body_.raw(bytes);
    return at;
  }
  // overwrite fills in what was placed before the things it points at were.
  void overwrite(std::uint64_t at, const Bytes& bytes) { body_.put(at, bytes); }
  // MINIDUMP_STRING: its length leaves out the terminator.
  std::uint64_t string(std::u16string_view text) {
    ByteWriter out = writer();
    out.u32(text.size() * 2);
    for (const char16_t unit : text) out.u16(unit);
    return place(out.u16(0).bytes());
  }
  // MinidumpUTF8String.
  std::uint64_t utf8_string(std::string_view text) {
    return place(writer().u32(text.size()).text(text).u8(0).bytes());
  }

  // entry puts a line into the directory; stream places bytes and does so for them.
  void entry(std::uint32_t type, std::uint64_t size, std::uint64_t at) {
    directory_.u32(type).u32(size).u32(at);
  }
  std::uint64_t stream(std::uint32_t type, const Bytes& bytes) {
    const std::uint64_t at = place(bytes);
    entry(type, bytes.size(), at);
    return at;
  }

  void memory_list(const std::vector<MinidumpMemory>& ranges, bool padded = false) {
    ByteWriter list = writer();
    list.u32(ranges.size()).zeros(padded ? 4 : 0);
    for (const MinidumpMemory& range : ranges)
      list.u64(range.address).u32(range.content.size()).u32(place(range.content));
    stream(5, list.bytes());
  }
  // The list first, then the memory, as Windows writes full dumps.
  void memory64_list(const std::vector<MinidumpMemory>& ranges) {
    const std::uint64_t size = 16 + 16 * ranges.size();
    body_.align(4);
    ByteWriter list = writer();
    list.u64(ranges.size()).u64(body_.size() + size);
    for (const MinidumpMemory& range : ranges) list.u64(range.address).u64(range.content.size());
    stream(9, list.bytes());
    for (const MinidumpMemory& range : ranges) body_.raw(range.content);
  }
  void module_list(const std::vector<MinidumpModule>& modules) {
    ByteWriter list = writer();
    list.u32(modules.size());
    for (const MinidumpModule& module : modules) {
      list.u64(module.base).u32(module.size).zeros(8).u32(string(module.name)).zeros(52);
      list.u32(module.code_view.size()).u32(place(module.code_view));
      list.u32(module.misc.size()).u32(place(module.misc)).zeros(16);
    }
    stream(4, list.bytes());
  }
  void thread_list(const std::vector<MinidumpMemory>& stacks, const Bytes& context) {
    ByteWriter list = writer();
    list.u32(stacks.size());
    for (const MinidumpMemory& stack : stacks) {
      list.u32(7).zeros(20).u64(stack.address).u32(stack.content.size()).u32(place(stack.content));
      list.u32(context.size()).u32(place(context));
    }
    stream(3, list.bytes());
  }
  void exception(const Bytes& context) {
    const std::uint64_t at = place(context);
    stream(6, writer().u32(7).zeros(156).u32(context.size()).u32(at).bytes());
  }
  void system_info(unsigned architecture, std::u16string_view service_pack = u"") {
    const std::uint64_t at = string(service_pack);
    stream(7, writer().u16(architecture).zeros(22).u32(at).zeros(28).bytes());
  }

  Bytes bytes() const {
    ByteWriter file = body_;
    file.put(header_size, directory_.bytes());
    return file.bytes();
  }

 private:
  static constexpr std::size_t header_size = 32;
  static constexpr std::size_t entry_size = 12;

  ByteWriter directory_;
  ByteWriter body_;
};

}  // namespace dumpgate::support
