// The tail of an ECPrivateKey whose head is lost: free() destroys the first 16 bytes of a buffer, and with
// them all that another detector could recognise. The anchor is the [1] BIT STRING header of the public key,
// whose length names the field's size; the private scalar is the OCTET STRING before it. The proof is d*G =
// Q.

#include <array>
#include <vector>

#include "scanner/detect/der_shapes.h"
#include "scanner/detect/detector.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t most_parameters = 1024;  // explicit parameters of a 571-bit curve take 500 bytes

// Sizes in bytes of the field elements of the curves in use. Each is an anchor, and anchors cost time on
// every byte: the odd sizes of old binary curves are left out, and compressed points are looked for where
// they are in use.
constexpr std::array<std::uint8_t, 13> field_sizes{20, 21, 24, 28, 30, 32, 36, 40, 48, 52, 64, 66, 72};
constexpr std::array<std::uint8_t, 3> compressed_sizes{32, 48, 66};

std::string header(std::uint8_t tag, std::size_t size) {
  std::string text{static_cast<char>(tag)};
  if (size >= 0x80) text += '\x81';
  return text + static_cast<char>(size);
}

struct Anchors {
  std::vector<std::string> texts{};
  std::vector<std::string_view> views{};
  std::vector<std::size_t> sizes{};

  Anchors() {
    for (const std::size_t size : field_sizes) {
      const std::string bits = header(der::bit_string, 2 * size + 2) + '\0';
      texts.push_back(header(der::context_1, bits.size() + 2 * size + 1) + bits + '\x04');
      sizes.push_back(size);
    }
    for (const std::size_t size : compressed_sizes) {
      const std::string compressed = header(der::bit_string, size + 2) + '\0';
      for (const char parity : {'\x02', '\x03'}) {
        texts.push_back(header(der::context_1, compressed.size() + size + 1) + compressed + parity);
        sizes.push_back(size);
      }
    }
    views.assign(texts.begin(), texts.end());
  }
};

const Anchors& anchor_table() {
  static const Anchors table;
  return table;
}

// Where the OCTET STRING of `size` bytes begins that ends at `end`.
std::optional<std::size_t> secret_before(Bytes bytes, std::size_t end, std::size_t size) {
  if (end < size + 2) return std::nullopt;
  const std::size_t begin = end - size - 2;
  if (bytes[begin] != std::byte{der::octet_string} || bytes[begin + 1] != static_cast<std::byte>(size)) {
    return std::nullopt;
  }
  return begin;
}

// A group order may be a byte longer or shorter than the field (secp160r1; the binary curves with cofactor
// 4).
std::optional<std::size_t> secret_near(Bytes bytes, std::size_t end, std::size_t field_size) {
  for (const std::size_t size : {field_size, field_size + 1, field_size - 1}) {
    if (const auto begin = secret_before(bytes, end, size)) return begin;
  }
  return std::nullopt;
}

// The scalar stands right before the public key, or before the [0] parameters that stand there.
std::optional<std::size_t> tail_begin(Bytes bytes, std::size_t point, std::size_t field_size) {
  if (const auto begin = secret_near(bytes, point, field_size)) return begin;
  const std::size_t from = point > most_parameters ? point - most_parameters : 0;
  for (std::size_t at = point; at-- > from;) {
    if (bytes[at] != std::byte{der::context_0}) continue;
    DerReader reader(bytes.subspan(at, point - at));
    const auto parameters = reader.whole(der::context_0);
    if (!parameters || !reader.empty()) continue;
    return secret_near(bytes, at, field_size);
  }
  return std::nullopt;
}

class EcTailDetector final : public Detector {
 public:
  std::string_view name() const noexcept override { return "ec-tail"; }
  std::span<const std::string_view> anchors() const noexcept override { return anchor_table().views; }

  void at(const Window& window, std::size_t position, std::size_t which, CandidateSink& sink) const override {
    const auto around = window.around(position);
    const auto begin = tail_begin(around.bytes, around.at, anchor_table().sizes[which]);
    if (!begin) return;
    if (*begin >= 3) {
      const auto whole = sec1_key_at(around.bytes, *begin - 3);
      if (whole && whole->has_public && whole->public_begin == around.at) return;
    }
    DerReader reader(around.bytes.subspan(around.at));
    const auto point = reader.next(der::context_1);
    if (!point) return;
    Candidate candidate;
    candidate.signature = "ec-private-key";
    candidate.algorithm = "ec";
    candidate.representation = "der-headless";
    candidate.begin = around.begin + *begin;
    candidate.size = around.at + point->whole.size() - *begin;
    candidate.evidence =
        looks_random(around.bytes.subspan(*begin + 2, 14)) ? Evidence::marker : Evidence::hint;
    candidate.form = Form::ec_tail;
    candidate.cut = true;
    candidate.detail = "the head of the encoding is lost";
    sink.add(std::move(candidate));
  }
};

constinit const EcTailDetector detector;

}  // namespace

extern const Detector& ec_tail_detector;
const Detector& ec_tail_detector = detector;

}  // namespace dumpgate
