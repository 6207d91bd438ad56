// WindowTap: somebody else who wants to see the bytes that are examined. The one rule: it sees each own byte
// of each layer exactly once, in windows whose order and size mean nothing, from several threads at the same
// time; what crosses a seam of memory that lies apart in the file, it is shown besides.

#pragma once

#include "scanner/detect/window.h"

namespace dumpgate {

class WindowTap {
 public:
  virtual ~WindowTap() = default;
  // Called once for each window. Safe for concurrent use; throws nothing. May look at window_context around
  // own bytes.
  virtual void see(const Window& window) noexcept = 0;
  // Memory that is contiguous in the dumped machine and lies apart in the file, put together
  // (engine/stitches.h). The own bytes are those before the seam, up to 16 KiB; they were shown before, but
  // followed by others. After all windows of the layer; one thread.
  virtual void see_seam(const Window& window) noexcept = 0;
};

}  // namespace dumpgate
