// MemberDecoder: what all decoders share: buffers, the order of delivery, and what is left over. A codec
// supplies step() alone. The one rule: a step gets whole input chunks and whole output buffers whatever sizes
// the caller reads, so the place at which damage is noticed depends on nothing but the encoded bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "scanner/base/result.h"
#include "scanner/io/codec.h"

namespace dumpgate {

class MemberDecoder : public Decoder {
 public:
  Result<std::size_t> read(std::span<std::byte> out) final;
  std::span<const std::byte> unused() const final { return work_.in; }

  // What a step works on. It moves the front of `in` and `out` past what it consumed and filled.
  struct Work {
    std::span<const std::byte> in{};
    std::span<std::byte> out{};
    bool ended = false;  // upstream has nothing after `in`
  };
  enum class Step : std::uint8_t {
    more,   // progress was made; there may be more to do with what is at hand
    input,  // nothing more can be said without the bytes that follow `in` (of which at most 64 are left)
    end,    // the member is complete and agrees with its checksums
  };

 protected:
  explicit MemberDecoder(ByteStream& upstream) : upstream_(upstream) {}

  // step decodes what it can. On damage it leaves `in` at the first byte it could not use and `out` after the
  // last byte it could decode. With `ended` set, `input` means: truncated.
  virtual Result<Step> step(Work& work) = 0;

 private:
  void decode_ahead();
  void refill();
  void settle(const Result<Step>& result, bool progressed);

  ByteStream& upstream_;
  Work work_{};
  std::unique_ptr<std::byte[]> input_{};
  std::unique_ptr<std::byte[]> output_{};
  std::size_t chunk_ = 0;                 // size of the last input chunk
  std::span<const std::byte> decoded_{};  // of output_, not delivered yet
  bool finished_ = false;
  std::optional<Error> failure_{};
  std::optional<Error> upstream_failure_{};  // reported when all that came before it is decoded
};

}  // namespace dumpgate
