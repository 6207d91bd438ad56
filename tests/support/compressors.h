// Compressors for tests, and bytes worth compressing. The one rule: they are written against the libraries'
// writers and share nothing with the readers under test.

#pragma once

#include <lz4.h>
#include <lz4frame.h>
#include <zstd.h>

#include <array>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dumpgate::testing {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

inline Bytes joined(const Bytes& front, const Bytes& back) {
  Bytes both = front;
  both.insert(both.end(), back.begin(), back.end());
  return both;
}

// `size` bytes that compress a little: random words repeated at random distances.
inline Bytes sample(std::size_t size, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  Bytes bytes;
  bytes.reserve(size + 64);
  while (bytes.size() < size) {
    if (bytes.size() > 64 && random() % 2 == 0) {
      const std::size_t from = random() % (bytes.size() - 32);
      for (std::size_t i = 0; i < 32; ++i) bytes.push_back(bytes[from + i]);
    } else {
      for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(random() & 0xffU));
    }
  }
  bytes.resize(size);
  return bytes;
}

template <typename Filter>
Bytes by_boost(const Bytes& content, const Filter& filter) {
  std::string out;
  {
    boost::iostreams::filtering_ostream stream;
    stream.push(filter);
    stream.push(boost::iostreams::back_inserter(out));
    stream.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
  return bytes_of(out);
}

inline Bytes gzip(const Bytes& content) { return by_boost(content, boost::iostreams::gzip_compressor()); }
inline Bytes bzip2(const Bytes& content) { return by_boost(content, boost::iostreams::bzip2_compressor()); }
inline Bytes xz(const Bytes& content) { return by_boost(content, boost::iostreams::lzma_compressor()); }

inline Bytes zstd(const Bytes& content, bool checksum = true, int window_log = 0) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0);
  // Not the single-segment form, which shrinks the window to the content.
  if (window_log != 0) (void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  if (window_log != 0) (void)ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  Bytes out(ZSTD_compressBound(content.size()) + 64);
  ZSTD_inBuffer in{content.data(), content.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  // In two calls, so that the library does not learn the content's size before it chooses the window.
  if (window_log != 0) (void)ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue);
  if (ZSTD_compressStream2(context, &to, &in, ZSTD_e_end) != 0) std::abort();
  (void)ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

inline Bytes lz4(const Bytes& content, bool checksum = true) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = checksum ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  Bytes out(LZ4F_compressFrameBound(content.size(), &preferences));
  const std::size_t size =
      LZ4F_compressFrame(out.data(), out.size(), content.data(), content.size(), &preferences);
  if (LZ4F_isError(size) != 0) std::abort();
  out.resize(size);
  return out;
}

inline Bytes little_endian(std::uint32_t number) {
  Bytes bytes;
  for (int shift = 0; shift < 32; shift += 8)
    bytes.push_back(static_cast<std::byte>((number >> shift) & 0xffU));
  return bytes;
}

inline Bytes lz4_legacy(const Bytes& content) {
  constexpr std::size_t block = 8U << 20;
  Bytes out = little_endian(0x184c2102U);
  for (std::size_t at = 0; at < content.size(); at += block) {
    const std::size_t size = std::min(block, content.size() - at);
    Bytes packed(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(size))));
    const int got = LZ4_compress_default(reinterpret_cast<const char*>(content.data() + at),
                                         reinterpret_cast<char*>(packed.data()), static_cast<int>(size),
                                         static_cast<int>(packed.size()));
    packed.resize(static_cast<std::size_t>(got));
    out = joined(joined(out, little_endian(static_cast<std::uint32_t>(got))), packed);
  }
  return out;
}

inline Bytes skippable(const Bytes& payload) {
  return joined(joined(little_endian(0x184d2a53U), little_endian(static_cast<std::uint32_t>(payload.size()))),
                payload);
}

struct Compressor {
  std::string_view codec;
  Bytes (*compress)(const Bytes&);
};

// One for each codec, in the strictest form that it has.
inline constexpr std::array<Compressor, 5> compressors{{
    {"gzip", [](const Bytes& content) { return gzip(content); }},
    {"bzip2", [](const Bytes& content) { return bzip2(content); }},
    {"xz", [](const Bytes& content) { return xz(content); }},
    {"zstd", [](const Bytes& content) { return zstd(content); }},
    {"lz4", [](const Bytes& content) { return lz4(content); }},
}};

}  // namespace dumpgate::testing
