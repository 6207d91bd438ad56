// The windows of memory that a retro filter remembers: short stretches of fixed form that look like part of a
// secret number or of its text. The one rule: whether a window is remembered depends on its own bytes alone,
// so that whoever holds a secret later can tell which of its windows a filter must hold if the dump held it.
//
// Windows begin at multiples of 8 bytes of the layer, whatever the addresses were: who asks tries all eight
// ways a secret can lie to them. Text is brought to one form first: line breaks, quotes, escapes and the zero
// bytes of UTF-16 left out, one alphabet of base64, one case of hexadecimal digits.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "scanner/detect/window.h"

namespace dumpgate {

enum class RetroKind : std::uint8_t {
  bytes = 0,   // 16 bytes as they lie in memory
  spaced = 1,  // the upper halves of four 64-bit words whose lower halves are zero (digits of V8's integers)
  base64 = 2,  // 16 characters of base64, '-' and '_' written as '+' and '/'
  digits = 3,  // 32 hexadecimal or decimal digits, in lower case
};
inline constexpr std::size_t retro_kinds = 4;

// Bytes of a window of that kind, in its normal form.
constexpr std::size_t retro_window_size(RetroKind kind) { return kind == RetroKind::digits ? 32 : 16; }

inline constexpr std::size_t longest_retro_window = 32;
inline constexpr std::size_t retro_step = 8;  // bytes between the begins of windows
// How far a window can reach in memory, separators included.
inline constexpr std::size_t retro_reach = 160;

// Whether a window of that kind, in its normal form and of its size, is remembered. Of random secrets these
// tests refuse (tests/evidence/retro_windows_test.cpp): bytes 0.5 %, base64 4 %, hexadecimal below 0.01 %,
// decimal 0.2 % of the windows.
bool retro_remembered(RetroKind kind, std::span<const std::byte> window);

class RetroSink {
 public:
  virtual ~RetroSink() = default;
  // `inside`: the window lies in a long stretch of random-looking bytes (ciphertext, compressed data): all of
  // the nine blocks of 512 bytes around it look random.
  virtual void take(RetroKind kind, std::span<const std::byte> window, bool inside) = 0;
};

// Shows all remembered windows that begin in the own bytes of `window`.
void each_retro_window(const Window& window, RetroSink& sink);

}  // namespace dumpgate
