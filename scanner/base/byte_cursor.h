// ByteCursor: reads numbers from bytes that nobody vouches for. Every read is checked; a failed read returns
// nothing and does not move the cursor, so a parser cannot run past its data by forgetting to ask.

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dumpgate {

enum class ByteOrder : std::uint8_t { little, big };

// load reads a number of sizeof(T) bytes at `at`; the caller has checked that they are there.
template <std::unsigned_integral T>
constexpr T load(const std::byte* at, ByteOrder order) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const std::size_t from = order == ByteOrder::big ? i : sizeof(T) - 1 - i;
    value = static_cast<T>(static_cast<T>(value << (sizeof(T) > 1 ? 8 : 0)) | std::to_integer<T>(at[from]));
  }
  return value;
}

class ByteCursor {
 public:
  explicit constexpr ByteCursor(std::span<const std::byte> bytes, ByteOrder order = ByteOrder::little)
      : bytes_(bytes), order_(order) {}

  constexpr std::size_t position() const { return position_; }
  constexpr std::size_t left() const { return bytes_.size() - position_; }
  constexpr ByteOrder order() const { return order_; }

  // seek moves to an absolute position; false, and no move, when that is past the end.
  constexpr bool seek(std::uint64_t to) {
    if (to > bytes_.size()) return false;
    position_ = static_cast<std::size_t>(to);
    return true;
  }
  constexpr bool skip(std::uint64_t count) { return count <= left() && seek(position_ + count); }

  template <std::unsigned_integral T>
  constexpr std::optional<T> next() {
    if (left() < sizeof(T)) return std::nullopt;
    const T value = load<T>(bytes_.data() + position_, order_);
    position_ += sizeof(T);
    return value;
  }
  constexpr std::optional<std::uint8_t> u8() { return next<std::uint8_t>(); }
  constexpr std::optional<std::uint16_t> u16() { return next<std::uint16_t>(); }
  constexpr std::optional<std::uint32_t> u32() { return next<std::uint32_t>(); }
  constexpr std::optional<std::uint64_t> u64() { return next<std::uint64_t>(); }

  // take returns the next `count` bytes as a view into the cursor's data.
  constexpr std::optional<std::span<const std::byte>> take(std::uint64_t count) {
    if (count > left()) return std::nullopt;
    const auto view = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += view.size();
    return view;
  }

 private:
  std::span<const std::byte> bytes_;
  ByteOrder order_;
  std::size_t position_ = 0;
};

}  // namespace dumpgate
