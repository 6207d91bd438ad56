// LayerWalk: takes wrappings off an input and yields what is inside, leaf by leaf, as streams.
//
// A leaf is a run of bytes that no codec claims: the content of the innermost members, or what follows the
// last member of a wrapping (padding, trailing bytes), or what follows the place where a decoder failed, or
// what a wrapping carried beside its content (io/aside.h). So every byte of the input is either decoded, or a
// number of the encoding, or shown in a leaf; and every decoder that ended badly left a gap: with what it had
// decoded shown, and its encoded bytes too, from the start of the failed member when that lies close, else
// from the damage on. The leaves and their order depend on nothing but the input and the limits.
//
// Members of one codec that follow each other, with or without zero bytes between them, are one layer: their
// contents are joined. Members of another codec after them are a layer of their own.
// What they carried beside it is joined too, and is a leaf of its own after all leaves of the layer.
// A wrapping that is recognised and cannot be opened is a gap, and its bytes are a leaf. So is the header of
// a member behind bytes that are neither a member nor padding: anywhere behind the last member of a wrapping,
// and within the first 16 bytes of a layer.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/io/byte_stream.h"
#include "scanner/io/gap.h"
#include "scanner/io/input.h"
#include "scanner/io/limits.h"

namespace dumpgate {

struct Leaf {
  // Wrappings taken off to reach it, outermost first, joined by '!'; "" for none. A wrapping that does not
  // begin at the first byte of what holds it says where it does: "gzip@4096". What a layer carried beside its
  // content ends in "!aside", and is a tail: "gzip!aside".
  std::string path{};
  std::uint64_t base = 0;  // offset of the leaf's first byte in the bytes of that layer
  bool tail = false;  // aside, or behind a wrapping's last member or a failure: examined raw, never probed
  ByteStream* stream = nullptr;  // valid until the next call of next()
  // Reads the same bytes at any place, offsets counted from the leaf's first byte. For a pipe (or a layer
  // inside one) only the first Limits::table_memory bytes can be had before the stream has passed them:
  // further ones are ErrorCode::limit. In a layer of a file, going back far is bounded, for all views
  // together: beyond that reads are ErrorCode::limit, and the leaf has a gap. Reading through the view never
  // takes bytes from the stream. Valid as long as stream.
  ByteView* view = nullptr;
};

// What was taken off, for `inspect` and the text report.
struct LayerRecord {
  std::string path{};           // path of the layer itself: "gzip", "gzip!zstd"
  std::uint64_t members = 0;    // members that ended well
  std::uint64_t bytes_in = 0;   // consumed from the outer layer
  std::uint64_t bytes_out = 0;  // delivered to the inner layer
};

class LayerWalk {
 public:
  // The input outlives the walk. `hash` is shown every byte of the input, in order, once.
  LayerWalk(Input& input, const Limits& limits, std::function<void(std::span<const std::byte>)> tap);
  ~LayerWalk();

  // The next leaf, or nothing when the input is exhausted. What the caller left unread of the previous leaf
  // is read and thrown away, with a gap. Error: the input cannot be opened or read at all.
  Result<std::optional<Leaf>> next();

  std::uint64_t bytes_in() const;  // of the input, so far
  // A decoder's failure is a gap in its own layer, at the first byte that could not be decoded. Complete when
  // next() returned nothing.
  const std::vector<Gap>& gaps() const;
  const std::vector<LayerRecord>& layers() const;  // complete when next() returned nothing

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dumpgate
