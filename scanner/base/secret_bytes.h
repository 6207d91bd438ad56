// SecretBytes: bytes that may be key material. They are overwritten when released, and the type makes each
// place that holds such bytes visible to a reader and to grep.

#pragma once

#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace dumpgate {

// wipe overwrites memory in a way that the compiler may not remove.
inline void wipe(void* memory, std::size_t size) noexcept {
  if (size != 0) explicit_bzero(memory, size);
}

template <typename T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    wipe(memory, count * sizeof(T));
    std::allocator<T>{}.deallocate(memory, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

using SecretBytes = std::vector<std::byte, WipingAllocator<std::byte>>;

inline SecretBytes secret_copy(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace dumpgate
