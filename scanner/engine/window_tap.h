// WindowTap: somebody else who wants to see the bytes that are examined. The one rule: it sees each own byte
// of each layer exactly once, in windows whose order and size mean nothing, from several threads at the same
// time.

#pragma once

#include "scanner/detect/window.h"

namespace dumpgate {

class WindowTap {
 public:
  virtual ~WindowTap() = default;
  // Called once for each window. Safe for concurrent use; throws nothing. May look at window_context around
  // own bytes.
  virtual void see(const Window& window) noexcept = 0;
};

}  // namespace dumpgate
