// HPROF: a heap dump of a Java virtual machine (jmap, -XX:+HeapDumpOnOutOfMemoryError; the format is
// described in the JDK's hprof_b_spec.h). The one rule: nothing in it is aligned. Objects are records one
// behind another, and arrays are written element by element, big-endian, so that a BigInteger lies there as
// big-endian bytes at any byte of the file.
//
// Records are not walked: their order and lengths tell nothing that examining every byte does not, and a file
// cut between two records is a whole file of fewer.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "scanner/dump/format.h"

namespace dumpgate {
namespace {

constexpr std::string_view hprof_magic = "JAVA PROFILE 1.0.";

class HprofFormat final : public DumpFormat {
 public:
  std::string_view name() const noexcept override { return "hprof"; }

  Probe probe(std::span<const std::byte> head) const noexcept override {
    return probe_magic(head, std::as_bytes(std::span<const char>(hprof_magic)));
  }

  DumpMap read(ByteView& view, const Limits& limits) const override {
    (void)limits;
    DumpMap map{.format = "hprof", .order = ByteOrder::little, .unaligned = true};
    // The version with its terminating zero, the size of identifiers, the time in milliseconds.
    constexpr std::size_t header_size = hprof_magic.size() + 2 + 4 + 8;
    std::array<std::byte, header_size> header{};
    const auto read = view.read_at(0, header);
    map.promised_end = header_size;
    if (!read) {
      map.gaps.push_back({.reason = gap_reason(read.error().code), .detail = "the header cannot be read"});
      return map;
    }
    const std::span<const std::byte> given = std::span(header).first(*read);
    ByteCursor cursor(given, ByteOrder::big);
    cursor.skip(hprof_magic.size() + 2);
    const auto identifiers = cursor.u32();
    if (identifiers && *identifiers != 4 && *identifiers != 8)
      map.gaps.push_back({.reason = GapReason::corrupt, .detail = "identifiers of neither 4 nor 8 bytes"});
    if (identifiers) map.word_bits = *identifiers == 4 ? 32 : 64;
    map.parts.push_back({.name = "header", .bytes = *Extent::make(0, *read)});
    return map;
  }
};

constinit const HprofFormat hprof_instance;

}  // namespace

extern const DumpFormat& hprof_format;
constinit const DumpFormat& hprof_format = hprof_instance;

}  // namespace dumpgate
