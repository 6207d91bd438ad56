// FixedPower: g^x modulo p for many numbers x of a dump, fast: one of them may be the logarithm of a known y.
// The one rule: it only filters. Not constant time, and what it finds is confirmed by OpenSSL.
//
// A table of g^(k*256^i) for each byte i of an exponent and each value k of it turns a power into one
// multiplication a byte: a tenth of the cost of a modular exponentiation. The table takes 8160 numbers of p's
// size for 32 bytes (2 MiB for 2,048 bits), made within some milliseconds.

#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

class FixedPower {
 public:
  // What one thread computes with; reused, because making it costs as much as some multiplications.
  class Scratch {
   public:
    Scratch();
    Scratch(Scratch&&) noexcept;
    ~Scratch();

   private:
    friend class FixedPower;
    struct State;
    std::unique_ptr<State> state_;
  };

  // Numbers are big-endian bytes. The modulus is odd, above 1 and above the base; exponents have at most
  // `exponent_bytes` bytes. Throws std::bad_alloc, here and below.
  FixedPower(std::span<const std::byte> base, std::span<const std::byte> modulus, std::size_t exponent_bytes);
  ~FixedPower();
  FixedPower(const FixedPower&) = delete;
  FixedPower& operator=(const FixedPower&) = delete;

  // Bytes of memory that a table for such numbers takes.
  static std::size_t memory(std::size_t modulus_bytes, std::size_t exponent_bytes) {
    return exponent_bytes * 255 * (modulus_bytes + 64);
  }

  // base^exponent, big-endian without leading zeros. `exponent` is little-endian. Safe for concurrent use
  // with a scratch each.
  SecretBytes power(std::span<const std::byte> exponent, Scratch& scratch) const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace dumpgate
