// What is known of OpenSSH's shielded private keys (8.1 and later, sshkey.c) before any arithmetic: how a
// prekey looks, 16 KiB of random bytes, and how `struct sshkey` points to it. The one rule: a prekey is no
// secret by itself, so a look at one only decides whether it is worth a hash.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "scanner/detect/window.h"

namespace dumpgate {

inline constexpr std::size_t prekey_size = std::size_t{16} * 1024;    // SSHKEY_SHIELD_PREKEY_LEN
inline constexpr std::size_t most_shielded = std::size_t{16} * 1024;  // an RSA-16384 key takes 8.5 KiB

// The size word of a glibc chunk of 16 KiB and 16 bytes: with the bit for "the previous one is in use".
inline constexpr std::string_view prekey_chunk_size("\x11\x40\0\0\0\0\0\0", 8);

// is_prekey: whether a prekey may begin at bytes[at]. Every 1024 bytes look random, and no chunk begins
// inside: so prekeys in chunks do not overlap, and a dump full of chunks costs no more than one full of
// prekeys. A true prekey holds that size word with probability 2^-50.
bool is_prekey(std::span<const std::byte> bytes, std::size_t at);

// may_be_random: a cheap look at the 32 bytes from bytes[at] on, which are there, before the dear ones: at
// most two zeros, and bytes above 0x7f as in random data (5 to 27 of 32). Random bytes fail with probability
// 2.6e-4.
bool may_be_random(std::span<const std::byte> bytes, std::size_t at);

// The last members of struct sshkey (sshkey.h), in a row: where the shielded key is, its length, where the
// prekey is, and that one's length, which is always the same.
inline constexpr std::size_t shield_members = 4;

// What those members say, in offsets of the layer.
struct ShieldPointers {
  std::uint64_t asked_at = 0;  // where the members begin
  std::uint64_t prekey = 0;
  std::uint64_t shielded = 0;
  std::size_t shielded_size = 0;  // a multiple of 16, at most most_shielded
};

// shield_pointers: what members that begin at `position` of the window say, when both blocks are in the dump,
// each in one piece. The window has regions.
std::optional<ShieldPointers> shield_pointers(const Window& window, std::size_t position);

}  // namespace dumpgate
