// bzip2. Boost's filter starts the next member by itself and throws, with decoded bytes lost, when what
// follows is none; so the back end is driven directly and stops where the member does. The format has no
// fields for anything but the content.

#include <boost/iostreams/filter/bzip2.hpp>

#include <array>
#include <memory>
#include <new>

#include "scanner/io/codec.h"
#include "scanner/io/member_decoder.h"

namespace dumpgate {
namespace {

namespace bio = boost::iostreams;

// "BZh", the block size digit, then the magic of a block (the digits of pi) or of the end (of its square
// root).
constexpr std::array<std::byte, 3> signature{std::byte{'B'}, std::byte{'Z'}, std::byte{'h'}};
constexpr std::array<std::byte, 6> block_magic{std::byte{0x31}, std::byte{0x41}, std::byte{0x59},
                                               std::byte{0x26}, std::byte{0x53}, std::byte{0x59}};
constexpr std::array<std::byte, 6> end_magic{std::byte{0x17}, std::byte{0x72}, std::byte{0x45},
                                             std::byte{0x38}, std::byte{0x50}, std::byte{0x90}};

// Boost's bzip2 back end without its buffers, exceptions and restarts.
class Bunzip : private bio::detail::bzip2_base, private bio::detail::bzip2_allocator<std::allocator<char>> {
 public:
  Bunzip() : bzip2_base(bio::bzip2_params(false)) {
    init(false, static_cast<bio::detail::bzip2_allocator<std::allocator<char>>&>(*this));
  }
  Bunzip(const Bunzip&) = delete;
  Bunzip& operator=(const Bunzip&) = delete;
  ~Bunzip() { (void)end(false, std::nothrow); }

  // run returns a code of boost::iostreams::bzip2 and moves both spans on.
  int run(std::span<const std::byte>& in, std::span<std::byte>& out) {
    const char* in_begin = reinterpret_cast<const char*>(in.data());
    const char* const in_end = in_begin + in.size();
    char* out_begin = reinterpret_cast<char*>(out.data());
    char* const out_end = out_begin + out.size();
    before(in_begin, in_end, out_begin, out_end);
    const int result = decompress();
    after(in_begin, out_begin);
    in = in.last(static_cast<std::size_t>(in_end - in_begin));
    out = out.last(static_cast<std::size_t>(out_end - out_begin));
    return result;
  }
};

class Bzip2Decoder final : public MemberDecoder {
 public:
  explicit Bzip2Decoder(ByteStream& upstream) : MemberDecoder(upstream) {}

 private:
  Result<Step> step(Work& work) override {
    if (work.in.empty() && !started_) return Step::input;
    started_ = true;
    const int result = bunzip_.run(work.in, work.out);
    if (result == bio::bzip2::stream_end) return Step::end;
    if (result == bio::bzip2::ok) return Step::more;
    if (result == bio::bzip2::mem_error)
      return Error{.code = ErrorCode::limit, .message = "not enough memory for the decoder"};
    return Error{.code = ErrorCode::corrupt, .message = "invalid bzip2 data, or its CRC disagrees"};
  }

  Bunzip bunzip_{};
  bool started_ = false;
};

class Bzip2Codec final : public Codec {
 public:
  std::string_view name() const noexcept override { return "bzip2"; }
  Probe probe(std::span<const std::byte> head) const noexcept override {
    const Probe signed_as = probe_magic(head, signature);
    if (signed_as != Probe::yes) return signed_as;
    if (head.size() == signature.size()) return Probe::cut;
    const std::byte level = head[signature.size()];
    if (level < std::byte{'1'} || level > std::byte{'9'}) return Probe::no;
    const auto rest = head.subspan(signature.size() + 1);
    if (rest.empty()) return Probe::cut;
    const Probe block = probe_magic(rest, block_magic);
    return block != Probe::no ? block : probe_magic(rest, end_magic);
  }
  std::unique_ptr<Decoder> open(ByteStream& upstream, const Limits&, Aside&) const override {
    return std::make_unique<Bzip2Decoder>(upstream);
  }
};

constinit const Bzip2Codec bzip2_instance;

}  // namespace

extern const Codec& bzip2_codec;
constinit const Codec& bzip2_codec = bzip2_instance;

}  // namespace dumpgate
