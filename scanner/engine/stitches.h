// Stitches: puts together memory that is contiguous in the dumped machine and lies apart in the file, as
// segments in any order do. A key that crosses such a place is whole in neither part. While the layer passes,
// the ends of the parts are kept; afterwards each pair is one more window, of which only findings that cross
// the seam count.
//
// Used by one thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "scanner/base/secret_bytes.h"
#include "scanner/detect/window.h"

namespace dumpgate {

class Stitches {
 public:
  static constexpr std::size_t reach = std::size_t{16} * 1024;  // bytes kept on either side of a seam

  // Where several parts end at one address or begin there, each that ends is joined with each that begins,
  // up to 16 at an address.
  // `budget`: bytes that may be kept in all; seams beyond it are left out and overflowed() says so. A seam
  // of few bytes counts as more, so that the budget bounds the number of seams and the work, too.
  Stitches(const DumpMap& map, std::size_t budget);

  // show is called with every window of the layer, in order.
  void show(const Window& window);

  // next fills `buffer` with the next seam's surroundings and describes them; false when all were shown. The
  // window's offset is that of its first byte in the layer, its regions one region with the true address,
  // valid until the next call; signatures are left empty.
  bool next(SecretBytes& buffer, Window& window);

  // Whether bytes of the window that next() gave last cross its seam.
  bool spans_seam(std::uint64_t offset, std::uint64_t length) const;

  // The position in the window that next() gave last of the first byte behind its seam.
  std::size_t seam() const { return static_cast<std::size_t>(seam_ - joined_.regions.front().bytes.begin()); }

  bool overflowed() const { return overflowed_; }

 private:
  struct Side {
    std::uint64_t begin = 0;  // in the layer
    std::size_t size = 0;
    SecretBytes bytes{};
    std::size_t filled = 0;
  };
  struct Seam {
    Side before{}, after{};
    std::uint64_t address = 0;  // of the first byte of `before`
    AddressSpace space = AddressSpace::none;
  };
  void join_all(const std::vector<Region>& regions);
  bool join(const Region& first, const Region& second);  // false: over the budget
  static void copy(Side& side, const Window& window);

  ByteOrder order_;
  unsigned word_bits_;
  std::size_t left_;  // of the budget
  DumpMap joined_{};  // of the last window
  std::unique_ptr<RegionIndex> joined_index_{};
  std::vector<Seam> seams_{};
  std::vector<std::pair<std::uint64_t, Side*>> by_begin_{};  // sorted
  std::size_t turn_ = 0;
  std::uint64_t seam_ = 0;  // layer offset where the last window's first part ends
  bool overflowed_ = false;
};

}  // namespace dumpgate
