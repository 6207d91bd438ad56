// Probe: how a codec or a dump format judges the first bytes it is shown. The one rule: a head so short that
// it may be the beginning of a cut-off header is `cut`, not `no`, so that a file cut inside its magic never
// passes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dumpgate {

enum class Probe : std::uint8_t { no, cut, yes };

// How many leading bytes a probe is shown, unless the data is shorter.
inline constexpr std::size_t probe_size = 4096;

// probe_magic compares the head with a fixed magic: `cut` when the head is shorter than the magic, not empty,
// and equal to its beginning.
constexpr Probe probe_magic(std::span<const std::byte> head, std::span<const std::byte> magic) {
  for (std::size_t i = 0; i < magic.size(); ++i) {
    if (i == head.size()) return i == 0 ? Probe::no : Probe::cut;
    if (head[i] != magic[i]) return Probe::no;
  }
  return Probe::yes;
}

}  // namespace dumpgate
