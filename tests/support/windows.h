// A layer as the engine shows it: window after window, each with what lies around it. The one rule: a
// window's bytes are an allocation of their own, so that a sanitizer sees any read outside it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "scanner/detect/window.h"

namespace dumpgate::test {

// The layer as one window that owns all of it; the layer outlives it.
inline Window whole_window(std::span<const std::byte> layer) {
  Window window;
  window.bytes = layer;
  window.own_end = layer.size();
  return window;
}

// Calls show(Window&) for each `own` bytes of the layer; what the window refers to is gone afterwards.
template <typename Show>
void through_windows(std::span<const std::byte> layer, std::size_t own, Show&& show) {
  for (std::size_t at = 0; at < layer.size(); at += own) {
    const std::size_t begin = at > window_context ? at - window_context : 0;
    const std::size_t own_end = std::min(layer.size(), at + own);
    const auto part = layer.subspan(begin, std::min(layer.size(), own_end + window_context) - begin);
    const std::vector<std::byte> copy(part.begin(), part.end());
    Window window;
    window.bytes = copy;
    window.own_begin = at - begin;
    window.own_end = own_end - begin;
    window.offset = begin;
    show(window);
  }
}

}  // namespace dumpgate::test
