// AES key schedules (FIPS 197 section 5.2) as software keeps them while it encrypts or decrypts. The one
// rule: every word of the schedule must follow from the key; nothing is guessed and no damage is forgiven.

#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "scanner/base/secret_bytes.h"

namespace dumpgate {

inline constexpr std::size_t shortest_aes_schedule = 176;  // bytes: AES-128
inline constexpr std::size_t longest_aes_schedule = 240;   // AES-256

struct AesSchedule {
  unsigned key_bits = 0;  // 128, 192, 256
  // Decryption by the equivalent inverse cipher (FIPS 197 section 5.3.5): round keys in reversed order, all
  // but the first and last through InvMixColumns.
  bool decryption = false;
  // The words of the standard as 32-bit numbers of a little-endian machine: bytes reversed in each word.
  bool words_swapped = false;
  std::size_t size = 0;  // bytes
  SecretBytes key{};
};

// The schedule that begins with the first byte of `bytes`. The key must have at least six different byte
// values: constants (the all-zero key of self-tests) are no finding; of random 128-bit keys 3e-16 have fewer.
// Costs 30 ns where there is none.
std::optional<AesSchedule> aes_schedule_at(std::span<const std::byte> bytes);

}  // namespace dumpgate
