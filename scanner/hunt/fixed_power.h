// FixedPower: many powers of one base modulo one prime, fast: g^x for the numbers x of a dump. The one rule:
// it only filters. Not constant time, and what it finds is confirmed by OpenSSL.
//
// A table of base^(k*256^i) for each byte i of an exponent and each value k of it turns a power into one
// multiplication a byte: a tenth of the cost of a modular exponentiation. The table
// takes 8160 numbers of the modulus' size for 32 bytes (2 MiB for 2,048 bits), made within some milliseconds.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

class FixedPower {
 public:
  // Numbers are big-endian bytes. The modulus is odd and above the base; exponents have at most
  // `exponent_bytes` bytes. Throws std::bad_alloc.
  FixedPower(std::span<const std::byte> base, std::span<const std::byte> modulus, std::size_t exponent_bytes);
  FixedPower(FixedPower&&) noexcept;
  ~FixedPower();

  // Bytes of memory that a table for such numbers takes.
  static std::size_t memory(std::size_t modulus_bytes, std::size_t exponent_bytes) {
    return exponent_bytes * 255 * (modulus_bytes + 64);
  }

  // power computes base^exponent in a form of its own, which is one for each number; in_form brings a number
  // below the modulus into it. `exponent` is little-endian, of at most exponent_bytes. Safe for concurrent
  // use.
  SecretBytes power(std::span<const std::byte> exponent) const;
  SecretBytes in_form(std::span<const std::byte> number) const;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace dumpgate
