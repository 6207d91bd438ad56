#include "scanner/dump/map_builder.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace dumpgate {
namespace {

constexpr std::size_t read_ahead = 65'536;

// Names get a quarter of the memory for tables. Tables are read in pieces and not kept, so a few times as
// much may be read, counted with what is read ahead, as may be kept; what hostile tables can cost is bounded
// all the same, wherever they lie.
constexpr std::uint64_t name_share = 4;
constexpr std::uint64_t reading_factor = 16;

// A vector that grows holds the old and the new half as large again.
constexpr std::uint64_t region_cost = sizeof(Region) * 5 / 4;

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return a > most - b ? most : a + b;
}

auto in_file_order(const Region& region) {
  return std::tuple(region.bytes.begin(), region.bytes.size(), region.space, region.address);
}

}  // namespace

MapBuilder::MapBuilder(std::string_view format, ByteView& view, const Limits& limits)
    : view_(view),
      names_(limits.table_memory / name_share),
      memory_left_(limits.table_memory),
      reading_left_(std::min<std::uint64_t>(limits.table_memory, ~0ULL / reading_factor) * reading_factor) {
  map_.format = format;
}

std::optional<Extent> MapBuilder::promise(std::uint64_t offset, std::uint64_t size, std::string_view what) {
  const auto extent = Extent::make(offset, size);
  if (!extent) {
    damage(GapReason::corrupt, offset, std::string(what) + ": lies beyond any file");
    return std::nullopt;
  }
  if (!extent->empty()) map_.promised_end = std::max(map_.promised_end, extent->end());
  return extent;
}

bool MapBuilder::spend(std::uint64_t size, std::uint64_t offset) {
  if (size <= reading_left_) {
    reading_left_ -= size;
    return true;
  }
  damage(GapReason::limit, offset, "headers and tables too large to be read");
  return false;
}

Result<std::span<const std::byte>> MapBuilder::try_bytes(std::uint64_t offset, std::size_t size) {
  if (size > read_limit) return Error{.code = ErrorCode::internal, .message = "table read too large"};
  const auto held = [&] {
    return offset >= buffer_at_ && offset - buffer_at_ <= buffer_.size() &&
           size <= buffer_.size() - static_cast<std::size_t>(offset - buffer_at_);
  };
  // What is at hand costs too: tables may be long, and lie over each other.
  if (!spend(size, offset)) return Error{.code = ErrorCode::limit, .message = "too much to be read"};
  // A pipe may refuse to look so far ahead and still have what is asked for.
  for (const std::size_t wanted : {read_ahead, size}) {
    if (held()) break;
    if (!spend(wanted, offset)) return Error{.code = ErrorCode::limit, .message = "too much to be read"};
    buffer_at_ = offset;
    buffer_.resize(wanted);
    const auto got = view_.read_at(offset, buffer_);
    buffer_.resize(got ? *got : 0);
    if (!got && (wanted == size || got.error().code != ErrorCode::limit)) return got.error();
    if (got && *got < size) return Error{.code = ErrorCode::truncated, .message = "ends early"};
  }
  return std::span<const std::byte>(buffer_).subspan(static_cast<std::size_t>(offset - buffer_at_), size);
}

std::optional<std::span<const std::byte>> MapBuilder::bytes(std::uint64_t offset, std::size_t size,
                                                            std::string_view what) {
  if (!promise(offset, size, what)) return std::nullopt;
  const auto read = try_bytes(offset, size);
  if (read) return *read;
  if (read.error().code != ErrorCode::truncated)
    damage(gap_reason(read.error().code), offset, std::string(what) + ": cannot be read");
  return std::nullopt;
}

std::optional<Record> MapBuilder::record(std::uint64_t offset, std::size_t size, std::string_view what) {
  const auto read = bytes(offset, size, what);
  if (!read) return std::nullopt;
  return Record(*read, order_);
}

void MapBuilder::damage(GapReason reason, std::uint64_t offset, std::string_view what) {
  Damage& entry = damages_[{reason, std::string(what)}];
  if (entry.times++ == 0) entry.offset = offset;
}

void MapBuilder::absent(std::uint64_t length) { absent_ = saturating_add(absent_, length); }

bool MapBuilder::charge(std::uint64_t size, std::uint64_t offset, std::string_view what) {
  if (size <= memory_left_) {
    memory_left_ -= size;
    return true;
  }
  damage(GapReason::limit, offset, what);
  return false;
}

bool MapBuilder::add_region(Extent bytes, AddressSpace space, std::uint64_t address) {
  if (bytes.empty()) return true;
  if (!charge(region_cost, bytes.begin(), "more regions than may be kept")) return false;
  map_.regions.push_back({.bytes = bytes, .space = space, .address = address});
  return true;
}

void MapBuilder::add_part(std::string name, Extent bytes) {
  if (!bytes.empty() && !parts_full()) map_.parts.push_back({.name = std::move(name), .bytes = bytes});
}

DumpMap MapBuilder::finish(std::string absent_detail) {
  std::ranges::sort(map_.regions, {}, in_file_order);
  const auto same = std::ranges::unique(map_.regions, {}, in_file_order);
  map_.regions.erase(same.begin(), same.end());
  names_.apply(map_);
  for (const auto& [kind, damage] : damages_) {
    std::string detail = kind.second;
    if (damage.times > 1) detail += " (" + std::to_string(damage.times) + " times)";
    map_.gaps.push_back({.reason = kind.first, .offset = damage.offset, .detail = std::move(detail)});
  }
  if (absent_ != 0)
    map_.gaps.push_back({.reason = GapReason::absent, .length = absent_, .detail = std::move(absent_detail)});
  return std::move(map_);
}

}  // namespace dumpgate
