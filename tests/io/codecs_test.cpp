// What is particular to one codec; what all have in common is in layers_test.cpp.

#include <gtest/gtest.h>

#include <boost/crc.hpp>
#include <string>

#include "scanner/io/codec.h"
#include "scanner/io/layers.h"
#include "tests/support/compressors.h"

namespace dumpgate {
namespace {

using namespace dumpgate::testing;  // compressors and sample bytes

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(const Bytes& bytes) : left_(bytes) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t count = std::min({out.size(), left_.size(), std::size_t{777}});
    std::copy_n(left_.begin(), count, out.begin());
    left_ = left_.subspan(count);
    return count;
  }
  std::size_t left() const { return left_.size(); }

 private:
  std::span<const std::byte> left_;
};

struct Decoded {
  Bytes content{};
  std::optional<ErrorCode> error{};
  std::size_t left = 0;  // bytes that the member did not use
  Bytes aside{};
};

Decoded decode(std::string_view codec, const Bytes& bytes, const Limits& limits = {}) {
  Decoded seen;
  for (const Codec* const candidate : all_codecs()) {
    if (candidate->name() != codec) continue;
    MemoryStream upstream(bytes);
    Aside aside(limits);
    const auto decoder = candidate->open(upstream, limits, aside);
    Bytes buffer(5'000);
    for (;;) {
      const auto got = decoder->read(buffer);
      if (!got) seen.error = got.error().code;
      if (!got || *got == 0) break;
      seen.content.insert(seen.content.end(), buffer.begin(),
                          buffer.begin() + static_cast<std::ptrdiff_t>(*got));
    }
    seen.left = decoder->unused().size() + upstream.left();
    seen.aside.assign(aside.bytes().begin(), aside.bytes().end());
    return seen;
  }
  ADD_FAILURE() << "no codec " << codec;
  return seen;
}

Probe probe(std::string_view codec, const Bytes& head) {
  for (const Codec* const candidate : all_codecs())
    if (candidate->name() == codec) return candidate->probe(head);
  return Probe::no;
}

TEST(Codecs, UnusedBytesAreExact) {
  const Bytes content = sample(200'000);
  for (const Compressor& compressor : compressors) {
    const Bytes packed = compressor.compress(content);
    for (const std::size_t after : {0U, 1U, 3U, 5'000U, 400'000U}) {
      const Decoded seen = decode(compressor.codec, joined(packed, sample(after, 5)));
      EXPECT_EQ(seen.content, content) << compressor.codec;
      EXPECT_FALSE(seen.error) << compressor.codec;
      EXPECT_EQ(seen.left, after) << compressor.codec;
    }
  }
}

TEST(Codecs, AHeadCutInsideItsMagicIsCut) {
  for (const Compressor& compressor : compressors) {
    const Bytes packed = compressor.compress(sample(100));
    EXPECT_EQ(probe(compressor.codec, Bytes()), Probe::no);
    EXPECT_EQ(probe(compressor.codec, {packed[0]}), Probe::cut) << compressor.codec;
    EXPECT_EQ(probe(compressor.codec, packed), Probe::yes) << compressor.codec;
    EXPECT_EQ(probe(compressor.codec, sample(100)), Probe::no) << compressor.codec;
  }
}

// A gzip member with the header fields that `flags` announce, as RFC 1952 lays them out.
Bytes gzip_with_header(const Bytes& content, unsigned flags, unsigned wrong_header_crc = 0) {
  const Bytes plain = gzip(content);
  Bytes header(plain.begin(), plain.begin() + 10);
  header[3] = static_cast<std::byte>(flags);
  if ((flags & 4U) != 0)
    header = joined(header, {std::byte{5}, std::byte{0}, std::byte{'e'}, std::byte{0}, std::byte{1},
                             std::byte{2}, std::byte{3}});
  if ((flags & 8U) != 0) header = joined(header, joined(bytes_of("name"), Bytes(1)));
  if ((flags & 16U) != 0) header = joined(header, joined(bytes_of("a comment"), Bytes(1)));
  if ((flags & 2U) != 0) {
    boost::crc_32_type crc;
    crc.process_bytes(header.data(), header.size());
    const unsigned stored = (crc.checksum() ^ wrong_header_crc) & 0xffffU;
    header.push_back(static_cast<std::byte>(stored & 0xffU));
    header.push_back(static_cast<std::byte>(stored >> 8U));
  }
  header.insert(header.end(), plain.begin() + 10, plain.end());
  return header;
}

TEST(Gzip, EveryHeaderFieldGoesAside) {
  const Bytes content = sample(10'000);
  for (unsigned flags = 0; flags < 32; ++flags) {
    const Decoded seen = decode("gzip", gzip_with_header(content, flags));
    EXPECT_EQ(seen.content, content) << flags;
    EXPECT_FALSE(seen.error) << flags;
    const Bytes extra{std::byte{5}, std::byte{0}, std::byte{'e'}, std::byte{0},
                      std::byte{1}, std::byte{2}, std::byte{3}};
    Bytes fields = (flags & 4U) != 0 ? extra : Bytes();
    if ((flags & 8U) != 0) fields = joined(fields, joined(bytes_of("name"), Bytes(1)));
    if ((flags & 16U) != 0) fields = joined(fields, joined(bytes_of("a comment"), Bytes(1)));
    EXPECT_EQ(seen.aside, fields) << flags;
  }
}

TEST(Gzip, AWrongHeaderChecksumIsDamage) {
  EXPECT_EQ(decode("gzip", gzip_with_header(sample(100), 2, 1)).error, ErrorCode::corrupt);
}

TEST(Gzip, ReservedFlagsAreUnsupported) {
  EXPECT_EQ(decode("gzip", gzip_with_header(sample(100), 0x20)).error, ErrorCode::unsupported);
}

TEST(Gzip, AWrongTrailerIsDamageAfterAllBytes) {
  const Bytes content = sample(10'000);
  for (const std::size_t from_end : {1U, 8U}) {
    Bytes packed = gzip(content);
    packed[packed.size() - from_end] ^= std::byte{1};
    const Decoded seen = decode("gzip", packed);
    EXPECT_EQ(seen.content, content);
    EXPECT_EQ(seen.error, ErrorCode::corrupt);
  }
}

TEST(Xz, ADictionaryBeyondTheMemoryLimitIsALimit) {
  Limits limits;
  limits.decoder_memory = 1U << 20;
  EXPECT_EQ(decode("xz", xz(sample(1'000)), limits).error, ErrorCode::limit);
}

TEST(Zstd, AWindowBeyondTheMemoryLimitIsALimit) {
  const Bytes content = sample(100'000);
  const Bytes wide = zstd(content, true, 24);
  Limits limits;
  limits.decoder_memory = 16U << 20;
  EXPECT_EQ(decode("zstd", wide, limits).content, content);
  limits.decoder_memory = (16U << 20) - 1;
  EXPECT_EQ(decode("zstd", wide, limits).error, ErrorCode::limit);
}

TEST(Zstd, AnyCutIsTruncatedEvenWithoutAChecksum) {
  const Bytes packed = zstd(sample(300'000), false);
  for (std::size_t size = 1; size < packed.size(); size += 997) {
    const Bytes cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(decode("zstd", cut).error, ErrorCode::truncated) << size;
  }
}

TEST(Zstd, GoodBlocksBeforeABadOneAreDelivered) {
  const Bytes content = sample(1'000'000);
  Bytes packed = zstd(content);
  packed[packed.size() - 1] ^= std::byte{1};  // the checksum
  const Decoded seen = decode("zstd", packed);
  EXPECT_EQ(seen.content, content);
  EXPECT_EQ(seen.error, ErrorCode::corrupt);
}

TEST(Zstd, ADictionaryIsUnsupported) {
  Bytes frame = zstd(sample(1'000));
  frame[4] |= std::byte{1};  // Dictionary_ID_flag: one byte, after the window descriptor if there is one
  const bool single_segment = (frame[4] & std::byte{0x20}) != std::byte{0};
  frame.insert(frame.begin() + (single_segment ? 5 : 6), std::byte{7});
  EXPECT_EQ(decode("zstd", frame).error, ErrorCode::unsupported);
}

TEST(Zstd, FramesOfOldVersionsAreNotOverlooked) {
  for (const unsigned first : {0x1eU, 0x22U, 0x25U, 0x27U}) {
    Bytes frame = zstd(sample(1'000));
    frame[0] = static_cast<std::byte>(first);
    EXPECT_EQ(probe("zstd", frame), Probe::yes);
    EXPECT_TRUE(decode("zstd", frame).error);
  }
}

TEST(Lz4, ADictionaryIsUnsupported) {
  Bytes frame = lz4(sample(1'000));
  frame[4] |= std::byte{1};
  EXPECT_EQ(decode("lz4", frame).error, ErrorCode::unsupported);
}

TEST(Lz4, LegacyFramesAreRead) {
  const Bytes content = sample(17U << 20);  // two full blocks and one that is not
  const Bytes packed = lz4_legacy(content);
  const Decoded whole = decode("lz4", packed);
  EXPECT_EQ(whole.content, content);
  EXPECT_FALSE(whole.error);
  const Decoded followed = decode("lz4", joined(packed, sample(1'000)));
  EXPECT_EQ(followed.content, content);
  EXPECT_EQ(followed.left, 1'000U);
  EXPECT_EQ(decode("lz4", Bytes(packed.begin(), packed.end() - 1)).error, ErrorCode::truncated);
  EXPECT_EQ(decode("lz4", Bytes(packed.begin(), packed.begin() + 4)).error, ErrorCode::truncated);
}

TEST(Lz4, ALegacyFrameOfFullBlocksEndsAtTheNextFrame) {
  const Bytes content(8U << 20, std::byte{'x'});
  const Bytes both = joined(lz4_legacy(content), lz4(sample(10)));
  const Decoded seen = decode("lz4", both);
  EXPECT_EQ(seen.content, content);
  EXPECT_FALSE(seen.error);
  EXPECT_EQ(seen.left, lz4(sample(10)).size());
}

}  // namespace
}  // namespace dumpgate
