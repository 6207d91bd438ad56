// Private keys as Windows exports them: CNG blobs (BCRYPT_RSAKEY_BLOB, BCRYPT_ECCKEY_BLOB,
// BCRYPT_DSA_KEY_BLOB, BCRYPT_DH_KEY_BLOB of bcrypt.h: big-endian numbers behind little-endian lengths),
// CryptoAPI's PRIVATEKEYBLOB (RSAPUBKEY and DSSPUBKEY of wincrypt.h: little-endian numbers) and the PVK files
// around the latter. The one rule: the magic in front of the numbers is the anchor, and what stands before it
// only names the wrapping, because a freed blob has lost just that. CryptoAPI and CNG share the magic RSA2;
// the lengths tell.

#include <array>
#include <optional>
#include <string_view>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/der_reader.h"
#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"
#include "scanner/detect/number_set.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

enum class Layout : std::uint8_t { rsa, rsa_full, ecc, dsa, dsa_v2, dh, capi_dss, pvk };

struct Magic {
  std::string_view text{};
  Layout layout = Layout::rsa;
  std::string_view curve{};  // "": the blob does not say
  std::uint32_t size = 0;    // of a coordinate, when the curve is known
};
constexpr std::array<Magic, 15> magics{{{"RSA2", Layout::rsa, "", 0},
                                        {"RSA3", Layout::rsa_full, "", 0},
                                        {"ECS2", Layout::ecc, "prime256v1", 32},
                                        {"ECS4", Layout::ecc, "secp384r1", 48},
                                        {"ECS6", Layout::ecc, "secp521r1", 66},
                                        {"ECK2", Layout::ecc, "prime256v1", 32},
                                        {"ECK4", Layout::ecc, "secp384r1", 48},
                                        {"ECK6", Layout::ecc, "secp521r1", 66},
                                        {"ECDV", Layout::ecc, "", 0},
                                        {"ECKV", Layout::ecc, "", 0},
                                        {"DSPV", Layout::dsa, "", 0},
                                        {"DPV2", Layout::dsa_v2, "", 0},
                                        {"DHPV", Layout::dh, "", 0},
                                        {"DSS2", Layout::capi_dss, "", 0},
                                        {"\x1e\xf1\xb5\xb0", Layout::pvk, "", 0}}};

constexpr auto anchor_texts = [] {
  std::array<std::string_view, magics.size()> texts{};
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = magics[i].text;
  return texts;
}();

constexpr std::uint32_t least_bits = 384;
constexpr std::uint32_t most_bits = 16384;
constexpr std::uint32_t least_coordinate = 16;
constexpr std::uint32_t most_coordinate = 72;
constexpr std::size_t capi_header = 8;  // bType, bVersion, reserved, aiKeyAlg
constexpr std::size_t pvk_header = 24;

// What a blob holds, as far as it is there.
struct Blob {
  NumberSetWriter numbers{};
  std::size_t size = 0;  // from the magic
  std::string_view algorithm{};
  bool little = false;     // CryptoAPI's
  bool cut = false;        // it ends before it should
  bool is_random = false;  // the first long number looks like one
};

// Takes numbers off one by one; the first that is cut off ends the blob.
class BlobReader {
 public:
  BlobReader(Bytes bytes, Blob& blob) : cursor_(bytes, ByteOrder::little), blob_(blob) { (void)skip(4); }

  std::optional<std::uint32_t> u32() { return cursor_.u32(); }
  bool skip(std::size_t size) {
    if (!cursor_.skip(size)) blob_.cut = true;
    return !blob_.cut;
  }
  void number(NumberRole role, std::size_t size) {
    if (const auto digits = take(size)) {
      if (blob_.little)
        blob_.numbers.add_reversed(role, *digits);
      else
        blob_.numbers.add(role, *digits);
    }
  }
  void point(std::size_t coordinate) {
    const auto digits = take(2 * coordinate);
    if (!digits) return;
    SecretBytes encoded{std::byte{4}};
    encoded.insert(encoded.end(), digits->begin(), digits->end());
    blob_.numbers.add(NumberRole::point, encoded);
  }
  void finish() { blob_.size = cursor_.position() + (blob_.cut ? cursor_.left() : 0); }

 private:
  std::optional<Bytes> take(std::size_t size) {
    if (blob_.cut) return std::nullopt;
    auto digits = cursor_.take(size);
    if (!digits) {
      blob_.cut = true;
    } else if (size >= 16 && !is_judged_) {
      is_judged_ = true;
      blob_.is_random = looks_random(digits->subspan(1, size - 2));
    }
    return digits;
  }

  ByteCursor cursor_;
  Blob& blob_;
  bool is_judged_ = false;
};

bool is_bits(std::uint32_t bits) { return bits >= least_bits && bits <= most_bits; }

// BCRYPT_RSAKEY_BLOB: bits, then the sizes of e, n, p and q, then these numbers; RSA3 adds dP, dQ, qInv and
// d.
bool read_cng_rsa(Bytes bytes, bool full, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto bits = reader.u32();
  const auto e = reader.u32();
  const auto n = reader.u32();
  const auto p = reader.u32();
  const auto q = reader.u32();
  if (!q || !is_bits(*bits) || *e == 0 || *e > 64 || *n != (*bits + 7) / 8) return false;
  if (*p > *n || *q > *n || *p + *q < *n || *p + *q > *n + 8) return false;
  blob.algorithm = "rsa";
  reader.number(NumberRole::e, *e);
  reader.number(NumberRole::n, *n);
  reader.number(NumberRole::p, *p);
  reader.number(NumberRole::q, *q);
  if (full) {
    reader.number(NumberRole::dp, *p);
    reader.number(NumberRole::dq, *q);
    reader.number(NumberRole::qinv, *p);
    reader.number(NumberRole::d, *n);
  }
  reader.finish();
  return true;
}

// RSAPUBKEY: bits and e; then n, p, q, dP, dQ, qInv and d, each of half or all of the bits.
bool read_capi_rsa(Bytes bytes, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto bits = reader.u32();
  const auto e = reader.u32();
  if (!e || !is_bits(*bits) || *bits % 8 != 0 || *e % 2 == 0 || *e < 3) return false;
  blob.algorithm = "rsa";
  blob.little = true;
  const std::array<std::byte, 4> exponent{static_cast<std::byte>(*e >> 24U),
                                          static_cast<std::byte>(*e >> 16U), static_cast<std::byte>(*e >> 8U),
                                          static_cast<std::byte>(*e)};
  blob.numbers.add(NumberRole::e, exponent);
  const std::size_t size = *bits / 8;
  const std::size_t half = (*bits + 15) / 16;
  reader.number(NumberRole::n, size);
  for (const auto role : {NumberRole::p, NumberRole::q, NumberRole::dp, NumberRole::dq, NumberRole::qinv})
    reader.number(role, half);
  reader.number(NumberRole::d, size);
  reader.finish();
  return true;
}

// BCRYPT_ECCKEY_BLOB: the size of a coordinate; then X, Y and d.
bool read_cng_ecc(Bytes bytes, const Magic& magic, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto size = reader.u32();
  if (!size || *size < least_coordinate || *size > most_coordinate) return false;
  if (magic.size != 0 && *size != magic.size) return false;
  blob.algorithm = "ec";
  if (!magic.curve.empty()) blob.numbers.add(NumberRole::curve, magic.curve);
  reader.point(*size);
  reader.number(NumberRole::d, *size);
  reader.finish();
  return true;
}

// BCRYPT_DSA_KEY_BLOB: the size of p, a counter, seed[20], q[20]; then p, g, y and x[20].
bool read_cng_dsa(Bytes bytes, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto size = reader.u32();
  if (!size || !is_bits(*size * 8) || *size > most_bits / 8 || !reader.skip(24)) return false;
  blob.algorithm = "dsa";
  reader.number(NumberRole::q, 20);
  for (const auto role : {NumberRole::p, NumberRole::g, NumberRole::y}) reader.number(role, *size);
  reader.number(NumberRole::x, 20);
  reader.finish();
  return true;
}

// BCRYPT_DSA_KEY_BLOB_V2: the size of p, hash, standard, the sizes of seed and q, a counter; then seed, q, p,
// g, y and x.
bool read_cng_dsa_v2(Bytes bytes, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto size = reader.u32();
  const auto hash = reader.u32();
  const auto standard = reader.u32();
  const auto seed = reader.u32();
  const auto group = reader.u32();
  if (!group || *size > most_bits / 8 || !is_bits(*size * 8) || *hash > 16 || *standard > 16) return false;
  if (*seed > 64 || *group < 20 || *group > 64 || !reader.skip(4) || !reader.skip(*seed)) return false;
  blob.algorithm = "dsa";
  reader.number(NumberRole::q, *group);
  for (const auto role : {NumberRole::p, NumberRole::g, NumberRole::y}) reader.number(role, *size);
  reader.number(NumberRole::x, *group);
  reader.finish();
  return true;
}

// BCRYPT_DH_KEY_BLOB: the size of p; then p, g, y and x.
bool read_cng_dh(Bytes bytes, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto size = reader.u32();
  if (!size || *size > most_bits / 8 || !is_bits(*size * 8)) return false;
  blob.algorithm = "dh";
  for (const auto role : {NumberRole::p, NumberRole::g, NumberRole::y, NumberRole::x})
    reader.number(role, *size);
  reader.finish();
  return true;
}

// DSSPUBKEY: bits; then p, q[20], g, x[20] and the seed, of which nothing is needed. y is not there.
bool read_capi_dss(Bytes bytes, Blob& blob) {
  BlobReader reader(bytes, blob);
  const auto bits = reader.u32();
  if (!bits || !is_bits(*bits) || *bits % 8 != 0) return false;
  blob.algorithm = "dsa";
  blob.little = true;
  reader.number(NumberRole::p, *bits / 8);
  reader.number(NumberRole::q, 20);
  reader.number(NumberRole::g, *bits / 8);
  reader.number(NumberRole::x, 20);
  reader.finish();
  return true;
}

bool read_blob(Bytes bytes, const Magic& magic, Blob& blob) {
  switch (magic.layout) {
    case Layout::rsa:
      if (read_cng_rsa(bytes, false, blob)) return true;
      blob = Blob();
      return read_capi_rsa(bytes, blob);
    case Layout::rsa_full:
      return read_cng_rsa(bytes, true, blob);
    case Layout::ecc:
      return read_cng_ecc(bytes, magic, blob);
    case Layout::dsa:
      return read_cng_dsa(bytes, blob);
    case Layout::dsa_v2:
      return read_cng_dsa_v2(bytes, blob);
    case Layout::dh:
      return read_cng_dh(bytes, blob);
    case Layout::capi_dss:
      return read_capi_dss(bytes, blob);
    case Layout::pvk:
      break;
  }
  return false;
}

struct PvkHeader {
  bool encrypted = false;
  std::size_t salt = 0;
  std::size_t blob = 0;  // size of what follows the salt
};

// magic, reserved, key type (1 exchange, 2 signature), encrypted, size of the salt, size of the blob.
std::optional<PvkHeader> pvk_header_at(Bytes bytes) {
  ByteCursor cursor(bytes, ByteOrder::little);
  if (bytes.size() < pvk_header || !equals(bytes.first(4), magics.back().text)) return std::nullopt;
  (void)cursor.skip(4);
  std::array<std::uint32_t, 5> fields{};
  for (auto& field : fields) field = cursor.u32().value_or(~0U);
  if (fields[0] != 0 || fields[1] < 1 || fields[1] > 2 || fields[2] > 1 || fields[3] > 64)
    return std::nullopt;
  if (fields[4] < 64 || fields[4] > most_bits) return std::nullopt;
  return PvkHeader{.encrypted = fields[3] != 0, .salt = fields[3], .blob = fields[4]};
}

// PRIVATEKEYBLOB, version 2, CALG_RSA_KEYX, CALG_RSA_SIGN or CALG_DSS_SIGN.
bool is_capi_header(Bytes bytes) {
  return equals(bytes, "\x07\x02\0\0\0\xa4\0\0"sv) || equals(bytes, "\x07\x02\0\0\0\x24\0\0"sv) ||
         equals(bytes, "\x07\x02\0\0\0\x22\0\0"sv);
}

// How much of the wrapping stands before a CryptoAPI magic.
struct Head {
  std::size_t size = 0;
  bool is_pvk = false;
};
Head head_before(Bytes bytes, std::size_t magic) {
  if (magic < capi_header || !is_capi_header(bytes.subspan(magic - capi_header, capi_header))) return {};
  if (magic < capi_header + pvk_header) return {.size = capi_header};
  const auto pvk = pvk_header_at(bytes.subspan(magic - capi_header - pvk_header));
  if (!pvk || pvk->encrypted) return {.size = capi_header};
  return {.size = capi_header + pvk_header, .is_pvk = true};
}

Candidate numbers_candidate(const Window::Around& around, Blob blob) {
  const Head head = blob.little ? head_before(around.bytes, around.at) : Head{};
  const bool headless = blob.little && head.size == 0;
  Candidate candidate;
  candidate.signature = "private-key";
  candidate.algorithm = blob.algorithm;
  candidate.representation = !blob.little ? "cng-blob" : head.is_pvk ? "pvk" : "capi-blob";
  candidate.begin = around.begin + around.at - head.size;
  candidate.size = blob.size + head.size;
  candidate.form = Form::number_set;
  candidate.cut = blob.cut || headless;
  candidate.evidence = candidate.cut ? Evidence::marker : Evidence::structure;
  if (blob.cut)
    candidate.detail = "the encoding ends before it should";
  else if (headless)
    candidate.detail = "the head of the encoding is lost";
  candidate.payload = blob.numbers.take();
  return candidate;
}

// The blob inside is RC4 from its ninth byte on; what is not encrypted announces itself.
std::optional<Candidate> sealed_candidate(const Window::Around& around) {
  const Bytes bytes = around.bytes.subspan(around.at);
  const auto header = pvk_header_at(bytes);
  if (!header || !header->encrypted) return std::nullopt;
  const std::size_t inside = pvk_header + header->salt + capi_header;
  const std::size_t size = pvk_header + header->salt + header->blob;
  if (bytes.size() < inside || !is_capi_header(bytes.subspan(inside - capi_header, capi_header)))
    return std::nullopt;
  Candidate candidate;
  candidate.signature = "private-key";
  candidate.representation = "pvk";
  candidate.begin = around.begin + around.at;
  candidate.size = std::min(size, bytes.size());
  candidate.cut = size > bytes.size();
  candidate.encrypted = true;
  candidate.evidence = candidate.cut ? Evidence::marker : Evidence::structure;
  candidate.payload = secret_copy(bytes.first(candidate.size));
  return candidate;
}

class WindowsBlobsDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "windows-blobs"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const Magic& magic = magics[which];
    if (magic.layout == Layout::pvk) {
      if (auto candidate = sealed_candidate(around)) sink.add(std::move(*candidate));
      return;
    }
    Blob blob;
    if (!read_blob(around.bytes.subspan(around.at), magic, blob) || !blob.is_random) return;
    sink.add(numbers_candidate(around, std::move(blob)));
  }
};

constinit const WindowsBlobsDetector detector;

}  // namespace

extern const Detector& windows_blobs_detector;
const Detector& windows_blobs_detector = detector;

}  // namespace dumpgate
