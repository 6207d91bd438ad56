// MapBuilder: what every dump format needs to turn headers that nobody vouches for into a DumpMap: checked
// reads, bounds on work and memory, and gaps for what is damaged. The one rule: whatever a header mentions is
// promised before it is read, so that a dump cut anywhere before it is known to be cut.
//
// Used by one thread, for one map.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/extent.h"
#include "scanner/base/result.h"
#include "scanner/dump/mapping_names.h"
#include "scanner/dump/region.h"
#include "scanner/io/byte_stream.h"
#include "scanner/io/gap.h"
#include "scanner/io/limits.h"

namespace dumpgate {

// Record: one header or table entry, copied out of the layer, so that reading on cannot pull it away.
class Record {
 public:
  static constexpr std::size_t limit = 192;  // bytes; what lies further back in a longer entry is not kept

  Record(std::span<const std::byte> bytes, ByteOrder order)
      : size_(std::min(bytes.size(), limit)), order_(order) {
    std::copy_n(bytes.begin(), size_, bytes_.begin());
  }
  ByteCursor cursor() const& { return ByteCursor(std::span(bytes_).first(size_), order_); }
  ByteCursor cursor() && = delete;

 private:
  std::array<std::byte, limit> bytes_{};
  std::size_t size_;
  ByteOrder order_;
};

class MapBuilder {
 public:
  // What one call of bytes() may ask for.
  static constexpr std::size_t read_limit = 4096;

  MapBuilder(std::string_view format, ByteView& view, const Limits& limits);

  // The order of the dumped machine and of the numbers in records, until set_machine_order.
  void set_order(ByteOrder order) { order_ = map_.order = order; }
  void set_machine_order(ByteOrder order) { map_.order = order; }
  void set_word_bits(unsigned bits) { map_.word_bits = bits; }
  ByteOrder order() const { return order_; }
  unsigned word_bits() const { return map_.word_bits; }

  // promise notes that the headers claim `size` bytes at `offset`. Nothing, and a gap `corrupt`, when that is
  // no place at all. `what` is a constant that names the claim for a person, as do all of these arguments.
  std::optional<Extent> promise(std::uint64_t offset, std::uint64_t size, std::string_view what);

  // bytes promises and reads `size` bytes (at most read_limit), valid until the next read. Nothing when the
  // layer ends before (the broken promise says so), when the view refuses or when the budget for reading is
  // used up; the last two leave a gap.
  std::optional<std::span<const std::byte>> bytes(std::uint64_t offset, std::size_t size,
                                                  std::string_view what);
  std::optional<Record> record(std::uint64_t offset, std::size_t size, std::string_view what);

  // try_bytes is bytes() without promise and gap, for what only adds labels. ErrorCode::truncated: the layer
  // ends before; ErrorCode::limit: a pipe, or the budget is used up, which alone leaves a gap here too.
  Result<std::span<const std::byte>> try_bytes(std::uint64_t offset, std::size_t size);

  // damage notes that headers contradict themselves or lie beyond what can be handled. Damage of one kind is
  // summed up in one gap, at the first place.
  void damage(GapReason reason, std::uint64_t offset, std::string_view what);
  // absent notes memory that existed and is not in the dump.
  void absent(std::uint64_t length);

  // add_region labels memory; regions without bytes are left out. False, and a gap `limit`, when the budget
  // for memory is used up.
  bool add_region(Extent bytes, AddressSpace space, std::uint64_t address);
  // charge takes `size` bytes off the same budget, for what a format keeps itself.
  bool charge(std::uint64_t size, std::uint64_t offset, std::string_view what);

  // Parts end silently at their limit: they are labels for `inspect`, and their bytes are examined like any.
  void add_part(std::string name, Extent bytes);
  bool parts_full() const { return map_.parts.size() >= part_limit; }

  MappingNames& names() { return names_; }
  std::vector<Region>& regions() { return map_.regions; }

  // finish sorts, names, drops identical regions and hands the map over; `absent_detail` explains the memory
  // that absent() summed up. Nothing else may be called afterwards.
  DumpMap finish(std::string absent_detail);

 private:
  static constexpr std::size_t part_limit = 100'000;

  struct Damage {
    std::uint64_t offset = 0;
    std::uint64_t times = 0;
  };

  // spend takes `size` bytes off the budget for reading; false, and a gap `limit`, when it is used up.
  bool spend(std::uint64_t size, std::uint64_t offset);

  ByteView& view_;
  ByteOrder order_ = ByteOrder::little;
  DumpMap map_{};
  MappingNames names_;
  std::uint64_t memory_left_;
  std::uint64_t reading_left_;
  std::vector<std::byte> buffer_{};  // of the layer from buffer_at_ on
  std::uint64_t buffer_at_ = 0;
  std::map<std::pair<GapReason, std::string>, Damage> damages_{};
  std::uint64_t absent_ = 0;
};

}  // namespace dumpgate
