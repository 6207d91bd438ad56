// openssh-key-v1 in binary, as it lies in memory after its armour was taken off (OpenSSH, PROTOCOL.key):
//   "openssh-key-v1" 0, string cipher, string kdf, string kdf options, uint32 keys,
//   string public key (one for each), string private part.
// The one rule: the magic alone is a constant of every OpenSSH program; only what follows makes it a key.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "scanner/base/byte_cursor.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

constexpr std::array anchor_texts{"openssh-key-v1\0"sv};
constexpr std::uint32_t longest_name = 64;  // of a cipher or a key derivation
constexpr std::uint32_t longest_options = 256;
constexpr std::uint32_t most_keys = 16;  // OpenSSH writes and reads one
constexpr std::uint32_t longest_part = window_context;

bool is_name(Bytes bytes) {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) {
    const auto c = std::to_integer<unsigned>(byte);
    return c > 0x20 && c < 0x7f;
  });
}

bool is_text(Bytes bytes, std::string_view text) {
  return std::equal(bytes.begin(), bytes.end(), text.begin(), text.end(),
                    [](std::byte byte, char c) { return byte == static_cast<std::byte>(c); });
}

struct Encoding {
  std::size_t size = 0;  // what is there of it
  bool cut = false;
  bool encrypted = false;
  bool is_plausible = false;  // both names stand where they should, and at least the length of a key follows:
                              // programs hold the beginning of the encoding as a constant
  bool is_sound = false;      // whole, and the private part looks decrypted or is a whole number of blocks
};

class Reader {
 public:
  explicit Reader(Bytes bytes) : cursor_(bytes, ByteOrder::big) {}

  Encoding read() {
    Encoding found;
    (void)cursor_.skip(anchor_texts[0].size());
    const auto cipher = string(longest_name);
    const auto kdf = string(longest_name);
    found.is_plausible = cipher && kdf && is_name(*cipher) && is_name(*kdf);
    if (!found.is_plausible) return found;
    found.encrypted = !is_text(*kdf, "none");
    const auto options = string(longest_options);
    const auto count = cursor_.u32();
    const bool is_counted = options && count && *count >= 1 && *count <= most_keys;
    if (is_counted) found.is_plausible = has_key();
    std::optional<Bytes> part = is_counted ? options : std::nullopt;
    for (std::uint32_t i = 0; part && i < *count; ++i) part = string(longest_part);  // public keys
    if (part) part = string(longest_part);
    found.cut = !part;
    found.size = found.cut ? cursor_.position() + std::min(cursor_.left(), wanted_) : cursor_.position();
    if (!found.cut) found.is_sound = found.encrypted ? part->size() % 8 == 0 : has_equal_checks(*part);
    return found;
  }

 private:
  // Nothing when it is cut off, or too long to be what it should be.
  std::optional<Bytes> string(std::uint32_t longest) {
    const auto length = cursor_.u32();
    wanted_ = length && *length <= longest ? *length : 0;
    if (!length || *length > longest) return std::nullopt;
    return cursor_.take(*length);
  }

  // Whether what follows may be a public key: its length, or the end of the data.
  bool has_key() const {
    ByteCursor ahead = cursor_;
    const auto length = ahead.u32();
    return !length || (*length >= 8 && *length <= longest_part);
  }

  // The private part begins with the same random number twice.
  static bool has_equal_checks(Bytes part) {
    return part.size() >= 8 && std::equal(part.begin(), part.begin() + 4, part.begin() + 4);
  }

  ByteCursor cursor_;
  std::size_t wanted_ = 0;  // of the string that was read last
};

class OpensshDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "openssh"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_texts; }

  void at(const Window& window, std::size_t position, std::size_t, CandidateSink& sink) const override {
    const Window::Around around = window.around(position);
    const Encoding found = Reader(around.bytes.subspan(around.at)).read();
    Candidate candidate;
    candidate.signature = "openssh-private-key";
    candidate.representation = "openssh";
    candidate.begin = position;
    if (!found.is_plausible) {
      candidate.size = anchor_texts[0].size();
      candidate.evidence = Evidence::hint;
      candidate.detail = "a magic without a key";
    } else {
      candidate.size = found.size;
      candidate.form = Form::openssh_private;
      candidate.cut = found.cut;
      candidate.encrypted = found.encrypted;
      candidate.evidence = found.is_sound ? Evidence::structure : Evidence::marker;
      if (found.cut) candidate.detail = "the encoding ends before it should";
    }
    sink.add(std::move(candidate));
  }
};

const OpensshDetector detector;

}  // namespace

extern const Detector& openssh_detector;
const Detector& openssh_detector = detector;

}  // namespace dumpgate
