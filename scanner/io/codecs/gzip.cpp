// gzip (RFC 1952). Boost's gzip_decompressor throws at padding and trailing bytes and drops what it had
// decoded, so only its inflate is used here; header and trailer are read, and every checksum compared, in
// this file. The fields of variable length (extra, name, comment; each with its length or end mark) go aside.
// The time, the system and the extra flags, six bytes in all, are passed over.

#include <boost/crc.hpp>
#include <boost/iostreams/filter/zlib.hpp>

#include <array>
#include <cstdint>
#include <memory>

#include "scanner/base/byte_cursor.h"
#include "scanner/io/codec.h"
#include "scanner/io/member_decoder.h"

namespace dumpgate {
namespace {

namespace bio = boost::iostreams;

constexpr std::array<std::byte, 3> gzip_magic{std::byte{0x1f}, std::byte{0x8b}, std::byte{0x08}};
constexpr std::size_t fixed_header = 10;

enum Flag : unsigned {
  has_header_crc = 2,
  has_extra = 4,
  has_name = 8,
  has_comment = 16,
  reserved_flags = 0xe0
};

// Boost's zlib back end without its buffers and exceptions. It computes the CRC-32 of what it puts out.
class Inflater : private bio::detail::zlib_base, private bio::detail::zlib_allocator<std::allocator<char>> {
 public:
  Inflater() {
    bio::zlib_params params;
    params.noheader = true;
    params.calculate_crc = true;
    init(params, false, static_cast<bio::detail::zlib_allocator<std::allocator<char>>&>(*this));
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { reset(false, false); }

  // run returns a code of boost::iostreams::zlib and moves both spans on.
  int run(std::span<const std::byte>& in, std::span<std::byte>& out) {
    const char* in_begin = reinterpret_cast<const char*>(in.data());
    const char* const in_end = in_begin + in.size();
    char* out_begin = reinterpret_cast<char*>(out.data());
    char* const out_end = out_begin + out.size();
    before(in_begin, in_end, out_begin, out_end);
    const int result = xinflate(bio::zlib::sync_flush);
    after(in_begin, out_begin, false);
    in = in.last(static_cast<std::size_t>(in_end - in_begin));
    out = out.last(static_cast<std::size_t>(out_end - out_begin));
    return result;
  }
  std::uint32_t crc32() const { return static_cast<std::uint32_t>(crc()); }
};

class GzipDecoder final : public MemberDecoder {
 public:
  GzipDecoder(ByteStream& upstream, Aside& aside) : MemberDecoder(upstream), aside_(aside) {}

 private:
  enum class Part : std::uint8_t { fixed, extra_size, extra, name, comment, header_crc, body, trailer };

  // The parts of the header that say what their writer likes.
  static bool varies(Part part) {
    return part == Part::extra_size || part == Part::extra || part == Part::name || part == Part::comment;
  }

  Result<Step> step(Work& work) override {
    while (part_ != Part::body) {
      if (work.in.empty()) return Step::input;
      if (varies(part_)) {
        if (const auto kept = aside_.add(work.in.first(1)); !kept) return kept.error();
      }
      const std::byte next = work.in.front();
      work.in = work.in.subspan(1);
      if (part_ == Part::trailer) {
        field_.at(filled_++) = next;
        if (filled_ == field_.size()) return check_trailer();
      } else if (const auto taken = take_header(next); !taken) {
        return taken.error();
      }
    }
    return inflate(work);
  }

  Result<Step> inflate(Work& work) {
    const std::size_t room = work.out.size();
    const int result = inflater_.run(work.in, work.out);
    decoded_ += room - work.out.size();
    if (result == bio::zlib::stream_end) {
      enter(Part::trailer);
      return Step::more;
    }
    if (result == bio::zlib::okay) return Step::more;
    if (result == bio::zlib::buf_error) return Step::input;
    if (result == bio::zlib::mem_error)
      return Error{.code = ErrorCode::limit, .message = "not enough memory for the decoder"};
    return Error{.code = ErrorCode::corrupt, .message = "invalid deflate data"};
  }

  Result<Step> check_trailer() const {
    if (load<std::uint32_t>(field_.data(), ByteOrder::little) != inflater_.crc32())
      return Error{.code = ErrorCode::corrupt, .message = "the content disagrees with its CRC-32"};
    if (load<std::uint32_t>(field_.data() + 4, ByteOrder::little) != static_cast<std::uint32_t>(decoded_))
      return Error{.code = ErrorCode::corrupt, .message = "the content disagrees with its size field"};
    return Step::end;
  }

  // take_header consumes one byte of the header (RFC 1952, section 2.3).
  Result<void> take_header(std::byte next) {
    const auto expected_crc = static_cast<std::uint16_t>(header_crc_.checksum() & 0xffffU);
    header_crc_.process_byte(std::to_integer<unsigned char>(next));
    switch (part_) {
      case Part::fixed:
        return take_fixed(next);
      case Part::extra_size:
        field_.at(filled_++) = next;
        if (filled_ == 2) {
          extra_left_ = load<std::uint16_t>(field_.data(), ByteOrder::little);
          enter(extra_left_ == 0 ? after_extra() : Part::extra);
        }
        return {};
      case Part::extra:
        if (--extra_left_ == 0) enter(after_extra());
        return {};
      case Part::name:
        if (next == std::byte{0}) enter(after_name());
        return {};
      case Part::comment:
        if (next == std::byte{0}) enter(after_comment());
        return {};
      case Part::header_crc:
        if (filled_ == 0) stored_header_crc_ = expected_crc;
        field_.at(filled_++) = next;
        if (filled_ < 2) return {};
        if (load<std::uint16_t>(field_.data(), ByteOrder::little) != stored_header_crc_)
          return Error{.code = ErrorCode::corrupt, .message = "the header disagrees with its CRC-16"};
        enter(Part::body);
        return {};
      case Part::body:
      case Part::trailer:
        break;
    }
    return Error{.code = ErrorCode::internal, .message = "gzip header state"};
  }

  Result<void> take_fixed(std::byte next) {
    const std::size_t at = filled_++;
    if (at < gzip_magic.size() && next != gzip_magic.at(at))
      return Error{.code = ErrorCode::corrupt, .message = "not a gzip header"};
    if (at == 3) flags_ = std::to_integer<unsigned>(next);
    if ((flags_ & reserved_flags) != 0)
      return Error{.code = ErrorCode::unsupported, .message = "reserved gzip header flags are set"};
    if (filled_ == fixed_header) enter((flags_ & has_extra) != 0 ? Part::extra_size : after_extra());
    return {};
  }

  Part after_extra() const { return (flags_ & has_name) != 0 ? Part::name : after_name(); }
  Part after_name() const { return (flags_ & has_comment) != 0 ? Part::comment : after_comment(); }
  Part after_comment() const { return (flags_ & has_header_crc) != 0 ? Part::header_crc : Part::body; }

  void enter(Part part) {
    part_ = part;
    filled_ = 0;
  }

  Aside& aside_;
  Part part_ = Part::fixed;
  std::array<std::byte, 8> field_{};  // the number being collected
  std::size_t filled_ = 0;            // bytes of the part that were seen, where its length is fixed
  unsigned flags_ = 0;
  unsigned extra_left_ = 0;
  boost::crc_32_type header_crc_{};
  std::uint16_t stored_header_crc_ = 0;  // what the header's CRC should be: taken before its own field
  Inflater inflater_{};
  std::uint64_t decoded_ = 0;
};

class GzipCodec final : public Codec {
 public:
  std::string_view name() const noexcept override { return "gzip"; }
  Probe probe(std::span<const std::byte> head) const noexcept override {
    return probe_magic(head, gzip_magic);
  }
  std::unique_ptr<Decoder> open(ByteStream& upstream, const Limits&, Aside& aside) const override {
    return std::make_unique<GzipDecoder>(upstream, aside);
  }
};

constinit const GzipCodec gzip_instance;

}  // namespace

extern const Codec& gzip_codec;
constinit const Codec& gzip_codec = gzip_instance;

}  // namespace dumpgate
