// What tests of dump formats ask: the map of some bytes, and whether anything in it would keep a dump from
// being released.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scanner/dump/format.h"

namespace dumpgate::support {

// BytesView: a view of bytes in memory, which may behave like a pipe or like a broken disk.
class BytesView final : public ByteView {
 public:
  explicit BytesView(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // From `offset` on, reads fail with `code`.
  BytesView& refuse_from(std::uint64_t offset, ErrorCode code = ErrorCode::limit) {
    refused_ = offset;
    code_ = code;
    return *this;
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset > refused_ || out.size() > refused_ - offset)
      return Error{.code = code_, .message = "refused by the test"};
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto from = bytes_.subspan(static_cast<std::size_t>(offset));
    const std::size_t count = std::min(out.size(), from.size());
    std::ranges::copy(from.first(count), out.begin());
    return count;
  }
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t refused_ = std::numeric_limits<std::uint64_t>::max();
  ErrorCode code_ = ErrorCode::limit;
};

inline std::vector<std::string> part_names(const DumpMap& map) {
  std::vector<std::string> names;
  names.reserve(map.parts.size());
  for (const Part& part : map.parts) names.push_back(part.name);
  return names;
}

inline DumpMap map_of(std::span<const std::byte> bytes, const Limits& limits = {}) {
  BytesView view(bytes);
  return read_map(view, limits);
}

inline bool has_gap(const DumpMap& map, GapReason reason) {
  return std::ranges::count(map.gaps, reason, &Gap::reason) != 0;
}

// Whether a layer of `size` bytes with this map could be released, if nothing were found in it.
inline bool is_clean(const DumpMap& map, std::uint64_t size) {
  return size >= map.promised_end &&
         std::ranges::all_of(map.gaps, [](const Gap& gap) { return gap.reason == GapReason::absent; });
}

// The whole is clean and no beginning of it is, at every `step`th length and near the end at every one.
inline void expect_every_cut_is_noticed(std::span<const std::byte> bytes, std::size_t step = 1) {
  EXPECT_TRUE(is_clean(map_of(bytes), bytes.size()));
  for (std::size_t size = 1; size < bytes.size(); size += bytes.size() - size > 64 ? step : 1)
    EXPECT_FALSE(is_clean(map_of(bytes.first(size)), size)) << "cut to " << size << " of " << bytes.size();
}

}  // namespace dumpgate::support
