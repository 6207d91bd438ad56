// Sha256: a running SHA-256, by OpenSSL. One thread at a time.

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace dumpgate {

using Sha256Digest = std::array<std::byte, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  Sha256Digest finish();  // once; the object is spent

  static Sha256Digest of(std::span<const std::byte> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dumpgate
