// Codec: one compression format. A codec is recognised by content, never by name; scanner/io/codecs/ holds
// one file for each. A Decoder takes off ONE member (gzip member, xz stream, zstd or lz4 frame); io/layers.h
// joins members and finds what follows the last.

#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "scanner/io/aside.h"
#include "scanner/io/byte_stream.h"
#include "scanner/io/limits.h"
#include "scanner/io/probe.h"

namespace dumpgate {

class Decoder : public ByteStream {
 public:
  // read: 0 means that the member is complete and that every checksum it carries agreed. An Error (truncated,
  // corrupt, limit, unsupported) comes only after all bytes decoded before the damage were delivered.

  // unused: the bytes taken from upstream beyond the member's end, or from the damage on. Meaningful after
  // read() returned 0 or an Error; valid until the decoder goes.
  virtual std::span<const std::byte> unused() const = 0;
};

class Codec {
 public:
  virtual ~Codec() = default;
  virtual std::string_view name() const noexcept = 0;  // "gzip"
  virtual Probe probe(std::span<const std::byte> head) const noexcept = 0;
  // probe_next judges what follows a member of this codec: frames of no codec belong to the one before them.
  virtual Probe probe_next(std::span<const std::byte> head) const noexcept { return probe(head); }
  // open starts a decoder at the first byte of a member. `upstream` and `aside` outlive the decoder. What the
  // member carries beside its content goes to `aside` as it is read: also when the member fails later.
  virtual std::unique_ptr<Decoder> open(ByteStream& upstream, const Limits& limits, Aside& aside) const = 0;
};

// The codecs, one for each file of scanner/io/codecs/; the build lists the folder.
std::span<const Codec* const> all_codecs();

}  // namespace dumpgate
