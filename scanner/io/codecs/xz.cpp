// xz (the .xz file format 1.1.0). Boost's filter reads on through all streams of a file and throws at what
// follows the last; so its back end is set anew to one stream, to our memory limit, and to refuse checks it
// cannot verify.
//
// The format has no fields for anything but the content: liblzma takes no padding but zeros, no reserved flag
// and no header whose CRC-32 disagrees.

#include <lzma.h>

#include <array>
#include <boost/iostreams/filter/lzma.hpp>
#include <memory>
#include <new>

#include "scanner/io/codec.h"
#include "scanner/io/member_decoder.h"

namespace dumpgate {
namespace {

namespace bio = boost::iostreams;

constexpr std::array<std::byte, 6> xz_magic{std::byte{0xfd}, std::byte{'7'}, std::byte{'z'},
                                            std::byte{'X'},  std::byte{'Z'}, std::byte{0}};

class Unxz : private bio::detail::lzma_base, private bio::detail::lzma_allocator<std::allocator<char>> {
 public:
  explicit Unxz(std::uint64_t memory_limit) {
    init(bio::lzma_params(), false, static_cast<bio::detail::lzma_allocator<std::allocator<char>>&>(*this));
    if (lzma_stream_decoder(static_cast<lzma_stream*>(stream()), memory_limit, LZMA_TELL_UNSUPPORTED_CHECK) !=
        LZMA_OK)
      throw std::bad_alloc();
  }
  Unxz(const Unxz&) = delete;
  Unxz& operator=(const Unxz&) = delete;
  ~Unxz() { reset(false, false); }

  // run moves both spans on.
  lzma_ret run(std::span<const std::byte>& in, std::span<std::byte>& out) {
    const char* in_begin = reinterpret_cast<const char*>(in.data());
    const char* const in_end = in_begin + in.size();
    char* out_begin = reinterpret_cast<char*>(out.data());
    char* const out_end = out_begin + out.size();
    before(in_begin, in_end, out_begin, out_end);
    const int result = inflate(bio::lzma::run);
    after(in_begin, out_begin, false);
    in = in.last(static_cast<std::size_t>(in_end - in_begin));
    out = out.last(static_cast<std::size_t>(out_end - out_begin));
    return static_cast<lzma_ret>(result);
  }
};

class XzDecoder final : public MemberDecoder {
 public:
  XzDecoder(ByteStream& upstream, const Limits& limits)
      : MemberDecoder(upstream), unxz_(limits.decoder_memory) {}

 private:
  Result<Step> step(Work& work) override {
    const lzma_ret result = unxz_.run(work.in, work.out);
    if (result == LZMA_OK) return Step::more;
    if (result == LZMA_STREAM_END) return Step::end;
    if (result == LZMA_BUF_ERROR) return Step::input;  // it had nothing to work on
    return explain(result);
  }

  static Error explain(lzma_ret result) {
    if (result == LZMA_MEM_ERROR)
      return {.code = ErrorCode::limit, .message = "not enough memory for the decoder"};
    if (result == LZMA_MEMLIMIT_ERROR)
      return {.code = ErrorCode::limit,
              .message = "the dictionary is larger than a decoder may use of --max-memory"};
    if (result == LZMA_UNSUPPORTED_CHECK)
      return {.code = ErrorCode::unsupported, .message = "an integrity check of unknown kind"};
    if (result == LZMA_OPTIONS_ERROR)
      return {.code = ErrorCode::unsupported, .message = "unknown filters or options"};
    return {.code = ErrorCode::corrupt, .message = "invalid xz data, or its check disagrees"};
  }

  Unxz unxz_;
};

class XzCodec final : public Codec {
 public:
  std::string_view name() const noexcept override { return "xz"; }
  Probe probe(std::span<const std::byte> head) const noexcept override { return probe_magic(head, xz_magic); }
  std::unique_ptr<Decoder> open(ByteStream& upstream, const Limits& limits, Aside&) const override {
    return std::make_unique<XzDecoder>(upstream, limits);
  }
};

constinit const XzCodec xz_instance;

}  // namespace

extern const Codec& xz_codec;
constinit const Codec& xz_codec = xz_instance;

}  // namespace dumpgate
